"""The Bot API of one bot, as Pult asks it."""

from __future__ import annotations

from typing import Protocol

from apps.telegram.ports.messages import MessagesApi
from apps.telegram.ports.values import BotIdentity, Chat, ChatId, ChatMember, Topic


class TopicsApi(Protocol):
    """What a bot does with the topics of a forum; failures as `BotApi` says.

    A topic counts as a message in the rate limits. All but `create_topic` may be repeated.
    """

    async def create_topic(self, chat_id: ChatId, name: str, *, request_timeout: float | None = None) -> Topic:
        """Make a topic, its name at most 128 characters; must not be repeated after an UnknownOutcomeError."""
        ...

    async def rename_topic(
        self, chat_id: ChatId, topic: int, name: str, *, request_timeout: float | None = None
    ) -> None:
        """Name a topic anew."""
        ...

    async def close_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Close a topic: only administrators write in it."""
        ...

    async def reopen_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Open a closed topic."""
        ...

    async def delete_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> bool:
        """Delete a topic with all of its messages; False where it was not there any more."""
        ...


class BotApi(MessagesApi, TopicsApi, Protocol):
    """The Bot API of one bot, open for the length of a drain.

    Every method raises RetryableError (it may be tried again: nothing was done) or PermanentError (a person must act;
    its `code` is one of `refusals.CODES`). Sending and making topics also raise UnknownOutcomeError: the request left
    and no answer came. `request_timeout` is in seconds, covers the whole upload, and must be shorter than what remains
    of the lease.
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
