"""A Bot API without Telegram: all of it stays in memory. For trying Pult without a network."""

# ruff: noqa: ARG002 - the port's arguments, which memory has no use for

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from apps.telegram.adapters.fake_memory import MEMORY, KeptMessage, KeptTopic, KeptWebhook, numeric, username_of
from apps.telegram.adapters.fake_messages import FakeMessages
from apps.telegram.ports import BotIdentity, BotSnapshot, Chat, ChatId, ChatMember, Topic, WebhookInfo

__all__ = ["MEMORY", "FakeBotApi", "FakeBotUpdates", "KeptMessage"]

LOOKS_EVERY_S = 0.1
# Below it stand General and no topic.
FIRST_TOPIC = 2


class FakeTopics:
    """`ports.TopicsApi`."""

    async def create_topic(self, chat_id: ChatId, name: str, *, request_timeout: float | None = None) -> Topic:
        """Keep a topic."""
        kept = MEMORY.topics[str(chat_id)]
        number = max(kept, default=FIRST_TOPIC - 1) + 1
        kept[number] = KeptTopic(name)
        return Topic(topic_id=number, name=name)

    async def rename_topic(
        self, chat_id: ChatId, topic: int, name: str, *, request_timeout: float | None = None
    ) -> None:
        """Name a kept topic anew."""
        MEMORY.topic(chat_id, topic).name = name

    async def close_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Close a kept topic."""
        MEMORY.topic(chat_id, topic).closed = True

    async def reopen_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> None:
        """Open a kept topic."""
        MEMORY.topic(chat_id, topic).closed = False

    async def delete_topic(self, chat_id: ChatId, topic: int, *, request_timeout: float | None = None) -> bool:
        """Forget a topic."""
        return MEMORY.topics[str(chat_id)].pop(topic, None) is not None


class FakeBotApi(FakeMessages, FakeTopics):
    """The Bot API of one bot, kept in this process; every token and every chat is good."""

    def __init__(self, bot: BotSnapshot) -> None:
        self._bot = bot

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def get_me(self) -> BotIdentity:
        """A name made from the id."""
        return BotIdentity(bot_id=self._bot.bot_id, username=f"pult_{self._bot.bot_id}_bot", name="Pult")

    async def get_chat(self, chat_id: ChatId) -> Chat:
        """A channel made from the id."""
        return Chat(chat_id=numeric(chat_id), kind="channel", title=str(chat_id), username=username_of(chat_id))

    async def get_chat_member(self, chat_id: ChatId, user_id: int) -> ChatMember:
        """An administrator, wherever it is asked about."""
        return ChatMember(
            user_id=user_id, status="administrator", can_post=True, can_edit=True, can_delete=True, can_pin=True
        )


class FakeBotUpdates:
    """What one bot is told, kept in this process: nobody else can tell it anything."""

    def __init__(self, bot: BotSnapshot) -> None:
        self._bot = bot

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def get_updates(self, *, offset: int | None, wait_s: float, kinds: Sequence[str]) -> list[object]:
        """What `MEMORY` holds from `offset` on, waiting for the first; the rest is forgotten."""
        ends = time.monotonic() + wait_s
        while True:
            kept = [one for one in MEMORY.updates[self._bot.bot_id] if int(str(one["update_id"])) >= (offset or 0)]
            MEMORY.updates[self._bot.bot_id] = kept
            if kept or time.monotonic() >= ends:
                return list(kept)
            await asyncio.sleep(min(LOOKS_EVERY_S, wait_s))

    async def callback_answered(self, callback_id: str) -> None:
        """Nothing turns here."""

    async def set_webhook(self, url: str, *, secret: str, kinds: Sequence[str]) -> None:
        """Keep an address; nothing is brought there."""
        MEMORY.webhooks[self._bot.bot_id] = KeptWebhook(url, secret, tuple(kinds))

    async def delete_webhook(self) -> None:
        """Forget the address."""
        MEMORY.webhooks.pop(self._bot.bot_id, None)

    async def webhook_info(self) -> WebhookInfo:
        """What is kept."""
        hook = MEMORY.webhooks.get(self._bot.bot_id)
        return WebhookInfo(url=hook.url if hook else "", pending=len(MEMORY.updates[self._bot.bot_id]))
