"""A Bot API without Telegram: messages stay in memory. For trying Pult without a network."""

# ruff: noqa: ARG002 - the port's arguments, which memory has no use for

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from zlib import crc32

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import PermanentError
from apps.telegram.ports import BotIdentity, BotSnapshot, Chat, ChatId, ChatMember, SentMessage


@dataclass(frozen=True)
class KeptMessage:
    """A message that was "sent"."""

    sent: SentMessage
    text: str
    silent: bool


class Memory:
    """Everything that all fake bots of this process have sent, by chat."""

    def __init__(self) -> None:
        self.messages: dict[str, list[KeptMessage]] = defaultdict(list)
        self.updates: dict[int, list[dict[str, object]]] = defaultdict(list)

    def clear(self) -> None:
        """Forget all of it."""
        self.messages.clear()
        self.updates.clear()


MEMORY = Memory()
LOOKS_EVERY_S = 0.1


class FakeBotApi:
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
        return ChatMember(user_id=user_id, status="administrator", can_post=True, can_edit=True, can_delete=True)

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
        """Keep a text."""
        kept = MEMORY.messages[str(chat_id)]
        sent = SentMessage(
            message_id=len(kept) + 1,
            chat_id=numeric(chat_id),
            date=clock.now(),
            chat_username=username_of(chat_id),
        )
        kept.append(KeptMessage(sent, text, silent))
        return sent

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
        """Replace a kept text."""
        kept = MEMORY.messages[str(chat_id)]
        for place, message in enumerate(kept):
            if message.sent.message_id == message_id:
                kept[place] = replace(message, text=text)
                return
        raise PermanentError(_("The message is not in the chat any more."), code="message_not_found")

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Blank a kept text, so that ids go on rising."""
        for place, message in enumerate(MEMORY.messages[str(chat_id)]):
            if message.sent.message_id == message_id and message.text:
                MEMORY.messages[str(chat_id)][place] = replace(message, text="")
                return True
        return False


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


def numeric(chat_id: ChatId) -> int:
    """A chat's number; a name gives the same one each time."""
    text = str(chat_id)
    if text.lstrip("-").isdigit():
        return int(text)
    return -1_000_000_000_000 - crc32(text.encode())


def username_of(chat_id: ChatId) -> str:
    """The username in a chat's address, if it is one."""
    return str(chat_id).removeprefix("@") if str(chat_id).startswith("@") else ""
