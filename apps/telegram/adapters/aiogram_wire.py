"""One bot's connections to the Bot API: each request is tried once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.methods import TelegramMethod
from aiogram.utils.token import TokenValidationError
from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.aiogram_failures import failure
from apps.telegram.adapters.aiogram_files import StoredFile
from apps.telegram.ports import BotSnapshot
from apps.telegram.proxies import proxy_url

CONNECT_TIMEOUT_S = 5.0
# Shorter than any server's own, so that a request is hardly ever written to a connection that is being closed.
KEEPALIVE_S = 4.0
PROXY_FAILURES = (ProxyConnectionError, ProxyError, ProxyTimeoutError)
Answer = TypeVar("Answer")


class OneTrySession(AiohttpSession):
    """aiogram's session with a short wait for the connection; it tries each request once."""

    def __init__(self, proxy: str = "") -> None:
        super().__init__(
            proxy=proxy or None,
            api=TelegramAPIServer.from_base(settings.TELEGRAM_API_URL),
            timeout=settings.TELEGRAM_TIMEOUT_S,
        )
        self._connector_init["keepalive_timeout"] = KEEPALIVE_S

    async def create_session(self) -> aiohttp.ClientSession:
        """The one client, whose wait for a connection is bounded apart from the whole."""
        session = await super().create_session()
        session._timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S)
        return session


class AiogramWire:
    """One bot's Bot API for one event loop; `async with` opens and closes its connections."""

    def __init__(self, bot: BotSnapshot) -> None:
        self._snapshot = bot

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of bot {self._snapshot.bot_id}>"

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                proxy = await proxy_url(self._snapshot.proxy) if self._snapshot.proxy else ""
        except TimeoutError:
            raise RetryableError(_("The bot's proxy does not connect to Telegram."), code="proxy_failed") from None
        try:
            self._bot = Bot(self._snapshot.token, session=OneTrySession(proxy))
        except TokenValidationError:
            raise PermanentError(
                _("This is not a token: it looks like 123456789:AAE…. Copy all of it from BotFather."),
                code="token_malformed",
            ) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._bot.session.close()

    async def ask(
        self,
        method: TelegramMethod[Answer],
        *,
        request_timeout: float | None = None,
        repeatable: bool = True,
        files: Sequence[StoredFile] = (),
    ) -> Answer:
        """Call one method once; `repeatable` says that doing it twice is the same as once."""
        limit = settings.TELEGRAM_TIMEOUT_S if request_timeout is None else request_timeout
        try:
            # aiogram hands it to aiohttp as it is; a bare number there would leave the connection unbounded.
            bounds = aiohttp.ClientTimeout(total=limit, connect=CONNECT_TIMEOUT_S)
            return await self._bot.session(self._bot, method, timeout=bounds)  # type: ignore[arg-type]
        except PROXY_FAILURES:
            # They come while the connection is made: nothing has left.
            raise RetryableError(_("The bot's proxy does not connect to Telegram."), code="proxy_failed") from None
        except (TelegramAPIError, ClientDecodeError) as exc:
            whole = all(one.is_read for one in files)
            raise failure(exc, repeatable=repeatable, whole=whole) from None

    async def ask_settled(self, method: TelegramMethod[Answer], *, request_timeout: float | None = None) -> None:
        """Call a method that leaves things as they are to be; that they are so already is well."""
        try:
            await self.ask(method, request_timeout=request_timeout)
        except PermanentError as exc:
            if exc.code != "not_modified":
                raise
