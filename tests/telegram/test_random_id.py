"""What a number of the sender's own is worth over MTProto; see docs/adr/exactly-once-to-channels.md."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telethon.errors import RandomIdDuplicateError
from telethon.tl import functions, types

from apps.core.clock import now
from apps.telegram.adapters.telethon import TelethonReader
from apps.telegram.adapters.telethon_client import connected
from apps.telegram.adapters.telethon_login import TelethonLoginDesk
from apps.telegram.login import LoggedIn
from apps.telegram.looking import sight_since
from apps.telegram.reading import ChannelRef, SessionSnapshot
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import Account, channel, user
from tests.servers.mtproto_sending import SendingTelegram

PHONES = {"79001112233": 501, "79001112244": 502}
CHAT, NUMBER = 77, 4_242_424_242
CUT = (ConnectionError, asyncio.IncompleteReadError)


@pytest.fixture
def telegram() -> SendingTelegram:
    accounts = {phone: Account(user=user(number)) for phone, number in PHONES.items()}
    return SendingTelegram(accounts=accounts, channels={CHAT: channel(CHAT)})


@pytest.fixture
def server(telegram: SendingTelegram, settings: Any, tmp_path: Path) -> Iterator[MtprotoStandIn]:
    with MtprotoStandIn(telegram).running() as running:
        settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{running.port}"
        settings.TELEGRAM_MTPROTO_KEY = str(running.write_key(tmp_path / "server.pem"))
        settings.TELEGRAM_MTPROTO_DC = 2
        settings.TELEGRAM_MTPROTO_TIMEOUT_S = 30.0
        telegram.port = running.port
        yield running


def account(string: str = "") -> SessionSnapshot:
    return SessionSnapshot(pk=1, api_id=12345, api_hash="0123456789abcdef", string=string)


def logged_in(phone: str = "79001112233") -> SessionSnapshot:
    """An account that has logged in; each use of it is a connection of its own, as after a kill."""

    async def steps() -> str:
        desk = TelethonLoginDesk()
        sent = await desk.send_code(account(), f"+{phone}")
        done = await desk.enter_code(account(sent.string), phone, sent.code_hash, "24680")
        assert isinstance(done, LoggedIn)
        return done.string

    return account(asyncio.run(steps()))


def sent(by: SessionSnapshot, text: str = "Fire in the port", number: int = NUMBER) -> dict[int, int]:
    """Send once, past Telethon's own repeating; the messages' ids by their numbers."""

    async def send() -> dict[int, int]:
        request = functions.messages.SendMessageRequest(
            peer=types.InputPeerChannel(CHAT, CHAT * 7), message=text, random_id=number
        )
        async with connected(by) as client:
            answer = await client._sender.send(request)
        return {one.random_id: one.id for one in answer.updates if isinstance(one, types.UpdateMessageID)}

    return asyncio.run(send())


def texts(telegram: SendingTelegram) -> list[str]:
    return [one.message for one in telegram.messages.get(CHAT, [])]


def test_answer_tells_which_message_it_became(server: MtprotoStandIn, telegram: SendingTelegram) -> None:
    assert sent(logged_in()) == {NUMBER: 1}
    assert texts(telegram) == ["Fire in the port"]


def test_repeat_after_a_cut_that_came_after_is_refused_and_the_first_is_found_by_reading(
    server: MtprotoStandIn, telegram: SendingTelegram
) -> None:
    by, began = logged_in(), now()
    telegram.cuts = ["after"]
    with pytest.raises(CUT):
        sent(by)
    for _again in range(2):
        with pytest.raises(RandomIdDuplicateError):
            sent(by)
    assert texts(telegram) == ["Fire in the port"]

    async def look() -> list[tuple[int, str]]:
        async with TelethonReader(by) as reader:
            found = await sight_since(reader, ChannelRef(CHAT, CHAT * 7), began - timedelta(minutes=1))
        return [(one.message_id, one.said.text) for one in found.seen]

    assert asyncio.run(look()) == [(1, "Fireintheport")]  # compared without spaces


def test_repeat_after_a_cut_that_came_before_is_taken(server: MtprotoStandIn, telegram: SendingTelegram) -> None:
    by = logged_in()
    telegram.cuts = ["before"]
    with pytest.raises(CUT):
        sent(by)
    assert texts(telegram) == []
    assert sent(by) == {NUMBER: 1}
    assert texts(telegram) == ["Fire in the port"]


def test_number_is_the_accounts_own(server: MtprotoStandIn, telegram: SendingTelegram) -> None:
    assert sent(logged_in()) == {NUMBER: 1}
    assert sent(logged_in("79001112244")) == {NUMBER: 2}
