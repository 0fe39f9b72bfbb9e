"""The adapter against an MTProto server on loopback: real keys, real encryption, nothing of Telethon replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telethon.sessions import StringSession
from telethon.tl import types

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.telethon import TelethonReader
from apps.telegram.adapters.telethon_login import TelethonLoginDesk
from apps.telegram.login import LoggedIn, PasswordWanted
from apps.telegram.reading import ChannelRef, SessionSnapshot
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import Account, Telegram, channel, message, user

PHONE = "79001112233"
ACCOUNT = SessionSnapshot(pk=1, api_id=12345, api_hash="0123456789abcdef", string="")


@pytest.fixture
def telegram() -> Telegram:
    return Telegram(accounts={PHONE: Account(user=user(501, username="vera_reads"))})


@pytest.fixture
def server(telegram: Telegram, settings: Any, tmp_path: Path) -> Iterator[MtprotoStandIn]:
    with MtprotoStandIn(telegram).running() as running:
        settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{running.port}"
        settings.TELEGRAM_MTPROTO_KEY = str(running.write_key(tmp_path / "server.pem"))
        settings.TELEGRAM_MTPROTO_DC = 2
        settings.TELEGRAM_MTPROTO_TIMEOUT_S = 30.0
        telegram.port = running.port
        yield running


def with_string(string: str) -> SessionSnapshot:
    return SessionSnapshot(pk=1, api_id=12345, api_hash="0123456789abcdef", string=string)


def logged_in(code: str = "24680") -> str:
    """The string of an account that has logged in without a password."""

    async def steps() -> str:
        desk = TelethonLoginDesk()
        sent = await desk.send_code(ACCOUNT, f"+{PHONE}")
        done = await desk.enter_code(with_string(sent.string), PHONE, sent.code_hash, code)
        assert isinstance(done, LoggedIn)
        return done.string

    return asyncio.run(steps())


def test_login_goes_over_four_connections(server: MtprotoStandIn, telegram: Telegram) -> None:
    telegram.accounts[PHONE] = Account(user=user(501, username="vera_reads"), password="correct horse", hint="a horse")

    async def steps() -> LoggedIn:
        desk = TelethonLoginDesk()
        sent = await desk.send_code(ACCOUNT, "+7 900 111-22-33")
        assert (sent.way, sent.next_way, sent.wait_s, sent.code_hash) == ("app", "sms", 60, "hash-1")
        again = await desk.resend_code(with_string(sent.string), PHONE, sent.code_hash)
        assert (again.way, again.next_way, again.string) == ("sms", "", sent.string)
        with pytest.raises(PermanentError) as wrong:
            await desk.enter_code(with_string(again.string), PHONE, again.code_hash, "00000")
        assert wrong.value.code == "code_wrong"
        wanted = await desk.enter_code(with_string(again.string), PHONE, again.code_hash, "24680")
        assert isinstance(wanted, PasswordWanted)
        assert wanted.hint == "a horse"
        with pytest.raises(PermanentError) as refused:
            await desk.enter_password(with_string(wanted.string), "wrong horse")
        assert refused.value.code == "password_wrong"
        return await desk.enter_password(with_string(wanted.string), "correct horse")

    done = asyncio.run(steps())
    assert (done.me.user_id, done.me.username, done.me.name) == (501, "vera_reads", "Vera")
    assert len(server.keys) == 1  # every step came with the key of the first


def test_phone_of_another_data_centre_is_followed_there(server: MtprotoStandIn, telegram: Telegram) -> None:
    telegram.refusals["SendCode"] = [(303, "PHONE_MIGRATE_4")]

    async def steps() -> LoggedIn | PasswordWanted:
        sent = await TelethonLoginDesk().send_code(ACCOUNT, PHONE)
        assert StringSession(sent.string).dc_id == 4
        return await TelethonLoginDesk().enter_code(with_string(sent.string), PHONE, sent.code_hash, "24680")

    assert isinstance(asyncio.run(steps()), LoggedIn)
    assert len(server.keys) == 2  # a key at each of the two


def test_step_whose_process_died_is_made_good_by_the_next(server: MtprotoStandIn, telegram: Telegram) -> None:
    async def steps() -> LoggedIn | PasswordWanted:
        sent = await TelethonLoginDesk().send_code(ACCOUNT, PHONE)
        account = with_string(sent.string)
        await TelethonLoginDesk().enter_code(account, PHONE, sent.code_hash, "24680")  # nobody kept the answer
        return await TelethonLoginDesk().enter_code(account, PHONE, sent.code_hash, "24680")

    done = asyncio.run(steps())
    assert isinstance(done, LoggedIn)
    assert done.me.user_id == 501
    assert telegram.asked.count("SignIn") == 1


def test_channel_is_found_and_read_page_by_page(server: MtprotoStandIn, telegram: Telegram) -> None:
    telegram.channels[77] = channel(77, title="Port news", username="port_news")
    telegram.messages[77] = [message(77, n, f"Post {n}") for n in range(1, 251) if n != 40]
    string = logged_in()

    async def read() -> None:
        async with TelethonReader(with_string(string)) as reader:
            assert (await reader.me()).username == "vera_reads"
            found = await reader.resolve("@port_news")
            assert (found.chat_id, found.title, found.username, found.kind) == (77, "Port news", "port_news", "channel")
            ref = ChannelRef(found.chat_id, found.access_hash)
            assert (await reader.describe(ref)).title == "Port news"
            first = await reader.newer(ref, after_id=0)
            assert [one.message_id for one in first] == [n for n in range(1, 102) if n != 40]
            last = await reader.newer(ref, after_id=240)
            assert [one.message_id for one in last] == list(range(241, 251))
            assert await reader.newer(ref, after_id=250) == []
            newest = await reader.older(ref, before_id=0, limit=3)
            assert [one.message_id for one in newest] == [250, 249, 248]
            assert [one.message_id for one in await reader.older(ref, before_id=3)] == [2, 1]
            again = await reader.by_ids(ref, [39, 40])
            assert again[40] is None
            assert again[39] is not None
            assert again[39].text == "Post 39"

    asyncio.run(read())
    assert "GetDialogs" not in telegram.asked


def test_refusals_come_in_our_words(server: MtprotoStandIn, telegram: Telegram) -> None:
    telegram.channels[77] = channel(77, username="port_news")
    telegram.messages[77] = [message(77, 1, "Post")]
    string = logged_in()
    told: dict[str, tuple[str, float | None]] = {}

    async def read() -> None:
        async with TelethonReader(with_string(string)) as reader:
            ref = ChannelRef(77, 77 * 7)
            for number, name in (
                (400, "CHANNEL_PRIVATE"),
                (400, "USER_BANNED_IN_CHANNEL"),
                (403, "CHAT_FORBIDDEN"),
                (500, "INTERNAL"),
                (400, "SOMETHING_NEW"),
            ):
                telegram.refusals["GetHistory"] = [(number, name)] * 2
                with pytest.raises((PermanentError, RetryableError)) as refused:
                    await reader.newer(ref, after_id=0)
                told[name] = (refused.value.code, getattr(refused.value, "retry_after", None))
                telegram.refusals.clear()
            with pytest.raises(PermanentError) as unknown:
                await reader.resolve("nobody_here")
            assert unknown.value.code == "not_found"
            with pytest.raises(PermanentError) as foreign:
                await reader.newer(ChannelRef(77, 1), after_id=0)
            assert foreign.value.code == "not_found"
            telegram.refusals["GetHistory"] = [(420, "FLOOD_WAIT_31")]
            with pytest.raises(RetryableError) as flood:
                await reader.newer(ref, after_id=0)
            assert (flood.value.code, flood.value.retry_after) == ("flood", 31)

    asyncio.run(read())
    assert told == {
        "CHANNEL_PRIVATE": ("private", None),
        "USER_BANNED_IN_CHANNEL": ("banned", None),
        "CHAT_FORBIDDEN": ("banned", None),
        "INTERNAL": ("network", None),
        "SOMETHING_NEW": ("refused", None),
    }


def test_file_is_fetched_from_any_place_and_its_reference_renewed(server: MtprotoStandIn, telegram: Telegram) -> None:
    content = bytes(n % 251 for n in range(1_300_000))
    photo = types.Photo(
        id=900, access_hash=1, file_reference=b"fresh", date=None, dc_id=2, sizes=[types.PhotoSize("y", 900, 600, 9)]
    )
    telegram.channels[77] = channel(77, username="port_news")
    telegram.messages[77] = [message(77, 5, media=types.MessageMediaPhoto(photo=photo))]
    telegram.files[900] = content
    string = logged_in()

    async def fetch() -> tuple[bytes, bytes]:
        async with TelethonReader(with_string(string)) as reader:
            ref = ChannelRef(77, 77 * 7)
            post = (await reader.newer(ref, after_id=0))[0]
            assert post.attachment is not None
            whole = b"".join([piece async for piece in reader.fetch_media(ref, 5, post.attachment.remote)])
            stale = {**post.attachment.remote, "reference": "c3RhbGU="}
            rest = b"".join([piece async for piece in reader.fetch_media(ref, 5, stale, offset=4096 * 200)])
            telegram.messages[77] = []
            with pytest.raises(PermanentError) as gone:
                [piece async for piece in reader.fetch_media(ref, 5, stale)]
            assert gone.value.code == "media_gone"
            return whole, rest

    whole, rest = asyncio.run(fetch())
    assert whole == content
    assert rest == content[4096 * 200 :]


def test_revoked_login_is_login_lost(server: MtprotoStandIn, telegram: Telegram) -> None:
    string = logged_in()
    asyncio.run(TelethonLoginDesk().log_out(with_string(string)))
    assert telegram.logins == {}
    asyncio.run(TelethonLoginDesk().log_out(with_string(string)))  # gone already: no failure

    async def open_it() -> None:
        async with TelethonReader(with_string(string)) as reader:
            await reader.me()

    with pytest.raises(PermanentError) as lost:
        asyncio.run(open_it())
    assert lost.value.code == "login_lost"


def test_used_from_two_places_is_login_lost(server: MtprotoStandIn, telegram: Telegram) -> None:
    string = logged_in()
    telegram.refusals["GetUsers"] = [(406, "AUTH_KEY_DUPLICATED")]

    async def open_it() -> None:
        async with TelethonReader(with_string(string)):
            pass

    with pytest.raises(PermanentError) as lost:
        asyncio.run(open_it())
    assert (lost.value.code, "two places" in str(lost.value)) == ("login_lost", True)


def test_key_that_the_server_forgot_is_tried_again(server: MtprotoStandIn, telegram: Telegram) -> None:
    string = logged_in()
    server.keys.clear()

    async def open_it() -> None:
        async with TelethonReader(with_string(string)):
            pass

    with pytest.raises(RetryableError) as away:
        asyncio.run(open_it())
    assert away.value.code == "network"


def test_hint_comes_and_a_cut_ends_the_hints(server: MtprotoStandIn, telegram: Telegram) -> None:
    telegram.channels[77] = channel(77, username="port_news")
    string = logged_in()

    async def listen() -> list[int]:
        heard: list[int] = []
        async with TelethonReader(with_string(string)) as reader:
            await reader.me()
            server.push(
                types.Updates(
                    updates=[types.UpdateNewChannelMessage(message=message(77, 9, "News"), pts=2, pts_count=1)],
                    users=[],
                    chats=[telegram.channels[77]],
                    date=None,
                    seq=0,
                )
            )
            with pytest.raises(RetryableError) as cut:
                await heard_until_the_end(reader, heard, server)
            assert cut.value.code == "network"
        return heard

    assert asyncio.run(listen()) == [77]


async def heard_until_the_end(reader: TelethonReader, heard: list[int], server: MtprotoStandIn) -> None:
    """Note the hints; the first one has the connection cut."""
    async with asyncio.timeout(20):
        async for chat_id in reader.hints():
            heard.append(chat_id)
            server.cut()


def test_silent_server_is_a_time_out_in_words(server: MtprotoStandIn, settings: Any) -> None:
    settings.TELEGRAM_MTPROTO_TIMEOUT_S = 1.0
    server.silent = True
    with pytest.raises(RetryableError) as away:
        asyncio.run(TelethonLoginDesk().send_code(ACCOUNT, PHONE))
    assert (away.value.code, str(away.value)) == (
        "network",
        "Telegram can't be reached, or the proxy of the account does not answer.",
    )


def test_stranger_on_the_port_is_a_failure_in_words(settings: Any, tmp_path: Path) -> None:
    """Whatever a server says that is none: nothing, garbage, another protocol, an end."""
    settings.TELEGRAM_MTPROTO_KEY = str(MtprotoStandIn(lambda *_: None).write_key(tmp_path / "key.pem"))
    settings.TELEGRAM_MTPROTO_TIMEOUT_S = 2.0

    async def ask(answer: bytes) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(answer)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            with pytest.raises(RetryableError) as away:
                await TelethonLoginDesk().send_code(ACCOUNT, PHONE)
            return away.value.code

    answers = (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", bytes(range(256)) * 4)
    assert [asyncio.run(ask(answer)) for answer in answers] == ["network"] * 4


def test_nobody_on_the_port_is_a_failure_in_words(settings: Any, tmp_path: Path) -> None:
    settings.TELEGRAM_MTPROTO_KEY = str(MtprotoStandIn(lambda *_: None).write_key(tmp_path / "key.pem"))
    settings.TELEGRAM_MTPROTO_SERVER = "127.0.0.1:1"
    with pytest.raises(RetryableError) as away:
        asyncio.run(TelethonLoginDesk().send_code(ACCOUNT, PHONE))
    assert away.value.code == "network"
