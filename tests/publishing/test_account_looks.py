"""Looks that an account takes: over the port, and over MTProto against the stand-in."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import types

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import stopping
from apps.publishing.account_looker import PublicationLooking
from apps.publishing.models import AccountLook, Publication, PublicationPart, PublicationReading
from apps.sources import beside
from apps.telegram.models import Peer, Session
from apps.telegram.reading_host import ReadingHost
from apps.telegram.services import session_login
from tests.publishing.factories import published, telegram_channel
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import Account, channel, message, user
from tests.servers.mtproto_answers import Telegram as MtprotoTelegram
from tests.sources.channels import SessionFactory, Telegram

CHAT = 1234567890


@pytest.fixture
def account(workspace: Workspace) -> Session:
    made: Session = SessionFactory.create(workspace=workspace)
    return made


@pytest.fixture
def telegram(account: Session) -> Telegram:
    known = Telegram(accounts={account.pk})
    known.channel("port_news", chat_id=CHAT)
    return known


def wanted(publication: Publication, account: Session, age_h: int = 24) -> AccountLook:
    """A look that is due."""
    return AccountLook.objects.create(
        workspace=publication.workspace, publication=publication, session=account, age_h=age_h
    )


def looked(telegram: Any) -> None:
    """Let the process look, once."""
    stopping.forget()
    PublicationLooking(telegram).turn()


def knows(account: Session) -> None:
    Peer.objects.create(session=account, chat_id=CHAT, access_hash=CHAT ^ account.pk)


def test_the_process_of_readers_starts_it() -> None:
    assert PublicationLooking in beside.registered()


@pytest.mark.django_db(transaction=True)
def test_views_are_read_again_by_the_messages_number(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram
) -> None:
    made = published(telegram_channel(workspace), editor, age_h=24, message_id=3)
    telegram.channels[CHAT].post("x", number=3, views=1500, forwards=20, reactions={"👍": 3, "❤": 4})
    knows(account)
    row = wanted(made, account)
    looked(telegram)
    looked(telegram)  # rung twice
    reading = PublicationReading.objects.get()
    assert (reading.age_h, reading.views, reading.forwards, reading.reactions, reading.origin) == (
        *(24, 1500, 20, 7),
        "account",
    )
    row.refresh_from_db()
    assert (row.state, row.problem, telegram.count("by_ids"), telegram.count("resolve")) == ("done", "", 1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_public_channel_is_found_once_by_its_name(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram
) -> None:
    place = telegram_channel(workspace, chat_id="@port_news")
    for number in (3, 4):
        telegram.channels[CHAT].post("x", number=number, views=number)
        wanted(published(place, editor, age_h=24, message_id=number, title=f"Story {number}"), account)
        looked(telegram)
    assert sorted(PublicationReading.objects.values_list("views", flat=True)) == [3, 4]
    assert (telegram.count("resolve"), Peer.objects.get().chat_id) == (1, CHAT)


@pytest.mark.django_db(transaction=True)
def test_an_album_counts_as_one(workspace: Workspace, editor: User, account: Session, telegram: Telegram) -> None:
    made = published(telegram_channel(workspace), editor, age_h=24, message_id=3)
    PublicationPart.objects.update(message_ids="3,4")
    telegram.channels[CHAT].post("x", number=3, views=10, forwards=1, reactions={"👍": 3})
    telegram.channels[CHAT].post("", number=4, views=12, forwards=0)
    knows(account)
    wanted(made, account)
    looked(telegram)
    assert PublicationReading.objects.values_list("views", "forwards", "reactions").get() == (12, 1, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("why", ["gone", "private"])
def test_what_telegram_refuses_is_not_known_and_said(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram, why: str
) -> None:
    made = published(telegram_channel(workspace), editor, age_h=24, message_id=3)
    if why == "private":
        telegram.refusals["by_ids"] = [PermanentError("closed to this account", code="private")]
    knows(account)
    row = wanted(made, account)
    looked(telegram)
    row.refresh_from_db()
    assert (row.state, bool(row.problem), PublicationReading.objects.count()) == ("done", True, 0)


@pytest.mark.django_db(transaction=True)
def test_a_flood_wait_leaves_the_account_alone(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram
) -> None:
    place = telegram_channel(workspace)
    knows(account)
    telegram.lasting["by_ids"] = RetryableError("wait", code="flood", retry_after=600)
    looker = PublicationLooking(telegram)
    stopping.forget()
    for number in (3, 4):
        wanted(published(place, editor, age_h=24, message_id=number, title=f"Story {number}"), account)
        looker.turn()
    assert telegram.count("by_ids") == 1
    rows = list(AccountLook.objects.order_by("pk"))
    assert [(row.state, row.attempts) for row in rows] == [("ready", 0)] * 2
    assert rows[0].not_before > now() + timedelta(seconds=590)


@pytest.mark.django_db(transaction=True)
def test_a_look_that_is_too_late_asks_nothing(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram
) -> None:
    knows(account)
    row = wanted(published(telegram_channel(workspace), editor, age_h=40, message_id=3), account)
    looked(telegram)
    row.refresh_from_db()
    assert (row.state, telegram.asked, PublicationReading.objects.count()) == ("done", [], 0)


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_it_is_read_again_and_kept_once(
    workspace: Workspace, editor: User, account: Session, telegram: Telegram
) -> None:
    made = published(telegram_channel(workspace), editor, age_h=24, message_id=3)
    telegram.channels[CHAT].post("x", number=3, views=10)
    knows(account)
    row = wanted(made, account)
    ended = {"state": "leased", "token": "0" * 32, "not_before": now() - timedelta(seconds=1)}
    AccountLook.objects.filter(pk=row.pk).update(**ended)
    looked(telegram)
    row.refresh_from_db()
    assert (row.state, row.faults, PublicationReading.objects.get().views) == ("done", 1, 10)


@pytest.mark.django_db(transaction=True)
def test_over_mtproto_views_forwards_and_reactions_come_from_the_message(
    workspace: Workspace, editor: User, settings: Any, tmp_path: Path
) -> None:
    known = MtprotoTelegram(accounts={"79001112233": Account(user=user(501, username="vera_reads"))})
    known.channels[77] = channel(77, title="Port news", username="port_news")
    reactions = types.MessageReactions(results=[types.ReactionCount(types.ReactionEmoji("👍"), 6)])
    known.messages[77] = [message(77, 3, "Fire", views=2400, forwards=31, reactions=reactions)]
    with MtprotoStandIn(known).running() as server:
        settings.LANGUAGE_CODE = "en"
        settings.TELEGRAM_API_ID, settings.TELEGRAM_API_HASH = 12345, "a" * 32
        settings.TELEGRAM_READER = "telethon"
        settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{server.port}"
        settings.TELEGRAM_MTPROTO_KEY = str(server.write_key(tmp_path / "server.pem"))
        settings.TELEGRAM_MTPROTO_TIMEOUT_S = 30.0
        known.port = server.port
        account: Session = SessionFactory.create(
            workspace=workspace, phone="+79001112233", state=Session.State.NEW, string="", user_id=None
        )
        session_login.session_code_send(session=account)
        session_login.session_code_enter(session=account, code="24680")
        made = published(telegram_channel(workspace, chat_id="@port_news"), editor, age_h=24, message_id=3)
        wanted(made, account)
        with ReadingHost(lease_s=6.0, look_every_s=0.1) as host:
            ends = time.monotonic() + 60
            while not PublicationReading.objects.exists():
                assert time.monotonic() < ends, AccountLook.objects.values().get()
                looked(host)
                time.sleep(0.05)
    reading = PublicationReading.objects.get()
    assert (reading.views, reading.forwards, reading.reactions, reading.origin) == (2400, 31, 6, "account")
