"""The topics of forums through aiogram."""

from __future__ import annotations

from aiogram.methods import (
    CloseForumTopic,
    CreateForumTopic,
    DeleteForumTopic,
    EditForumTopic,
    ReopenForumTopic,
)

from apps.core.errors import PermanentError
from apps.telegram.adapters.aiogram_wire import AiogramWire
from apps.telegram.ports import ChatId, Topic


class AiogramTopics(AiogramWire):
    """`ports.TopicsApi`."""

    async def create_topic(self, chat_id: ChatId, name: str, *, request_timeout: float | None = None) -> Topic:
        """Make a topic; must not be repeated after an UnknownOutcomeError."""
        method = CreateForumTopic(chat_id=chat_id, name=name)
        made = await self.ask(method, request_timeout=request_timeout, repeatable=False)
        return Topic(topic_id=made.message_thread_id, name=made.name)

    async def rename_topic(
        self, chat_id: ChatId, topic: int, name: str, *, request_timeout: float | None = None
    ) -> None:
        """Name a topic anew."""
        method = EditForumTopic(chat_id=chat_id, message_thread_id=topic, name=name)
        await self.ask_settled(method, request_timeout=request_timeout)

    async def close_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Close a topic: only administrators write in it."""
        method = CloseForumTopic(chat_id=chat_id, message_thread_id=topic)
        await self.ask_settled(method, request_timeout=request_timeout)

    async def reopen_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Open a closed topic."""
        method = ReopenForumTopic(chat_id=chat_id, message_thread_id=topic)
        await self.ask_settled(method, request_timeout=request_timeout)

    async def delete_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> bool:
        """Delete a topic with all of its messages; False where it was not there any more."""
        try:
            await self.ask(DeleteForumTopic(chat_id=chat_id, message_thread_id=topic), request_timeout=request_timeout)
        except PermanentError as exc:
            if exc.code != "topic_not_found":
                raise
            return False
        return True
