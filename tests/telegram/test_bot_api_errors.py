"""What each failure of Telegram means to Pult."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from apps.core.errors import PermanentError, PultError, RetryableError, UnknownOutcomeError
from apps.telegram.ports import BotApi, BotSnapshot
from apps.telegram.refusals import CODES
from apps.telegram.services import bot_api as open_bot_api
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.telegram.factories import token_of

CHANNEL = -1001234567890
BOT = BotSnapshot(bot_id=4242, token=token_of(4242))


@pytest.fixture
def server(settings: Any) -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def ask(question: Callable[[BotApi], Awaitable[Any]], bot: BotSnapshot = BOT) -> Any:
    """Ask through the adapter that settings choose."""

    async def main() -> Any:
        async with open_bot_api(bot) as api:
            return await question(api)

    return asyncio.run(main())


def send(api: BotApi) -> Awaitable[Any]:
    """Send one message."""
    return api.send_message(CHANNEL, "<b>x</b>")


def edit(api: BotApi) -> Awaitable[Any]:
    """Edit the first message."""
    return api.edit_message_text(CHANNEL, 1, "y")


def test_sent_message_is_told_with_its_id(server: BotApiServer) -> None:
    server.chats.add(CHANNEL, username="news")
    first = ask(lambda api: api.send_message("@news", "<b>Мост</b> открыт", silent=True, link_preview=False))
    assert (first.message_id, first.chat_id, first.chat_username) == (1, CHANNEL, "news")
    stored = server.messages[0]
    assert (stored.text, stored.silent, stored.link_preview) == ("Мост открыт", True, {"is_disabled": True})
    assert ask(lambda api: api.send_message(77, "hi")).chat_username == ""


def test_chat_and_member_are_told(server: BotApiServer) -> None:
    server.chats.add(-1002, kind="supergroup", title="Team", username="team")
    server.chats.add(-1003, kind="channel", refuse="no_rights")
    chat = ask(lambda api: api.get_chat(-1002))
    assert (chat.chat_id, chat.kind, chat.title, chat.username, chat.is_group) == (
        -1002,
        "supergroup",
        "Team",
        "team",
        True,
    )
    member = ask(lambda api: api.get_chat_member(CHANNEL, 4242))
    assert (member.status, member.can_post, member.can_edit, member.can_delete) == ("administrator", True, True, True)
    assert ask(lambda api: api.get_chat_member(-1003, 4242)).can_post is False
    assert ask(lambda api: api.get_chat_member(-1002, 4242)).can_post is True
    server.chats.add(-1004, kind="supergroup", refuse="kicked")
    assert ask(lambda api: api.get_chat_member(-1004, 4242)).can_post is False


def test_edit_and_delete_are_harmless_to_repeat(server: BotApiServer) -> None:
    ask(send)
    ask(edit)
    ask(edit)
    assert server.messages[0].text == "y"
    assert server.log[-1].outcome == "refused"
    assert ask(lambda api: api.delete_message(CHANNEL, 1)) is True
    assert ask(lambda api: api.delete_message(CHANNEL, 1)) is False


@pytest.mark.parametrize(
    ("status", "description", "code"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked"),
        (403, "Forbidden: user is deactivated", "deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user", "not_started"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "not_member"),
        (403, "Forbidden: bot is not a member of the channel chat", "not_member"),
        (400, "Bad Request: chat not found", "chat_not_found"),
        (400, "Bad Request: chat_id is empty", "chat_not_found"),
        (400, "Bad Request: need administrator rights in the channel chat", "no_rights"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights"),
        (400, "Bad Request: message thread not found", "topic_not_found"),
        (400, "Bad Request: TOPIC_CLOSED", "topic_closed"),
        (400, "Bad Request: message is too long", "too_long"),
        (413, "Request Entity Too Large", "too_big"),
        (400, "Bad Request: message text is empty", "empty"),
        (400, 'Bad Request: can\'t parse entities: Unsupported start tag "p"', "bad_markup"),
        (400, "Bad Request: message to edit not found", "message_not_found"),
        (400, "Bad Request: message can't be edited", "not_changeable"),
        (401, "Unauthorized", "token_revoked"),
        (404, "Not Found", "token_revoked"),
        (404, "Not Found: method not found", "bad_request"),
        (409, "Conflict: terminated by other getUpdates request", "conflict"),
        (400, "Bad Request: something new", "bad_request"),
        (418, "I'm a teapot", "bad_request"),
    ],
)
def test_refusal_is_permanent_and_in_words(server: BotApiServer, status: int, description: str, code: str) -> None:
    server.faults.add("error", status=status, description=description)
    with pytest.raises(PermanentError) as caught:
        ask(send)
    assert caught.value.code == code
    assert code in CODES
    assert "Bad Request" not in str(caught.value)
    assert "aiogram" not in str(caught.value)
    assert len(str(caught.value)) > 15
    assert server.messages == []


def test_markup_refusal_says_what_is_wrong(server: BotApiServer) -> None:
    with pytest.raises(PermanentError, match='Unsupported start tag "p" at byte offset 0'):
        ask(lambda api: api.send_message(CHANNEL, "<p>x</p>"))


def test_group_that_moved_names_its_new_id(server: BotApiServer) -> None:
    server.chats.add(-5, migrated_to=-100777)
    with pytest.raises(PermanentError, match="-100777") as caught:
        ask(lambda api: api.send_message(-5, "x"))
    assert caught.value.code == "chat_migrated"


def test_unknown_and_misshapen_tokens_are_refused(settings: Any) -> None:
    with bot_api.running(tokens=[token_of(1)]) as server:
        settings.TELEGRAM_API_URL = server.url
        with pytest.raises(PermanentError) as unknown:
            ask(lambda api: api.get_me())
        with pytest.raises(PermanentError) as misshapen:
            ask(lambda api: api.get_me(), bot=BotSnapshot(bot_id=1, token="no token"))
        assert [unknown.value.code, misshapen.value.code] == ["token_revoked", "token_malformed"]
        assert "no token" not in str(misshapen.value)
        assert len(server.log) == 1


def test_too_many_is_retryable_after_what_telegram_says(server: BotApiServer) -> None:
    server.faults.add("429", retry_after=17)
    with pytest.raises(RetryableError) as caught:
        ask(send)
    assert (caught.value.retry_after, caught.value.code) == (17, "rate_limited")
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("fault", "code", "stored"),
    [
        ({"kind": "500"}, "server_error", 0),
        ({"kind": "error", "status": 502, "description": "Bad Gateway"}, "server_error", 0),
        ({"kind": "cut_before"}, "cut", 0),
        ({"kind": "cut_after"}, "cut", 1),
        ({"kind": "slow_after", "seconds": 2}, "timeout", 1),
        ({"kind": "malformed"}, "server_error", 1),
    ],
)
def test_unanswered_send_is_unknown_and_tried_once(
    server: BotApiServer, fault: dict[str, Any], code: str, stored: int
) -> None:
    server.faults.add(**fault)
    with pytest.raises(UnknownOutcomeError) as caught:
        ask(lambda api: api.send_message(CHANNEL, "x", request_timeout=0.5))
    assert caught.value.code == code
    assert len(server.log.of("sendMessage")) == 1
    assert len(server.messages) == stored


@pytest.mark.parametrize("kind", ["500", "cut_before", "cut_after", "malformed"])
@pytest.mark.parametrize("question", [edit, lambda api: api.get_me(), lambda api: api.delete_message(CHANNEL, 1)])
def test_unanswered_question_or_edit_is_retryable(
    server: BotApiServer, kind: str, question: Callable[[BotApi], Awaitable[Any]]
) -> None:
    ask(send)
    server.faults.add(kind, times=1)
    with pytest.raises(RetryableError):
        ask(question)


def test_refused_connection_is_retryable(settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RetryableError) as caught:
            ask(send)
    assert caught.value.code == "no_connection"


def test_unknown_host_is_retryable(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    settings.TELEGRAM_API_URL = "http://telegram.invalid"
    with pytest.raises(RetryableError) as caught:
        ask(send)
    assert caught.value.code == "no_connection"


def test_hung_connection_is_retryable(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(30)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", hang)
    monkeypatch.setattr("apps.telegram.adapters.aiogram_wire.CONNECT_TIMEOUT_S", 0.2)
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"
    with pytest.raises(RetryableError) as caught:
        ask(send)
    assert caught.value.code == "no_connection"


@pytest.mark.parametrize("failure", [PermanentError, RetryableError, UnknownOutcomeError])
def test_token_is_in_no_failure(server: BotApiServer, failure: type[PultError]) -> None:
    kind = {PermanentError: "error", RetryableError: "429", UnknownOutcomeError: "cut_after"}[failure]
    server.faults.add(kind)
    with pytest.raises(failure) as caught:
        ask(send)
    secret = BOT.token.partition(":")[2]
    assert secret not in str(caught.value)
    assert caught.value.__suppress_context__
    assert secret not in repr(BOT)
    assert secret not in repr(open_bot_api(BOT))
