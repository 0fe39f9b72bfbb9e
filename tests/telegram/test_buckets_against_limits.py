"""What the buckets let through, Telegram's limits let through too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apps.telegram import buckets
from apps.telegram.buckets import LocalBuckets
from apps.telegram.ports import BotApi, BotSnapshot
from apps.telegram.services import bot_api as open_bot_api
from tests.servers import bot_api
from tests.telegram.factories import token_of

BOT = BotSnapshot(bot_id=4242, token=token_of(4242))


async def send_paced(api: BotApi, chat_id: int) -> None:
    """Wait for a place, then send."""
    await asyncio.sleep(buckets.reserve(BOT.bot_id, chat_id, is_group=False, max_wait=60))
    await api.send_message(chat_id, "x")


def test_sixty_chats_at_once_are_hardly_ever_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "LOCAL", LocalBuckets())
    settings.REDIS_URL = ""

    async def main() -> None:
        async with open_bot_api(BOT) as api:
            await asyncio.gather(*(send_paced(api, chat) for chat in range(1, 61)), return_exceptions=True)

    with bot_api.running() as server:
        settings.TELEGRAM_API_URL = server.url
        asyncio.run(main())
        outcomes = [entry.outcome for entry in server.log]
        # Without buckets 30 of them are refused. A busy machine may delay some into the next ones' second.
        assert len(outcomes) == 60
        assert outcomes.count("limited") <= 6
        assert outcomes.count("ok") == len(server.messages) >= 54


def test_one_chat_gets_its_messages_without_429(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "LOCAL", LocalBuckets())
    settings.REDIS_URL = ""

    async def main() -> None:
        async with open_bot_api(BOT) as api:
            for _ in range(4):
                await send_paced(api, -1001)

    with bot_api.running() as server:
        settings.TELEGRAM_API_URL = server.url
        asyncio.run(main())
        assert [entry.outcome for entry in server.log] == ["ok"] * 4
