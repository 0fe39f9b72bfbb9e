"""How often somebody may have a typed text looked at."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django_ratelimit.core import is_ratelimited
from redis.exceptions import RedisError

from apps.accounts.requests import user_of

log = structlog.get_logger(__name__)


def is_too_often(request: HttpRequest, *, group: str, rate: str) -> bool:
    """Count this question of a user and say whether it is one too many; without its cache it counts nothing."""
    try:
        return bool(
            is_ratelimited(
                request, group=group, key=lambda _group, asked: str(user_of(asked).pk), rate=rate, increment=True
            )
        )
    except (RedisError, OSError) as exc:
        log.warning("desk.limit_unavailable", group=group, error=str(exc))
        return False


def too_often() -> JsonResponse:
    """The refusal of one question too many."""
    return JsonResponse({"detail": _("Checked too often; it goes on in a minute.")}, status=429)
