"""How often somebody may try to log in."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import is_ratelimited
from redis.exceptions import RedisError

from apps.accounts.models import User

log = structlog.get_logger(__name__)
LOGIN_RATE = "5/m"
ADDRESS_RATE = "30/m"


def client_address(request: HttpRequest) -> str:
    """The visitor's address; the one that the proxy adds, where Pult runs behind one."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def person_key(_group: str, request: HttpRequest) -> str:
    """One address trying one e-mail."""
    return f"{client_address(request)}|{User.objects.normalize_email(request.POST.get('username'))}"


def address_key(_group: str, request: HttpRequest) -> str:
    """One address trying anybody."""
    return client_address(request)


def login_limited(request: HttpRequest) -> bool:
    """Count this try and say whether it is one too many. Without its cache it counts nothing and lets people in."""
    try:
        checks = [
            is_ratelimited(request, group="login", key=person_key, rate=LOGIN_RATE, method="POST", increment=True),
            is_ratelimited(
                request, group="login.ip", key=address_key, rate=ADDRESS_RATE, method="POST", increment=True
            ),
        ]
    except (RedisError, OSError) as exc:
        log.warning("login.limit_unavailable", error=str(exc))
        return False
    return any(checks)
