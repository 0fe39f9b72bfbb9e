"""The Bot API through aiogram. The vendor's words end here."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    DeleteMessage,
    EditMessageText,
    GetChat,
    GetChatMember,
    GetMe,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import (
    ChatMemberAdministrator,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    LinkPreviewOptions,
    ResultChatMemberUnion,
)
from aiogram.utils.token import TokenValidationError
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, PultError, RetryableError, UnknownOutcomeError
from apps.telegram.ports import BotIdentity, BotSnapshot, Chat, ChatId, ChatMember, SentMessage
from apps.telegram.refusals import detail, migrated, refusal

CONNECT_TIMEOUT_S = 5.0
# Shorter than any server's own, so that a request is hardly ever written to a connection that is being closed.
KEEPALIVE_S = 4.0
# aiohttp's failures before the first byte of the request was written.
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
STATUSES: dict[type[TelegramAPIError], int] = {
    TelegramBadRequest: 400,
    TelegramUnauthorizedError: 401,
    TelegramForbiddenError: 403,
    TelegramNotFound: 404,
    TelegramConflictError: 409,
    TelegramEntityTooLarge: 413,
}
Answer = TypeVar("Answer")


class OneTrySession(AiohttpSession):
    """aiogram's session with a short wait for the connection; it tries each request once."""

    def __init__(self) -> None:
        super().__init__(
            api=TelegramAPIServer.from_base(settings.TELEGRAM_API_URL), timeout=settings.TELEGRAM_TIMEOUT_S
        )
        self._connector_init["keepalive_timeout"] = KEEPALIVE_S

    async def create_session(self) -> aiohttp.ClientSession:
        """The one client, whose wait for a connection is bounded apart from the whole."""
        session = await super().create_session()
        session._timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S)
        return session


