"""Invitations, own channels and migrated groups, asked by the real adapter over MTProto."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from telethon.tl import types

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.telethon import TelethonReader
from apps.telegram.reading import ChannelRef
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import SENT, Account, Invite, Telegram, channel, made, message, service, user
from tests.telegram.test_mtproto import PHONE, logged_in, with_string

Answer = TypeVar("Answer")
LINK = "AbCdEf123456"


@pytest.fixture
def telegram() -> Telegram:
    known = Telegram(accounts={PHONE: Account(user=user(501, username="vera_reads"))})
    known.channels[88] = channel(88, title="The inner circle")
    known.insiders[88] = set()
    known.messages[88] = [message(88, 1, "Among ourselves")]
    known.invites[LINK] = Invite(known.channels[88], members=42)
    return known


@pytest.fixture
def asked(telegram: Telegram, settings: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Ask a reader that is connected to the stand-in."""
    with MtprotoStandIn(telegram).running() as running:
        settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{running.port}"
        settings.TELEGRAM_MTPROTO_KEY = str(running.write_key(tmp_path / "server.pem"))
        settings.TELEGRAM_MTPROTO_DC = 2
        settings.TELEGRAM_MTPROTO_TIMEOUT_S = 30.0
        telegram.port = running.port
        string = logged_in()

        def ask(question: Callable[[TelethonReader], Awaitable[Answer]]) -> Answer:
            async def connected() -> Answer:
                async with TelethonReader(with_string(string)) as reader:
                    return await question(reader)

            return asyncio.run(connected())

        yield ask


def test_invitation_is_told_and_joins_only_when_asked(asked: Callable[..., Any], telegram: Telegram) -> None:
    async def steps(reader: TelethonReader) -> None:
        told = await reader.invitation(LINK)
        assert (told.title, told.members, told.kind, told.channel) == ("The inner circle", 42, "channel", None)
        assert (told.is_request, told.is_paid) == (False, False)
        assert telegram.insiders[88] == set()
        with pytest.raises(PermanentError) as closed:
            await reader.newer(ChannelRef(88, 88 * 7), after_id=0)
        assert closed.value.code == "private"

        joined = await reader.join(LINK)
        assert (joined.chat_id, joined.access_hash, joined.title, joined.username) == (88, 616, "The inner circle", "")
        assert telegram.insiders[88] == {501}
        page = await reader.newer(ChannelRef(joined.chat_id, joined.access_hash), after_id=0)
        assert [one.text for one in page] == ["Among ourselves"]

        with pytest.raises(PermanentError) as again:
            await reader.join(LINK)
        assert again.value.code == "already_in"
        inside = await reader.invitation(LINK)
        assert inside.channel == joined

    asked(steps)
    assert "GetDialogs" not in telegram.asked


def test_group_is_told_apart_from_a_channel(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.channels[88].broadcast, telegram.channels[88].megagroup = False, True
    assert asked(lambda reader: reader.invitation(LINK)).kind == "supergroup"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("INVITE_HASH_EXPIRED", "invite_expired"),
        ("INVITE_HASH_INVALID", "invite_wrong"),
        ("INVITE_HASH_EMPTY", "invite_wrong"),
        ("INVITE_REQUEST_SENT", "join_requested"),
        ("CHANNELS_TOO_MUCH", "channels_full"),
        ("USER_CHANNELS_TOO_MUCH", "channels_full"),
        ("USERS_TOO_MUCH", "members_full"),
        ("USER_ALREADY_PARTICIPANT", "already_in"),
        ("CHANNEL_PRIVATE", "private"),
    ],
)
def test_refusals_of_joining_come_in_our_words(
    asked: Callable[..., Any], telegram: Telegram, name: str, code: str
) -> None:
    telegram.refusals["ImportChatInvite"] = [(400, name)]
    with pytest.raises(PermanentError) as refused:
        asked(lambda reader: reader.join(LINK))
    assert refused.value.code == code


def test_flood_wait_of_an_invitation_is_told_in_seconds(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.refusals["CheckChatInvite"] = [(420, "FLOOD_WAIT_250")]
    with pytest.raises(RetryableError) as wait:
        asked(lambda reader: reader.invitation(LINK))
    assert (wait.value.code, wait.value.retry_after) == ("flood", 250)


def test_expired_and_unknown_links_and_requests(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.invites["expired"] = Invite(telegram.channels[88], is_expired=True)
    telegram.invites["by-request"] = Invite(telegram.channels[88], is_request=True)

    async def steps(reader: TelethonReader) -> None:
        for link, code in (("expired", "invite_expired"), ("unknown", "invite_wrong")):
            with pytest.raises(PermanentError) as refused:
                await reader.invitation(link)
            assert refused.value.code == code
        assert (await reader.invitation("by-request")).is_request
        with pytest.raises(PermanentError) as sent:
            await reader.join("by-request")
        assert sent.value.code == "join_requested"

    asked(steps)


def test_own_channels_are_one_page_without_people(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.insiders[88] = {501}
    telegram.channels[89] = channel(89, title="Left", left=True)
    telegram.insiders[89] = {501}
    telegram.talks = [user(600), small_group(700)]

    found = asked(lambda reader: reader.member_channels())
    assert [(one.chat_id, one.access_hash, one.title) for one in found.channels] == [(88, 616, "The inner circle")]
    assert found.is_whole
    assert telegram.asked.count("GetDialogs") == 1

    telegram.talks = [user(number) for number in range(1000, 1200)]
    assert not asked(lambda reader: reader.member_channels()).is_whole
    assert telegram.asked.count("GetDialogs") == 2


def small_group(number: int, **given: Any) -> Any:
    told = {
        "title": "Kitchen talk",
        "photo": types.ChatPhotoEmpty(),
        "participants_count": 5,
        "date": SENT,
        "version": 1,
    }
    return made(types.Chat, id=number, **{**told, **given})


def test_small_group_is_refused_and_one_that_moved_is_followed(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.invites["small"] = Invite(small_group(700))
    new = types.InputChannel(channel_id=88, access_hash=616)
    telegram.invites["moved"] = Invite(small_group(701, deactivated=True, migrated_to=new))

    async def steps(reader: TelethonReader) -> None:
        with pytest.raises(PermanentError) as refused:
            await reader.invitation("small")
        assert refused.value.code == "small_group"
        told = await reader.invitation("moved")
        assert told.channel is not None
        assert (told.channel.chat_id, told.channel.access_hash) == (88, 616)

    asked(steps)


def test_message_of_a_move_brings_the_way_to_the_new_group(asked: Callable[..., Any], telegram: Telegram) -> None:
    telegram.channels[77] = channel(77, title="Port talk")
    telegram.messages[77] = [
        message(77, 1, "The last word here"),
        service(77, 2, types.MessageActionChatMigrateTo(channel_id=88)),
    ]
    page = asked(lambda reader: reader.newer(ChannelRef(77, 539), after_id=0))
    assert [(one.message_id, one.migrated_to, one.migrated_hash) for one in page] == [(1, None, None), (2, 88, 616)]
