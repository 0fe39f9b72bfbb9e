"""Where short links lead: one look-up, no cookie, nothing kept of whoever follows one."""

from __future__ import annotations

import re

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_ratelimit.core import is_ratelimited
from redis.exceptions import RedisError

from apps.accounts.limits import client_address
from apps.publishing.models import ShortLink
from apps.publishing.services.links import link_followed

log = structlog.get_logger(__name__)
# More of one link from one address within a minute is not counted; the link leads all the same.
RATE = "60/m"
# Programs that look at links: Telegram's own preview, search engines, other messengers, libraries.
MACHINES = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|vkshare|skypeuripreview|embedly|"
    r"curl/|wget/|python|go-http|okhttp|java/|httpclient|headless|monitor|scan",
    re.IGNORECASE,
)
AHEAD = frozenset({"prefetch", "preview", "prerender", "prefetch;prerender", "prefetch;anonymous-client-ip"})


@require_safe
def link(request: HttpRequest, code: str) -> HttpResponse:
    """Lead on, and count: people, and programs apart from them. Of a withdrawn publication as well."""
    row = ShortLink.objects.filter(code=code).only("pk", "address").first()
    if row is None:
        return render(request, "publishing/link_absent.html", status=404)
    is_machine = is_program(request)
    if is_machine or not is_too_often(request):
        try:
            link_followed(row, is_machine=is_machine)
        except DatabaseError as exc:
            log.warning("link.not_counted", error=str(exc))
    answer = HttpResponseRedirect(row.address)
    # Kept by nobody, or later clicks would not be seen.
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def is_program(request: HttpRequest) -> bool:
    """Whether no person has followed the link: a HEAD request, a page loaded ahead, or a program by its own name."""
    if request.method == "HEAD":
        return True
    if any(request.headers.get(name, "").lower() in AHEAD for name in ("Sec-Purpose", "Purpose", "X-Moz")):
        return True
    agent = request.headers.get("User-Agent", "")
    return not agent or bool(MACHINES.search(agent))


def link_key(_group: str, request: HttpRequest) -> str:
    """One address following one link; the cache is given a hash of it."""
    return f"{client_address(request)}|{request.path}"


def is_too_often(request: HttpRequest) -> bool:
    """Whether an address follows links faster than a person; the cache forgets it within two minutes."""
    try:
        return bool(is_ratelimited(request, group="publishing.link", key=link_key, rate=RATE, increment=True))
    except (RedisError, OSError) as exc:
        log.warning("link.limit_unavailable", error=str(exc))
        return False
