"""What Pult asks of the Bot API, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

ChatId = int | str


@dataclass(frozen=True)
class BotSnapshot:
    """A bot as coroutines get it: no row, no ORM.

    Attributes:
        bot_id: Telegram's id of the bot, the key of its rate buckets.
        token: never shown, not even by repr.
        pk: our row, 0 where there is none yet.
    """

    bot_id: int
    token: str = field(repr=False)
    pk: int = 0
    username: str = ""


@dataclass(frozen=True)
class BotIdentity:
    """Who the Bot API says a token is."""

    bot_id: int
    username: str
    name: str


@dataclass(frozen=True)
class SentMessage:
    """A message that Telegram has accepted.

    Attributes:
        chat_username: without the at sign; empty where the chat is private.
    """

    message_id: int
    chat_id: int
    date: datetime
    chat_username: str = ""


@dataclass(frozen=True)
class Chat:
    """A chat as getChat tells it; `kind` is private, group, supergroup or channel."""

    chat_id: int
    kind: str
    title: str
    username: str = ""

    @property
    def is_group(self) -> bool:
        """Whether the limit of messages a minute holds here."""
        return self.kind in {"group", "supergroup"}


@dataclass(frozen=True)
class ChatMember:
    """What a user, often the bot itself, may do in a chat."""

    user_id: int
    status: str
    can_post: bool
    can_edit: bool
    can_delete: bool


class BotApi(Protocol):
    """The Bot API of one bot, open for the length of a drain.

    Every method raises RetryableError (it may be tried again: nothing was done) or PermanentError (a person must act;
    its `code` is one of `refusals.CODES`). `send_message` also raises UnknownOutcomeError: the request left and no
    answer came. `request_timeout` is in seconds and must be shorter than what remains of the lease.
    """

    async def get_me(self) -> BotIdentity:
        """Ask whose token this is."""
        ...

    async def get_chat(self, chat_id: ChatId) -> Chat:
        """Describe a chat that the bot can see."""
        ...

    async def get_chat_member(self, chat_id: ChatId, user_id: int) -> ChatMember:
        """Tell what a user may do in a chat."""
        ...

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
        ...

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
        ...

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Delete a message; False where it was not there any more."""
        ...


class BotUpdates(Protocol):
    """What one bot is told, by asking; open as long as somebody asks."""

    async def get_updates(self, *, offset: int | None, wait_s: float, kinds: Sequence[str]) -> list[object]:
        """The updates from `offset` on, waiting for the first; those before it are confirmed and gone for good.

        They are what the JSON says, unchecked.

        Raises:
            RetryableError: nothing came; it may be asked again.
            PermanentError: a person must act; codes `conflict`, `webhook_active`, `token_revoked` and others.
        """
        ...
