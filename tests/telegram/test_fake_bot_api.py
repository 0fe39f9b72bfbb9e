"""The Bot API without Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.errors import PermanentError
from apps.telegram.adapters.fake import MEMORY
from apps.telegram.ports import BotSnapshot
from apps.telegram.services import bot_api, token_check
from tests.telegram.factories import token_of


@pytest.fixture(autouse=True)
def _memory(settings: Any) -> Iterator[None]:
    settings.TELEGRAM_ADAPTER = "memory"
    MEMORY.clear()
    yield
    MEMORY.clear()


def test_messages_are_kept_edited_and_deleted() -> None:
    async def main() -> list[Any]:
        async with bot_api(BotSnapshot(bot_id=7, token=token_of(7))) as api:
            first = await api.send_message("@news", "one")
            second = await api.send_message("@news", "two", silent=True)
            await api.edit_message_text("@news", 1, "uno")
            deleted = [await api.delete_message("@news", 2), await api.delete_message("@news", 2)]
            with pytest.raises(PermanentError):
                await api.edit_message_text("@news", 9, "x")
            chat = await api.get_chat("@news")
            member = await api.get_chat_member("@news", 7)
            return [first, second, deleted, chat, member]

    first, second, deleted, chat, member = asyncio.run(main())
    assert (first.message_id, second.message_id, first.chat_username) == (1, 2, "news")
    assert first.chat_id == second.chat_id == chat.chat_id < 0
    assert deleted == [True, False]
    assert [(kept.text, kept.silent) for kept in MEMORY.messages["@news"]] == [("uno", False), ("", True)]
    assert (chat.kind, member.can_post) == ("channel", True)


def test_every_token_is_good() -> None:
    assert token_check(token_of(12)).username == "pult_12_bot"
