"""The address that Telegram calls: no session, no person, nothing but a secret."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_ratelimit.core import is_ratelimited
from prometheus_client import Counter

from apps.accounts.limits import address_key
from apps.core.crypto import DecryptionError
from apps.telegram.inbound import callbacks_in, number_in
from apps.telegram.selectors import Listening, bots_listening
from apps.telegram.services.inboxes import inbox_called
from apps.telegram.services.updates import updates_store

log = structlog.get_logger(__name__)
CALLS = Counter("pult_bots_calls", "Calls of Telegram by what came of them.", ["outcome"])
# One update with the longest texts that there are takes some tens of kilobytes.
BODY_MAX = 1024 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
# Who guesses secrets is counted by the address; Telegram's own calls are not.
GUESSES = "60/m"


@csrf_exempt
@require_POST
def telegram_hook(request: HttpRequest, bot_id: int) -> HttpResponse:
    """Store what a bot is told, once, and answer; whatever follows from it is work of the queue `inbound`."""
    if _is_huge(request):
        return _answer(413, "huge")
    bot = _bot_with(bot_id, request.headers.get(SECRET_HEADER, ""))
    if bot is None:
        limited = is_ratelimited(request, group="telegram-hook", key=address_key, rate=GUESSES, increment=True)
        return _answer(429 if limited else 403, "wrong_secret")
    body = request.read(BODY_MAX + 1)
    if len(body) > BODY_MAX:
        return _answer(413, "huge")
    raw = _json_of(body)
    if number_in(raw) is None:
        return _answer(400, "no_update")
    try:
        updates_store(rows=bot.rows, raws=[raw])
        inbox_called(bot=bot.pk)
    except (OperationalError, InterfaceError):
        log.warning("telegram.hook_database_away", bot=bot_id)
        return _answer(503, "database_away")
    CALLS.labels("ok").inc()
    # A pressed button stops turning by the answer itself, without a request of ours.
    pressed = callbacks_in([raw])
    return JsonResponse({"method": "answerCallbackQuery", "callback_query_id": pressed[0]} if pressed else {})


def _is_huge(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length", "")
    return length.isdigit() and int(length) > BODY_MAX


def _bot_with(bot_id: int, shown: str) -> Listening | None:
    """The bot that Telegram is to call for, if this is its secret."""
    bot = next(iter(bots_listening(bot_id)), None) if bot_id < 2**63 else None
    try:
        secret = bot.secret() if bot is not None and bot.hook else ""
    except DecryptionError:
        secret = ""
    is_right = constant_time_compare(shown, secret)
    return bot if secret and is_right else None


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None


def _answer(status: int, outcome: str) -> HttpResponse:
    CALLS.labels(outcome).inc()
    return HttpResponse(status=status, content_type="text/plain; charset=utf-8")
