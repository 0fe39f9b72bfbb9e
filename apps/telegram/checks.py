"""System checks of how people's accounts connect; each failure is one sentence that names the variable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks

from apps.telegram.mtproto_server import public_key_of, server_of


def reading(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What makes accounts not connect, whoever logs in."""
    return [*application(), *server()]


def application() -> Iterator[checks.CheckMessage]:
    """Half of the installation's api_id and api_hash."""
    if bool(settings.TELEGRAM_API_ID) != bool(settings.TELEGRAM_API_HASH):
        yield checks.Error(
            "TELEGRAM_API_ID and TELEGRAM_API_HASH belong together: set both, or neither.", id="telegram.E001"
        )


def server() -> Iterator[checks.CheckMessage]:
    """A server of one's own that can't be connected to."""
    if not settings.TELEGRAM_MTPROTO_SERVER:
        if settings.TELEGRAM_MTPROTO_KEY:
            yield checks.Warning(
                "TELEGRAM_MTPROTO_KEY is set but TELEGRAM_MTPROTO_SERVER is not, so Telegram's own servers are used.",
                id="telegram.W002",
            )
        return
    try:
        server_of(settings.TELEGRAM_MTPROTO_SERVER, settings.TELEGRAM_MTPROTO_DC)
    except ValueError:
        yield checks.Error(
            f"TELEGRAM_MTPROTO_SERVER must be host:port, not “{settings.TELEGRAM_MTPROTO_SERVER}”.", id="telegram.E003"
        )
    if not settings.TELEGRAM_MTPROTO_KEY:
        yield checks.Error(
            "TELEGRAM_MTPROTO_SERVER is set but TELEGRAM_MTPROTO_KEY is not: name the file with the server's public "
            "RSA key.",
            id="telegram.E004",
        )
        return
    try:
        public_key_of(Path(settings.TELEGRAM_MTPROTO_KEY))
    except ValueError as exc:
        yield checks.Error(f"TELEGRAM_MTPROTO_KEY: the file {settings.TELEGRAM_MTPROTO_KEY} {exc}.", id="telegram.E005")
