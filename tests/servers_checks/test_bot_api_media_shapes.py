"""The Bot API stand-in's files, albums, topics, pins and webhooks, read by aiogram itself."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx2
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
)
from PIL import Image

from tests.servers import bot_api, telegram_updates
from tests.servers.bot_api import BotApiServer
from tests.servers.faults import FaultPlan
from tests.servers.telegram_chats import ChatRow

TOKEN = "4242:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-ab"
CHANNEL, FORUM = -1001234567890, -1005


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    with bot_api.running(limits=False) as running:
        running.chats.add(FORUM, forum=True)
        yield running


def ask(server: BotApiServer, question: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    """Ask through a real Bot."""

    async def main() -> Any:
        session = AiohttpSession(api=TelegramAPIServer.from_base(server.url), timeout=5)
        async with Bot(token, session=session) as bot:
            return await question(bot)

    return asyncio.run(main())


def png(name: str = "a.png", size: tuple[int, int] = (40, 30)) -> BufferedInputFile:
    """A picture to upload."""
    drawn = io.BytesIO()
    Image.new("RGB", size, "navy").save(drawn, "PNG")
    return BufferedInputFile(drawn.getvalue(), name)


def plain(content: bytes = b"content", name: str = "a.bin") -> BufferedInputFile:
    """Something else to upload."""
    return BufferedInputFile(content, name)


def test_each_kind_of_file_is_shown_under_its_kind(server: BotApiServer) -> None:
    async def send(bot: Bot) -> list[Message]:
        return [
            await bot.send_photo(CHANNEL, png(), caption="<b>x</b>", parse_mode="HTML", has_spoiler=True),
            await bot.send_video(CHANNEL, plain(name="v.mp4"), width=640, height=360, duration=9),
            await bot.send_document(CHANNEL, plain(name="d.pdf")),
            await bot.send_animation(CHANNEL, plain(name="g.mp4"), show_caption_above_media=True),
            await bot.send_audio(CHANNEL, plain(name="s.mp3"), duration=61, protect_content=True),
        ]

    photo, video, document, animation, audio = ask(server, send)
    assert [(one.width, one.height) for one in photo.photo] == [(40, 30)]
    assert (photo.caption, photo.caption_entities[0].type, photo.has_media_spoiler, photo.text) == (
        "x",
        "bold",
        True,
        None,
    )
    assert (video.video.width, video.video.duration, video.video.file_name) == (640, 9, "v.mp4")
    assert (document.document.file_name, document.document.file_size) == ("d.pdf", 7)
    assert animation.animation.file_id
    assert animation.show_caption_above_media is True
    assert (audio.audio.duration, audio.has_protected_content) == (61, True)


def test_file_id_sends_again_but_is_one_bots_and_one_kinds(server: BotApiServer) -> None:
    file_id = ask(server, lambda bot: bot.send_document(CHANNEL, plain())).document.file_id
    assert ask(server, lambda bot: bot.send_document(CHANNEL, file_id)).document.file_id == file_id
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        ask(server, lambda bot: bot.send_document(CHANNEL, file_id), token="77:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-ab")
    with pytest.raises(TelegramBadRequest, match="can't use file of type Document as Photo"):
        ask(server, lambda bot: bot.send_photo(CHANNEL, file_id))
    assert len(server.messages) == 2


@pytest.mark.parametrize(
    ("send", "words"),
    [
        (lambda bot: bot.send_photo(CHANNEL, plain()), "IMAGE_PROCESS_FAILED"),
        (lambda bot: bot.send_photo(CHANNEL, png(size=(2100, 100))), "PHOTO_INVALID_DIMENSIONS"),
        (lambda bot: bot.send_document(CHANNEL, plain(b"")), "file must be non-empty"),
        (lambda bot: bot.send_photo(CHANNEL, plain(bytes(10 * 1024 * 1024 + 1))), "too big for a photo"),
        (lambda bot: bot.send_photo(CHANNEL, png(), caption="😀" * 513), "message caption is too long"),
        (lambda bot: bot.send_photo(CHANNEL, png(), caption="<b>", parse_mode="HTML"), "can't parse entities"),
    ],
)
def test_bad_files_and_captions_are_refused(
    server: BotApiServer, send: Callable[[Bot], Awaitable[Any]], words: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        ask(server, send)
    assert server.messages == []


def test_caption_counts_after_its_tags(server: BotApiServer) -> None:
    sent = ask(server, lambda bot: bot.send_photo(CHANNEL, png(), caption=f"<i>{'я' * 1024}</i>", parse_mode="HTML"))
    assert len(sent.caption) == 1024


def test_album_is_all_or_none(server: BotApiServer) -> None:
    album = [InputMediaPhoto(media=png(), caption="one"), InputMediaVideo(media=plain())]
    sent = ask(server, lambda bot: bot.send_media_group(CHANNEL, album))
    assert len({one.media_group_id for one in sent}) == 1
    assert [one.message_id for one in sent] == [1, 2]
    assert [one.caption for one in sent] == ["one", None]
    for parts in (
        [InputMediaPhoto(media=png()), InputMediaDocument(media=plain())],
        [InputMediaPhoto(media=png())] * 11,
        [InputMediaPhoto(media=png()), InputMediaPhoto(media=plain())],
    ):
        with pytest.raises(TelegramBadRequest):
            ask(server, lambda bot, parts=parts: bot.send_media_group(CHANNEL, parts))
    assert len(server.messages) == 2


def test_edits_keep_their_kind_and_take_buttons_away(server: BotApiServer) -> None:
    async def change(bot: Bot) -> list[Any]:
        await bot.send_message(CHANNEL, "text")
        await bot.send_photo(CHANNEL, png(), caption="caption")
        return [
            await bot.edit_message_caption(chat_id=CHANNEL, message_id=2, caption="new"),
            await bot.edit_message_media(
                InputMediaDocument(media=plain(), caption="file"), chat_id=CHANNEL, message_id=2
            ),
        ]

    captioned, replaced = ask(server, change)
    assert (captioned.caption, replaced.caption, replaced.document.file_name, replaced.photo) == (
        "new",
        "file",
        "a.bin",
        None,
    )
    with pytest.raises(TelegramBadRequest, match="there is no text in the message"):
        ask(server, lambda bot: bot.edit_message_text("x", chat_id=CHANNEL, message_id=2))
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message"):
        ask(server, lambda bot: bot.edit_message_caption(chat_id=CHANNEL, message_id=1, caption="x"))
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        ask(server, lambda bot: bot.edit_message_reply_markup(chat_id=CHANNEL, message_id=1))


def test_topics_are_shown_written_to_and_refuse(server: BotApiServer) -> None:
    topic = ask(server, lambda bot: bot.create_forum_topic(FORUM, "Buyer"))
    sent = ask(server, lambda bot: bot.send_message(FORUM, "x", message_thread_id=topic.message_thread_id))
    assert (topic.name, sent.message_thread_id, sent.is_topic_message) == ("Buyer", topic.message_thread_id, True)
    assert sent.chat.is_forum is True
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        ask(server, lambda bot: bot.send_message(FORUM, "x", message_thread_id=99))
    ask(server, lambda bot: bot.close_forum_topic(FORUM, topic.message_thread_id))
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        ask(server, lambda bot: bot.send_message(FORUM, "x", message_thread_id=topic.message_thread_id))
    ask(server, lambda bot: bot.delete_forum_topic(FORUM, topic.message_thread_id))
    assert server.messages[0].deleted is True
    with pytest.raises(TelegramBadRequest, match="the chat is not a forum"):
        ask(server, lambda bot: bot.create_forum_topic(CHANNEL, "Buyer"))


def test_parts_of_an_album_count_in_the_limits() -> None:
    album = [InputMediaDocument(media=plain(name=f"{number}")) for number in range(10)]

    async def send(bot: Bot) -> None:
        await bot.send_media_group(CHANNEL, album)
        await bot.edit_message_caption(chat_id=CHANNEL, message_id=1, caption="at once")

    with bot_api.running() as server:
        with pytest.raises(TelegramRetryAfter):
            ask(server, send)
        assert [message.text for message in server.messages] == [""] * 10


def test_brief_list_tells_what_was_sent_twice_or_lost(server: BotApiServer) -> None:
    ask(server, lambda bot: bot.send_message(CHANNEL, "mark 1"))
    ask(server, lambda bot: bot.send_photo(CHANNEL, png("p.png"), caption="mark 2"))
    ask(server, lambda bot: bot.delete_message(CHANNEL, 1))
    told = httpx2.get(f"{server.url}/_messages?brief=1", trust_env=False).json()
    assert [(one["bot"], one["chat"], one["id"], one["text"], one["file"], one["deleted"]) for one in told] == [
        (4242, CHANNEL, 1, "mark 1", "", True),
        (4242, CHANNEL, 2, "mark 2", "p.png", False),
    ]


def test_shares_of_faults_come_out_and_repeat_with_their_seed() -> None:
    def struck(seed: int) -> list[str]:
        plan = FaultPlan()
        shares = {"429": 0.1, "500": 0.05, "cut_after": 0.03, "cut_before": 0.02}
        plan.load({"shares": shares, "method": "send*", "seed": seed, "retry_after": 1})
        faults = [plan.strike("sendMessage", {}) for _ in range(5000)]
        assert plan.strike("getMe", {}) is None
        return [fault.kind if fault else "" for fault in faults]

    counted = Counter(struck(7))
    for kind, share in {"429": 500, "500": 250, "cut_after": 150, "cut_before": 100}.items():
        assert share * 0.7 <= counted[kind] <= share * 1.3
    assert struck(7) == struck(7)
    assert struck(7) != struck(8)
    with pytest.raises(ValueError, match="more than 1"):
        FaultPlan().load({"shares": {"429": 0.9, "500": 0.2}})


def test_webhook_needs_https_a_known_port_and_a_plain_secret(server: BotApiServer) -> None:
    for url in ("http://example.org/", "https://example.org:9000/"):
        with pytest.raises(TelegramBadRequest, match="bad webhook"):
            ask(server, lambda bot, url=url: bot.set_webhook(url))
    with pytest.raises(TelegramBadRequest, match="unallowed characters"):
        ask(server, lambda bot: bot.set_webhook("https://example.org/", secret_token="a b"))
    ask(
        server,
        lambda bot: bot.set_webhook("https://example.org:8443/", secret_token="a-b", allowed_updates=["message"]),
    )
    info = ask(server, lambda bot: bot.get_webhook_info())
    assert (info.url, info.allowed_updates, info.pending_update_count) == ("https://example.org:8443/", ["message"], 0)
    with pytest.raises(TelegramConflictError):
        ask(server, lambda bot: bot.get_updates())


def test_webhook_is_called_until_it_takes_the_update(server: BotApiServer) -> None:
    server.telegram.local = True
    with bot_api.running() as target:  # any address that answers: this one knows no such path but logs a method
        ask(server, lambda bot: bot.set_webhook(f"{target.url}/bot1:x/hook", secret_token="s3cret"))
        server.updates.add(4242, "message", telegram_updates.message(ChatRow(77, "private", "Nadia"), "hi"), number=5)
        wait_for(lambda: len(target.log) >= 2)
        info = ask(server, lambda bot: bot.get_webhook_info())
        assert info.last_error_message == "Wrong response from the webhook: 404 Not Found"
        assert info.pending_update_count == 1
        ask(server, lambda bot: bot.set_webhook(f"{target.url}/bot1:x/getMe", secret_token="s3cret"))
        wait_for(lambda: server.updates.confirmed[4242] == [5])
        assert {one.headers.get("X-Telegram-Bot-Api-Secret-Token") for one in target.log} == {"s3cret"}
        assert target.log[-1].params["update_id"] == "5"


def wait_for(seen: Callable[[], bool]) -> None:
    """Ask again until it is so; the test's own time limit ends it."""
    pause = threading.Event()
    while not seen():
        pause.wait(0.02)
