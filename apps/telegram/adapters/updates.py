"""Listening over Pult's own client. A few methods, so aiogram's 138 MB are spared the process that only listens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PultError, RetryableError
from apps.core.http import guard_for, sdk_client
from apps.telegram.inbound import mapping
from apps.telegram.ports import BotSnapshot, WebhookInfo
from apps.telegram.proxies import proxy_url
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
        proxy = await proxy_url(self._bot.proxy) if self._bot.proxy else ""
        self._client = sdk_client(
            proxy=proxy,
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
        asked: dict[str, Any] = {"timeout": round(wait_s), "limit": 100, "allowed_updates": list(kinds)}
        if offset is not None:
            asked["offset"] = offset
        status, body = await self._ask("getUpdates", asked)
        return updates_in(status, body)

    async def callback_answered(self, callback_id: str) -> None:
        """Tell Telegram that a pressed button was heard."""
        await self._done("answerCallbackQuery", {"callback_query_id": callback_id})

    async def set_webhook(self, url: str, *, secret: str, kinds: Sequence[str]) -> None:
        """Have Telegram bring what comes to `url`."""
        await self._done("setWebhook", {"url": url, "secret_token": secret, "allowed_updates": list(kinds)})

    async def delete_webhook(self) -> None:
        """Have Telegram wait to be asked again."""
        await self._done("deleteWebhook", {})

    async def webhook_info(self) -> WebhookInfo:
        """Ask where Telegram brings what comes, and how that goes."""
        told = mapping((await self._done("getWebhookInfo", {})).get("result"))
        date, words = told.get("last_error_date"), told.get("last_error_message")
        pending = told.get("pending_update_count")
        return WebhookInfo(
            url=str(told.get("url") or ""),
            pending=pending if isinstance(pending, int) else 0,
            error=str(words or ""),
            error_at=datetime.fromtimestamp(date, tz=UTC) if isinstance(date, int) and 0 < date < 2**33 else None,
        )

    async def _done(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask for something that has one good answer.

        Raises:
            RetryableError, PermanentError: it was not done.
        """
        status, body = await self._ask(method, asked)
        said = said_in(body)
        if status != 200 or said.get("ok") is not True:
            raise failure(status, said)
        return said

    async def _ask(self, method: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        url = f"{settings.TELEGRAM_API_URL}/bot{self._bot.token}/{method}"
        try:
            answer = await self._client.post(url, json=asked)
        except httpx2.ProxyError:
            raise RetryableError(_("The bot's proxy does not connect to Telegram."), code="proxy_failed") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise RetryableError(_("Telegram can't be reached: no connection."), code="no_connection") from None
        except httpx2.TimeoutException:
            raise RetryableError(_("Telegram did not answer in time."), code="timeout") from None
        except httpx2.TransportError:
            raise RetryableError(_("The connection to Telegram broke before its answer."), code="cut") from None
        return answer.status_code, answer.content


def updates_in(status: int, body: bytes) -> list[object]:
    """The updates in an answer; numbers that are none in JSON's sense are left out.

    Raises:
        RetryableError, PermanentError: it is a refusal, or not an answer of the Bot API.
    """
    said = said_in(body)
    if said.get("ok") is True and isinstance(said.get("result"), list):
        found: list[object] = said["result"]
        return found
    raise failure(status, said)


def said_in(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer; empty where there is none."""
    try:
        said = json.loads(body, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


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
