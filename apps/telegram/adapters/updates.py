"""getUpdates over Pult's own client. One method, so aiogram's 138 MB are spared the process that only listens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PultError, RetryableError
from apps.core.http import guard_for, sdk_client
from apps.telegram.ports import BotSnapshot
from apps.telegram.refusals import detail, refusal

# How much later than it was asked to an answer may come.
SLACK_S = 15.0
# A hundred updates, the most there are in an answer, with long texts.
MAX_BYTES = 20_000_000


class HttpBotUpdates:
    """What one bot is told; `async with` opens and closes its connection."""

    def __init__(self, bot: BotSnapshot) -> None:
        self._bot = bot

    def __repr__(self) -> str:
        return f"<HttpBotUpdates of bot {self._bot.bot_id}>"

    async def __aenter__(self) -> Self:
        self._client = sdk_client(
            guard=guard_for(settings.TELEGRAM_API_URL),
            timeout_s=settings.TELEGRAM_POLL_S + SLACK_S,
            max_bytes=MAX_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get_updates(self, *, offset: int | None, wait_s: float, kinds: Sequence[str]) -> list[object]:
        """The updates from `offset` on, waiting for the first."""
        asked = {"timeout": round(wait_s), "limit": 100, "allowed_updates": list(kinds)}
        if offset is not None:
            asked["offset"] = offset
        url = f"{settings.TELEGRAM_API_URL}/bot{self._bot.token}/getUpdates"
        try:
            answer = await self._client.post(url, json=asked)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise RetryableError(_("Telegram can't be reached: no connection."), code="no_connection") from None
        except httpx2.TimeoutException:
            raise RetryableError(_("Telegram did not answer in time."), code="timeout") from None
        except httpx2.TransportError:
            raise RetryableError(_("The connection to Telegram broke before its answer."), code="cut") from None
        return updates_in(answer.status_code, answer.content)


def updates_in(status: int, body: bytes) -> list[object]:
    """The updates in an answer; numbers that are none in JSON's sense are left out.

    Raises:
        RetryableError, PermanentError: it is a refusal, or not an answer of the Bot API.
    """
    try:
        said: Any = json.loads(body, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and said.get("ok") is True and isinstance(said.get("result"), list):
        found: list[object] = said["result"]
        return found
    raise failure(status, said if isinstance(said, dict) else {})


def failure(status: int, said: dict[str, Any]) -> PultError:
    """What a refusing answer means."""
    words = str(said.get("description", ""))
    if status == 429:
        extra = said.get("parameters")
        wait = extra.get("retry_after") if isinstance(extra, dict) else None
        seconds = float(wait) if isinstance(wait, (int, float)) else 5.0
        return RetryableError(
            _("Telegram asks to wait for %(seconds)s s.") % {"seconds": round(seconds)},
            retry_after=seconds,
            code="rate_limited",
        )
    if 400 <= status < 500 and "error_code" in said:
        return refusal(status, words)
    if status >= 500:
        return RetryableError(
            _("Telegram has a failure of its own: %(detail)s") % {"detail": detail(words)}, code="server_error"
        )
    return RetryableError(_("Telegram's answer could not be read."), code="server_error")