class AiogramBotApi:
    """One bot's Bot API for one event loop; `async with` opens and closes its connections."""

    def __init__(self, bot: BotSnapshot) -> None:
        self._snapshot = bot

    def __repr__(self) -> str:
        return f"<AiogramBotApi of bot {self._snapshot.bot_id}>"

    async def __aenter__(self) -> Self:
        try:
            self._bot = Bot(self._snapshot.token, session=OneTrySession())
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

    async def get_me(self) -> BotIdentity:
        """Ask whose token this is."""
        me = await self._ask(GetMe())
        return BotIdentity(bot_id=me.id, username=me.username or "", name=me.first_name)

    async def get_chat(self, chat_id: ChatId) -> Chat:
        """Describe a chat that the bot can see."""
        chat = await self._ask(GetChat(chat_id=chat_id))
        return Chat(
            chat_id=chat.id, kind=chat.type, title=chat.title or chat.first_name or "", username=chat.username or ""
        )

    async def get_chat_member(self, chat_id: ChatId, user_id: int) -> ChatMember:
        """Tell what a user may do in a chat."""
        return member_from(await self._ask(GetChatMember(chat_id=chat_id, user_id=user_id)))

    async def send_message(
        self,
        chat_id: ChatId,
        text: str,
        *,
        parse_mode: str | None = "HTML",
        silent: bool = False,
        link_preview: bool = True,
        request_timeout: float | None = None,
    ) -> SentMessage:
        """Send a text; must not be repeated after an UnknownOutcomeError."""
        sent = await self._ask(
            SendMessage(
                chat_id=chat_id,
                text=text,
                parse_mode=parse_mode,
                disable_notification=silent,
                link_preview_options=LinkPreviewOptions(is_disabled=not link_preview),
            ),
            request_timeout=request_timeout,
            repeatable=False,
        )
        return SentMessage(
            message_id=sent.message_id,
            chat_id=sent.chat.id,
            date=sent.date,
            chat_username=sent.chat.username or "" if sent.chat.type != "private" else "",
        )

    async def edit_message_text(
        self,
        chat_id: ChatId,
        message_id: int,
        text: str,
        *,
        parse_mode: str | None = "HTML",
        link_preview: bool = True,
        request_timeout: float | None = None,
    ) -> None:
        """Replace a message's text; repeating it does no harm."""
        method = EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            parse_mode=parse_mode,
            link_preview_options=LinkPreviewOptions(is_disabled=not link_preview),
        )
        try:
            await self._ask(method, request_timeout=request_timeout)
        except PermanentError as exc:
            if "message is not modified" not in str(exc):
                raise

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Delete a message; False where it was not there any more."""
        try:
            await self._ask(DeleteMessage(chat_id=chat_id, message_id=message_id), request_timeout=request_timeout)
        except PermanentError as exc:
            if exc.code != "message_not_found":
                raise
            return False
        return True

    async def _ask(
        self, method: TelegramMethod[Answer], *, request_timeout: float | None = None, repeatable: bool = True
    ) -> Answer:
        """Call one method once; `repeatable` says that doing it twice is the same as once."""
        limit = settings.TELEGRAM_TIMEOUT_S if request_timeout is None else request_timeout
        try:
            # aiogram hands the number to aiohttp as it is, although it is annotated as whole.
            return await self._bot.session(self._bot, method, timeout=limit)  # type: ignore[arg-type]
        except (TelegramAPIError, ClientDecodeError) as exc:
            raise failure(exc, repeatable=repeatable) from None


def failure(exc: TelegramAPIError | ClientDecodeError, *, repeatable: bool) -> PultError:
    """What one of aiogram's failures means to Pult."""
    match exc:
        case TelegramRetryAfter():
            return RetryableError(
                _("Telegram asks to wait for %(seconds)s s.") % {"seconds": exc.retry_after},
                retry_after=exc.retry_after,
                code="rate_limited",
            )
        case TelegramMigrateToChat():
            return migrated(exc.migrate_to_chat_id)
        case TelegramNetworkError() if not isinstance(exc, TelegramEntityTooLarge):
            return network_failure(exc, repeatable=repeatable)
        case TelegramServerError() | ClientDecodeError():
            words = (
                _("Telegram has a failure of its own: %(detail)s") % {"detail": detail(exc.message)}
                if isinstance(exc, TelegramServerError)
                else _("Telegram's answer could not be read.")
            )
            return unanswered(words, code="server_error", repeatable=repeatable)
    status = STATUSES.get(type(exc), 400)
    return refusal(status, exc.message)


def network_failure(exc: TelegramNetworkError, *, repeatable: bool) -> PultError:
    """Tell a request that never left from one whose answer never came."""
    cause = exc.__cause__
    if isinstance(cause, NOT_SENT):
        return RetryableError(_("Telegram can't be reached: no connection."), code="no_connection")
    if isinstance(cause, asyncio.TimeoutError):
        return unanswered(_("Telegram did not answer in time."), code="timeout", repeatable=repeatable)
    return unanswered(_("The connection to Telegram broke before its answer."), code="cut", repeatable=repeatable)


def unanswered(words: str, *, code: str, repeatable: bool) -> PultError:
    """The request left: harmless to repeat, or nobody knows what became of it."""
    if repeatable:
        return RetryableError(words, code=code)
    return UnknownOutcomeError(words, code=code)


def member_from(member: ResultChatMemberUnion) -> ChatMember:
    """A member's rights; None of Telegram's flags means that the right does not exist in such a chat."""
    if isinstance(member, ChatMemberOwner):
        rights = (True, True, True)
    elif isinstance(member, ChatMemberAdministrator):
        # Only channels know can_post_messages; in a group every administrator may write.
        rights = (member.can_post_messages is not False, bool(member.can_edit_messages), member.can_delete_messages)
    elif isinstance(member, ChatMemberRestricted):
        rights = (member.is_member and member.can_send_messages, False, False)
    else:
        rights = (isinstance(member, ChatMemberMember), False, False)
    return ChatMember(
        user_id=member.user.id,
        status=str(member.status),
        can_post=rights[0],
        can_edit=rights[1],
        can_delete=rights[2],
    )
