"""The Bot API without Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core.errors import PermanentError
from apps.telegram.adapters.fake import MEMORY
from apps.telegram.ports import BotSnapshot, Media
from apps.telegram.services import bot_api, bot_updates, token_check
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


def test_files_albums_pins_and_topics_are_kept(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    name = default_storage.save("media/a.pdf", ContentFile(b"content"))
    file = Media(kind="document", name="a.pdf", size=7, storage_name=name)
    gone = Media(kind="document", name="b.pdf", size=7, storage_name="media/b.pdf")

    async def main() -> list[Any]:
        async with bot_api(BotSnapshot(bot_id=7, token=token_of(7))) as api:
            topic = await api.create_topic("@news", "Buyer")
            one = await api.send_media("@news", file, caption="c", topic=topic.topic_id, protect=True)
            parts = await api.send_album("@news", [file, file], caption="album")
            await api.pin_message("@news", 1)
            await api.edit_caption("@news", 1, "d")
            await api.delete_messages("@news", [2, 3, 9])
            await api.close_topic("@news", topic.topic_id)
            with pytest.raises(PermanentError) as closed:
                await api.send_message("@news", "x", topic=topic.topic_id)
            with pytest.raises(PermanentError) as missing:
                await api.send_media("@news", gone)
            with pytest.raises(PermanentError) as together:
                await api.send_album("@news", [file, Media(kind="photo", name="p", size=1, storage_name=name)])
            codes = [caught.value.code for caught in (closed, missing, together)]
            return [one, parts, codes, await api.delete_topic("@news", topic.topic_id)]

    one, parts, codes, deleted = asyncio.run(main())
    assert (one.topic, one.message_id, [part.message_id for part in parts]) == (2, 1, [2, 3])
    assert codes == ["topic_closed", "media_gone", "media_refused"]
    assert deleted is True
    first, second, third = MEMORY.messages["@news"]
    assert (first.text, first.media, first.pinned, first.protect, first.album) == ("d", file, True, True, 0)
    assert [(kept.text, kept.media, kept.album) for kept in (second, third)] == [("", None, 2)] * 2


def test_webhook_is_kept() -> None:
    async def main() -> list[str]:
        async with bot_updates(BotSnapshot(bot_id=7, token=token_of(7))) as api:
            await api.set_webhook("https://pult.example/", secret="s", kinds=["message"])
            urls = [(await api.webhook_info()).url]
            await api.delete_webhook()
            return [*urls, (await api.webhook_info()).url]

    assert asyncio.run(main()) == ["https://pult.example/", ""]
