"""Addresses that hubs call: no session, no person, nothing but an unguessable key."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from django_ratelimit.core import is_ratelimited

from apps.accounts.limits import address_key
from apps.sources.models import Subscription
from apps.sources.services import websub

log = structlog.get_logger(__name__)
PUSH_MAX = 5 * 1024 * 1024
CHALLENGE_MAX = 4096
TEXT = "text/plain; charset=utf-8"
# A key is unguessable, so what comes with one is its hub, and many hubs may have one address; who guesses is counted.
KEY_RATE, ADDRESS_RATE = "240/m", "120/m"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def websub_callback(request: HttpRequest, key: str) -> HttpResponse:
    """Verify a subscription (GET) or take what a hub tells (POST), as W3C's WebSub has it."""
    is_known = Subscription.objects.filter(key=key).exists()
    if _too_often(request, key) if is_known else _guesses(request):
        return _answer(429, **{"Retry-After": "60"})
    if not is_known:
        return _answer(404)
    return _verified(request, key) if request.method == "GET" else _told(request, key)


def _too_often(request: HttpRequest, key: str) -> bool:
    limited: bool = is_ratelimited(
        request, group="websub-key", key=lambda *_ignored: key, rate=KEY_RATE, increment=True
    )
    return limited


def _guesses(request: HttpRequest) -> bool:
    """Count a wrong key against the visitor's address, and say whether it is one too many."""
    limited: bool = is_ratelimited(request, group="websub-ip", key=address_key, rate=ADDRESS_RATE, increment=True)
    return limited


def _verified(request: HttpRequest, key: str) -> HttpResponse:
    asked = request.GET
    mode, topic, challenge = asked.get("hub.mode", ""), asked.get("hub.topic", ""), asked.get("hub.challenge", "")
    if mode == "denied":
        return _answer(
            200 if websub.subscription_refuse(key=key, topic=topic, reason=asked.get("hub.reason", "")) else 404
        )
    if not challenge or len(challenge) > CHALLENGE_MAX:
        return _answer(404)
    lease = asked.get("hub.lease_seconds", "")
    lease_s = int(lease) if lease.isascii() and lease.isdigit() and len(lease) < 10 else 0
    if not websub.subscription_verify(key=key, mode=mode, topic=topic, lease_s=lease_s):
        return _answer(404)
    return HttpResponse(challenge, content_type=TEXT)


def _told(request: HttpRequest, key: str) -> HttpResponse:
    subscription = Subscription.objects.select_related("source").filter(key=key).first()
    if subscription is None:
        return _answer(404)
    if subscription.state == Subscription.State.ENDED or not subscription.source.is_active:
        return _answer(410)
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > PUSH_MAX:
        return _answer(413)
    body = request.read(PUSH_MAX + 1)
    if len(body) > PUSH_MAX:
        return _answer(413)
    if not websub.signature_is_right(subscription.secret, body, request.headers.get("X-Hub-Signature", "")):
        # Section 7.1.2: a wrong signature is ignored, and answered like a right one.
        log.warning("websub.wrong_signature", subscription=subscription.pk)
        return _answer(202)
    if subscription.state == Subscription.State.LIVE:
        content_type = request.headers.get("Content-Type", "")
        if websub.push_keep(subscription=subscription, body=body, content_type=content_type) is None:
            return _answer(429, **{"Retry-After": "600"})
    return _answer(202)


def _answer(status: int, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, content_type=TEXT, headers=headers)
