"""The Bot API stand-in's answers, read by aiogram itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import ChatMemberAdministrator, ChatMemberMember, LinkPreviewOptions

from tests.servers import bot_api, telegram_updates
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow

TOKEN = "4242:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-ab"
CHANNEL = -1001234567890


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        yield running


def ask(server: BotApiServer, question: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    """Ask through a real Bot."""

    async def main() -> Any:
        session = AiohttpSession(api=TelegramAPIServer.from_base(server.url), timeout=5)
        async with Bot(token, session=session) as bot:
            return await question(bot)

    return asyncio.run(main())


def test_get_me_is_a_user(server: BotApiServer) -> None:
    me = ask(server, lambda bot: bot.get_me())
    assert (me.id, me.is_bot, me.username) == (4242, True, "stand_in_4242_bot")


def test_message_in_a_channel_has_ids_per_chat_and_entities(server: BotApiServer) -> None:
    first = ask(
        server,
        lambda bot: bot.send_message(
            CHANNEL,
            '  Снег &amp; <b>лёд 😀</b> <a href="https://example.org/a?b=1&amp;c=2">здесь</a>  ',
            parse_mode="HTML",
            disable_notification=True,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        ),
    )
    second = ask(server, lambda bot: bot.send_message(CHANNEL, "<b>как есть</b>"))
    other = ask(server, lambda bot: bot.send_message(77, "hi"))
    assert (first.message_id, second.message_id, other.message_id) == (1, 2, 1)
    assert first.text == "Снег & лёд 😀 здесь"
    assert [(e.type, e.extract_from(first.text)) for e in first.entities] == [
        ("bold", "лёд 😀"),
        ("text_link", "здесь"),
    ]
    assert first.entities[1].url == "https://example.org/a?b=1&c=2"
    assert first.chat.type == "channel"
    assert first.sender_chat.id == CHANNEL
    assert first.link_preview_options.is_disabled is True
    assert second.text == "<b>как есть</b>"
    assert other.from_user.id == 4242
    assert [m.silent for m in server.messages] == [True, False, False]
    assert [(e.method, e.outcome, e.message_id, e.bot_id) for e in server.log] == [
        ("sendMessage", "ok", 1, 4242),
        ("sendMessage", "ok", 2, 4242),
        ("sendMessage", "ok", 1, 4242),
    ]


def test_chat_by_username_is_one_chat(server: BotApiServer) -> None:
    server.chats.add(CHANNEL, username="news", title="News")
    chat = ask(server, lambda bot: bot.get_chat("@News"))
    sent = ask(server, lambda bot: bot.send_message("@news", "x"))
    assert (chat.id, chat.title, chat.type) == (CHANNEL, "News", "channel")
    assert (sent.chat.id, sent.chat.username) == (CHANNEL, "news")


def test_members_are_told_with_their_rights(server: BotApiServer) -> None:
    server.chats.add(-100200300400500, refuse="need_admin")
    admins = ask(server, lambda bot: bot.get_chat_administrators(CHANNEL))
    me = ask(server, lambda bot: bot.get_chat_member(CHANNEL, 4242))
    weak = ask(server, lambda bot: bot.get_chat_member(-100200300400500, 4242))
    assert [type(admin) for admin in admins] == [ChatMemberAdministrator]
    assert me.can_post_messages is True
    assert isinstance(weak, ChatMemberMember)


def test_edit_and_delete_change_the_stored_message(server: BotApiServer) -> None:
    sent = ask(server, lambda bot: bot.send_message(CHANNEL, "one"))
    edited = ask(server, lambda bot: bot.edit_message_text("two", chat_id=CHANNEL, message_id=sent.message_id))
    assert (edited.text, server.messages[0].text) == ("two", "two")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        ask(server, lambda bot: bot.edit_message_text("two", chat_id=CHANNEL, message_id=sent.message_id))
    assert ask(server, lambda bot: bot.delete_message(CHANNEL, sent.message_id)) is True
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        ask(server, lambda bot: bot.delete_message(CHANNEL, sent.message_id))


def test_updates_and_webhook_exclude_each_other(server: BotApiServer) -> None:
    chat = ChatRow(77, "private", "Nadia")
    for number in (5, 6):
        server.updates.add(4242, "message", telegram_updates.message(chat, "hi"), number=number)
    assert [u.update_id for u in ask(server, lambda bot: bot.get_updates(offset=6))] == [6]
    assert server.updates.confirmed[4242] == [5]
    assert [u.update_id for u in ask(server, lambda bot: bot.get_updates())] == [6], "not confirmed, so it comes again"
    assert ask(server, lambda bot: bot.set_webhook("https://example.org/hook")) is True
    assert ask(server, lambda bot: bot.get_webhook_info()).url == "https://example.org/hook"
    with pytest.raises(TelegramConflictError):
        ask(server, lambda bot: bot.get_updates())
    assert ask(server, lambda bot: bot.delete_webhook()) is True


def test_updates_are_what_aiogram_takes_for_them(server: BotApiServer) -> None:
    channel, group = ChatRow(CHANNEL, "channel", "News", "news"), ChatRow(-5, "group", "Newsroom")
    add = partial(server.updates.add, 4242)
    add("message", telegram_updates.message(ChatRow(77, "private", "Nadia"), "/start abc"))
    add("channel_post", telegram_updates.message(channel, "post"))
    add("my_chat_member", telegram_updates.membership(4242, channel))
    for refuse in ("no_rights", "kicked", "not_member", "need_admin"):
        add("my_chat_member", telegram_updates.membership(4242, channel, refuse=refuse))
    add("my_chat_member", telegram_updates.membership(4242, group))
    add("message", telegram_updates.message(group, migrate_to_chat_id=-1009))
    got = ask(server, lambda bot: bot.get_updates())
    assert [one.update_id for one in got] == list(range(1000, 1009))
    assert [one.event_type for one in got] == ["message", "channel_post", *["my_chat_member"] * 6, "message"]
    assert (got[0].message.text, got[0].message.from_user.language_code) == ("/start abc", "ru")
    assert got[0].message.entities[0].type == "bot_command"
    assert (got[1].channel_post.sender_chat.id, got[1].channel_post.from_user) == (CHANNEL, None)
    members = [one.my_chat_member.new_chat_member for one in got[2:8]]
    statuses = ["administrator", "administrator", "kicked", "left", "member", "administrator"]
    assert [one.status for one in members] == statuses
    assert [one.can_post_messages for one in members[:2]] == [True, False]
    assert got[8].message.migrate_to_chat_id == -1009


def test_question_for_updates_waits_and_hears_what_comes(server: BotApiServer) -> None:
    timer = threading.Timer(0.3, lambda: server.updates.add(4242, "message", {"from": "anybody"}))
    timer.start()
    found = httpx2.post(f"{server.url}/bot{TOKEN}/getUpdates", json={"timeout": 10}, trust_env=False).json()
    timer.join()
    assert found == {"ok": True, "result": [{"update_id": 1000, "message": {"from": "anybody"}}]}
    assert httpx2.post(f"{server.url}/bot{TOKEN}/getUpdates", json={"offset": 1001}, trust_env=False).json() == {
        "ok": True,
        "result": [],
    }


def test_later_question_ends_the_earlier_one(server: BotApiServer) -> None:
    async def main() -> list[Any]:
        session = AiohttpSession(api=TelegramAPIServer.from_base(server.url), timeout=20)
        async with Bot(TOKEN, session=session) as bot:
            first = asyncio.create_task(bot.get_updates(timeout=10))
            await asyncio.sleep(0.2)
            second = bot.get_updates(timeout=0)
            return await asyncio.gather(first, second, return_exceptions=True)

    ended, answered = asyncio.run(main())
    assert isinstance(ended, TelegramConflictError)
    assert "terminated by other getUpdates" in str(ended)
    assert answered == []


def test_only_kinds_that_were_asked_for_come(server: BotApiServer) -> None:
    assert server.updates.add(4242, "chat_member", {}) is None, "only on request"
    ask(server, lambda bot: bot.get_updates(allowed_updates=["my_chat_member"]))
    assert server.updates.add(4242, "message", {}) is None
    assert server.updates.add(4242, "my_chat_member", {}) == 1000
    told = httpx2.post(f"{server.url}/_updates", json={"bot_id": 7, "kind": "message", "content": {}}, trust_env=False)
    assert told.json() == {"ok": True, "update_id": 1000}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("жж</b>", "Unexpected end tag at byte offset 4"),
        ("<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("1 < 2", "Unsupported start tag"),
        ("   ", "text must be non-empty"),
        ("<b> </b>", "text must be non-empty"),
        ("😀" * 2049, "message is too long"),
    ],
)
def test_bad_text_is_refused_in_telegrams_words(server: BotApiServer, text: str, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words.replace("?", r"\?")):
        ask(server, lambda bot: bot.send_message(CHANNEL, text, parse_mode="HTML"))
    assert server.messages == []


def test_length_counts_after_the_tags_are_gone(server: BotApiServer) -> None:
    sent = ask(server, lambda bot: bot.send_message(CHANNEL, f"<b>{'я' * 4096}</b>", parse_mode="HTML"))
    assert len(sent.text) == 4096


def test_unknown_token_chat_and_method_are_refused() -> None:
    with bot_api.running(tokens=[TOKEN], strict_chats=True) as server:
        with pytest.raises(TelegramUnauthorizedError):
            ask(server, lambda bot: bot.get_me(), token="1:other")
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            ask(server, lambda bot: bot.send_message(CHANNEL, "x"))
        with pytest.raises(TelegramNotFound):
            ask(server, lambda bot: bot.close())
        server.chats.add(CHANNEL, refuse="blocked")
        with pytest.raises(TelegramForbiddenError, match="bot was blocked"):
            ask(server, lambda bot: bot.send_message(CHANNEL, "x"))
        server.chats.add(-5, migrated_to=CHANNEL)
        with pytest.raises(TelegramMigrateToChat) as caught:
            ask(server, lambda bot: bot.send_message(-5, "x"))
        assert caught.value.migrate_to_chat_id == CHANNEL


@pytest.mark.parametrize(
    ("kind", "error", "stored"),
    [
        ("429", TelegramRetryAfter, 0),
        ("500", TelegramServerError, 0),
        ("error", TelegramBadRequest, 0),
        ("cut_before", TelegramNetworkError, 0),
        ("cut_after", TelegramNetworkError, 1),
        ("malformed", ClientDecodeError, 1),
    ],
)
def test_fault_happens_so_many_times_and_is_logged(
    server: BotApiServer, kind: str, error: type[Exception], stored: int
) -> None:
    server.faults.add(kind, method="sendMessage", times=1, retry_after=7)
    with pytest.raises(error) as caught:
        ask(server, lambda bot: bot.send_message(CHANNEL, "x"))
    assert len(server.messages) == stored
    assert (server.log[-1].fault, server.log[-1].stored) == (kind, bool(stored))
    if isinstance(caught.value, TelegramRetryAfter):
        assert caught.value.retry_after == 7
    assert ask(server, lambda bot: bot.send_message(CHANNEL, "y")).text == "y"


def test_slow_answer_outlasts_a_client_that_gives_up(server: BotApiServer) -> None:
    server.faults.add("slow_after", seconds=1.0, times=1)
    with pytest.raises(TelegramNetworkError, match="timeout"):
        ask(server, lambda bot: bot.send_message(CHANNEL, "x", request_timeout=0.2))
    assert [message.text for message in server.messages] == ["x"]


def test_limits_answer_429_unless_they_are_off() -> None:
    async def send(bot: Bot, count: int) -> None:
        for number in range(count):
            await bot.send_message(CHANNEL, f"{number}")

    with bot_api.running() as server:
        with pytest.raises(TelegramRetryAfter) as caught:
            ask(server, lambda bot: send(bot, 4))
        assert caught.value.retry_after == 1
        assert (server.log[-1].outcome, server.log[-1].stored, len(server.messages)) == ("limited", False, 3)
    with bot_api.running(limits=False) as server:
        ask(server, lambda bot: send(bot, 40))
        assert len(server.messages) == 40
