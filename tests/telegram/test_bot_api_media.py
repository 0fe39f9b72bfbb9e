"""Files, albums, edits, pins and topics through the Bot API: what arrives, what is refused, what is not repeated."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.telegram.adapters.aiogram_files import StoredFile
from apps.telegram.limits import CAPTION_MAX, MB, upload_s
from apps.telegram.ports import BotApi, BotSnapshot, Button, Media
from apps.telegram.services import bot_api as open_bot_api
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.telegram.factories import token_of

CHANNEL, FORUM = -1001234567890, -1005
BOT = BotSnapshot(bot_id=4242, token=token_of(4242))
LINK = [[Button("More", url="https://example.org/more")]]
Question = Callable[[BotApi], Awaitable[Any]]


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[BotApiServer]:
    settings.MEDIA_ROOT = tmp_path
    with bot_api.running(limits=False) as running:
        settings.TELEGRAM_API_URL = running.url
        running.chats.add(FORUM, forum=True)
        yield running


def ask(question: Question) -> Any:
    """Ask through the adapter that settings choose."""

    async def main() -> Any:
        async with open_bot_api(BOT) as api:
            return await question(api)

    return asyncio.run(main())


def picture(width: int = 40, height: int = 30) -> bytes:
    """A PNG."""
    drawn = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(drawn, "PNG")
    return drawn.getvalue()


def kept(kind: Any, content: bytes, name: str = "file.bin", **more: Any) -> Media:
    """A file in the storage."""
    stored = default_storage.save(f"media/{name}", ContentFile(content))
    return Media(kind=kind, name=name, size=len(content), storage_name=stored, **more)


def photo(**more: Any) -> Media:
    """A picture in the storage."""
    return kept("photo", picture(), "harbour.png", **more)


def test_picture_arrives_with_caption_buttons_and_flags(server: BotApiServer) -> None:
    content = picture()
    media = kept("photo", content, "harbour.png", spoiler=True)
    sent = ask(
        lambda api: api.send_media(
            CHANNEL, media, caption="<b>Harbour</b>", silent=True, protect=True, buttons=LINK, caption_above=True
        )
    )
    stored = server.messages[0]
    assert stored.file is not None
    assert (stored.file.kind, stored.file.name, stored.file.size) == ("photo", "harbour.png", len(content))
    assert (stored.text, stored.silent, stored.protect, stored.spoiler, stored.caption_above) == (
        "Harbour",
        True,
        True,
        True,
        True,
    )
    assert stored.markup == {"inline_keyboard": [[{"text": "More", "url": "https://example.org/more"}]]}
    assert (sent.message_id, sent.topic, sent.file_id) == (1, 0, stored.file.file_id)


@pytest.mark.parametrize("kind", ["video", "document", "animation", "audio"])
def test_other_files_arrive_as_their_kind_and_again_without_upload(server: BotApiServer, kind: Any) -> None:
    media = kept(kind, b"\x00\x01" * 500_000, "Отчёт «май».bin", duration=7)
    sent = ask(lambda api: api.send_media(CHANNEL, media, caption="as it is"))
    again = Media(kind=kind, name="x", file_id=sent.file_id)
    ask(lambda api: api.send_media(CHANNEL, again))
    first, second = server.messages
    assert first.file is not None
    assert (first.file.kind, first.file.size, first.file.name) == (kind, 1_000_000, "Отчёт «май».bin")
    assert second.file is first.file
    assert (first.text, second.text) == ("as it is", "")


def test_file_is_read_in_pieces(server: BotApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    read = StoredFile.read

    async def measured(self: StoredFile, bot: Bot) -> AsyncGenerator[bytes, None]:
        async for piece in read(self, bot):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(StoredFile, "read", measured)
    media = kept("document", bytes(1_000_000))
    ask(lambda api: api.send_media(CHANNEL, media))
    assert len(server.messages) == 1
    assert (sum(sizes), max(sizes)) == (1_000_000, 256 * 1024)


def test_album_is_one_post_with_one_caption(server: BotApiServer) -> None:
    media = [photo(), kept("video", b"film", "film.mp4", spoiler=True), photo()]
    sent = ask(lambda api: api.send_album(CHANNEL, media, caption="<i>Three</i>", topic=0, protect=True))
    assert [one.message_id for one in sent] == [1, 2, 3]
    assert len({message.album for message in server.messages}) == 1
    assert [message.text for message in server.messages] == ["Three", "", ""]
    assert [message.spoiler for message in server.messages] == [False, True, False]
    assert all(one.file_id for one in sent)
    assert ask(lambda api: api.send_album(CHANNEL, media[:1], caption="alone"))[0].message_id == 4
    assert server.messages[3].album == ""


def test_album_that_does_not_go_together_is_refused_before_it_leaves(server: BotApiServer) -> None:
    for media in (
        [photo(), kept("document", b"x")],
        [kept("animation", b"x"), kept("animation", b"y")],
        [photo()] * 11,
    ):
        with pytest.raises(PermanentError) as caught:
            ask(lambda api, media=media: api.send_album(CHANNEL, media))
        assert caught.value.code == "media_refused"
    assert server.log == []


def test_files_that_are_too_large_empty_or_gone_are_refused_before_they_leave(server: BotApiServer) -> None:
    gone = Media(kind="document", name="old.pdf", size=5, storage_name="media/none.pdf")
    cases = {
        "too_big": Media(kind="photo", name="big.png", size=11 * MB, storage_name="x"),
        "media_refused": Media(kind="video", name="none.mp4", size=0, storage_name="x"),
        "media_gone": gone,
    }
    for code, media in cases.items():
        with pytest.raises(PermanentError) as caught:
            ask(lambda api, media=media: api.send_media(CHANNEL, media))
        assert caught.value.code == code
        assert media.name in str(caught.value)
    with pytest.raises(PermanentError, match="50 from a bot"):
        ask(lambda api: api.send_media(CHANNEL, Media(kind="video", name="v", size=51 * MB, storage_name="x")))
    assert server.log == []


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (lambda: kept("photo", b"no picture"), "media_refused"),
        (lambda: kept("photo", picture(2100, 100)), "photo_size"),
        (lambda: Media(kind="photo", name="x", file_id="PHAC1x9"), "file_unknown"),
    ],
)
def test_files_that_telegram_refuses_are_named_in_words(
    server: BotApiServer, media: Callable[[], Media], code: str
) -> None:
    one = media()
    with pytest.raises(PermanentError) as caught:
        ask(lambda api: api.send_media(CHANNEL, one))
    assert caught.value.code == code
    assert server.messages == []


def test_caption_is_counted_after_its_tags_in_utf16(server: BotApiServer) -> None:
    media = photo()
    ask(lambda api: api.send_media(CHANNEL, media, caption=f"<b>{'я' * CAPTION_MAX}</b>"))
    with pytest.raises(PermanentError) as caught:
        ask(lambda api: api.send_media(CHANNEL, media, caption="😀" * (CAPTION_MAX // 2) + "x"))
    assert caught.value.code == "caption_too_long"
    assert len(server.messages) == 1


SENDS: list[Question] = [
    lambda api: api.send_media(CHANNEL, photo(), request_timeout=0.5),
    lambda api: api.send_album(CHANNEL, [photo(), photo()], request_timeout=0.5),
    lambda api: api.create_topic(FORUM, "Buyer", request_timeout=0.5),
]


@pytest.mark.parametrize("send", SENDS)
@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ({"kind": "500"}, False),
        ({"kind": "cut_before"}, False),
        ({"kind": "cut_after"}, True),
        ({"kind": "slow_after", "seconds": 2}, True),
        ({"kind": "malformed"}, True),
    ],
)
def test_unanswered_send_of_files_and_topics_is_unknown(
    server: BotApiServer, send: Question, fault: dict[str, Any], stored: bool
) -> None:
    server.faults.add(**fault)
    with pytest.raises(UnknownOutcomeError):
        ask(send)
    assert [entry.stored for entry in server.log] == [stored]


def test_upload_that_left_by_half_was_not_sent(server: BotApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    read = StoredFile.read

    async def broken(self: StoredFile, bot: Bot) -> AsyncGenerator[bytes, None]:
        async for piece in read(self, bot):
            yield piece[:10]
            raise OSError("the disk is away")

    monkeypatch.setattr(StoredFile, "read", broken)
    media = kept("document", bytes(600_000))
    with pytest.raises(RetryableError) as caught:
        ask(lambda api: api.send_media(CHANNEL, media))
    assert caught.value.code == "upload_cut"
    assert server.messages == []


EDITS: list[Question] = [
    lambda api: api.edit_message_text(CHANNEL, 1, "two", buttons=LINK),
    lambda api: api.edit_caption(CHANNEL, 2, "two", buttons=LINK),
    lambda api: api.edit_media(CHANNEL, 2, Media(kind="document", name="x", file_id="DOAC4242x1xe3b0c44298fc")),
    lambda api: api.edit_buttons(CHANNEL, 1, LINK),
    lambda api: api.pin_message(CHANNEL, 1),
    lambda api: api.unpin_message(CHANNEL, 1),
    lambda api: api.delete_messages(CHANNEL, [1, 2, 99]),
    lambda api: api.close_topic(FORUM, 1),
    lambda api: api.rename_topic(FORUM, 1, "new"),
    lambda api: api.delete_topic(FORUM, 1),
]


@pytest.mark.parametrize("kind", ["500", "cut_after"])
@pytest.mark.parametrize("edit", EDITS)
def test_unanswered_change_may_be_repeated(server: BotApiServer, kind: str, edit: Question) -> None:
    server.faults.add(kind, times=1)
    with pytest.raises(RetryableError) as caught:
        ask(edit)
    assert not isinstance(caught.value, UnknownOutcomeError)


def test_changes_twice_are_as_once(server: BotApiServer) -> None:
    async def twice(api: BotApi) -> None:
        await api.send_message(CHANNEL, "one")
        sent = await api.send_media(CHANNEL, photo(), caption="one")
        other = Media(kind="photo", name="x", file_id=sent.file_id)
        for _ in range(2):
            await api.edit_message_text(CHANNEL, 1, "two", buttons=LINK)
            await api.edit_caption(CHANNEL, 2, "<b>two</b>", buttons=LINK, caption_above=True)
            await api.pin_message(CHANNEL, 1)
        for _ in range(2):
            await api.edit_buttons(CHANNEL, 1, ())
            await api.edit_media(CHANNEL, 2, other, caption="three")
            await api.unpin_message(CHANNEL, 1)

    ask(twice)
    text, file = server.messages
    assert (text.text, text.markup, text.pinned, len(text.edits)) == ("two", None, False, 2)
    assert (file.text, file.markup, file.caption_above, len(file.edits)) == ("three", None, False, 2)
    assert [entry.outcome for entry in server.log.of("editMessageText")] == ["ok", "refused"]
    ask(lambda api: api.delete_messages(CHANNEL, [1, 2, 3]))
    assert [message.deleted for message in server.messages] == [True, True]
    ask(lambda api: api.unpin_message(CHANNEL, 1))
    with pytest.raises(PermanentError) as caught:
        ask(lambda api: api.pin_message(CHANNEL, 1))
    assert caught.value.code == "message_not_found"


def test_topics_are_made_written_to_closed_and_gone(server: BotApiServer) -> None:
    made = ask(lambda api: api.create_topic(FORUM, "Buyer 7"))
    sent = ask(lambda api: api.send_message(FORUM, "hello", topic=made.topic_id))
    general = ask(lambda api: api.send_message(FORUM, "general", topic=1))
    assert (made.name, sent.topic, general.topic) == ("Buyer 7", made.topic_id, 0)
    for _ in range(2):
        ask(lambda api: api.rename_topic(FORUM, made.topic_id, "Buyer 8"))
        ask(lambda api: api.close_topic(FORUM, made.topic_id))
    with pytest.raises(PermanentError) as closed:
        ask(lambda api: api.send_media(FORUM, photo(), topic=made.topic_id))
    for _ in range(2):
        ask(lambda api: api.reopen_topic(FORUM, made.topic_id))
    ask(lambda api: api.send_album(FORUM, [photo(), photo()], topic=made.topic_id))
    gone = [ask(lambda api: api.delete_topic(FORUM, made.topic_id)) for _ in range(2)]
    with pytest.raises(PermanentError) as absent:
        ask(lambda api: api.send_message(FORUM, "hello", topic=made.topic_id))
    assert (closed.value.code, absent.value.code, gone) == ("topic_closed", "topic_not_found", [True, False])
    with pytest.raises(PermanentError) as flat:
        ask(lambda api: api.create_topic(CHANNEL, "x"))
    assert flat.value.code == "not_forum"


def test_message_that_lands_outside_its_topic_is_taken_back(server: BotApiServer) -> None:
    server.chats.add(77, forum=True, kind="private", loses_topics=True)
    with pytest.raises(PermanentError, match="taken back") as caught:
        ask(lambda api: api.send_message(77, "for one topic", topic=9))
    assert caught.value.code == "topic_not_found"
    assert [message.deleted for message in server.messages] == [True]
    server.faults.add("500", method="deleteMessages")
    with pytest.raises(PermanentError, match="message 3 outside"):
        ask(lambda api: api.send_album(77, [photo(), photo()], topic=9))
    assert [message.deleted for message in server.messages] == [True, False, False]


def test_upload_has_time_for_its_size() -> None:
    media = Media(kind="video", name="v", size=50 * MB, storage_name="x")
    assert upload_s([media]) == 100
    assert upload_s([Media(kind="video", name="v", size=50 * MB, file_id="known")]) == 0
