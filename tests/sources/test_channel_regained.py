"""A channel that shut its accounts out is read again by itself once one of them is let in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, Membership
from apps.core.clock import now
from apps.core.work import verbs
from apps.sources.models import AccountAsk, ChannelRead, Source
from apps.sources.services import source_archive, source_resume
from apps.sources.services.asks import REGAIN_TURNS, regains_hinted
from apps.telegram.models import Session
from tests.sources.channels import Channel, Telegram, added, again, another, ask, read, texts
from tests.sources.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture
def channel(telegram: Telegram) -> Channel:
    found = telegram.channel()
    found.post("слово")
    return found


@pytest.fixture
def closed(telegram: Telegram, account: Session, channel: Channel) -> Source:
    """A channel that was read and then went private."""
    source = added(account)
    read(telegram)
    channel.is_private = True
    return again(telegram, source)


def later(telegram: Telegram) -> None:
    AccountAsk.objects.live().update(not_before=now())
    ask(telegram)


def test_closed_channel_is_resumed_once_the_account_is_in(telegram: Telegram, channel: Channel, closed: Source) -> None:
    assert (closed.is_active, closed.paused_code) == (False, "private")
    waiting = AccountAsk.objects.live().get()
    assert timedelta(minutes=9) < waiting.not_before - now() <= timedelta(minutes=10)
    assert Alert.objects.filter(closed_at=None).count() == 1

    later(telegram)  # still closed
    closed.refresh_from_db()
    waiting = AccountAsk.objects.live().get()
    assert (closed.is_active, waiting.turn, waiting.not_before > now() + timedelta(minutes=59)) == (False, 1, True)

    channel.members.add(closed.session_id or 0)
    channel.post("ещё слово")
    later(telegram)
    closed.refresh_from_db()
    assert (closed.is_active, closed.paused_code, closed.paused_reason, closed.refused_by) == (True, "", "", [])
    assert not Alert.objects.filter(closed_at=None).exists()
    assert not AccountAsk.objects.live().exists()
    read(telegram)
    assert texts() == ["слово", "ещё слово"]
    verbs_ = list(closed.workspace.audit_entries.values_list("verb", flat=True))
    assert (verbs_.count("source.regained"), verbs_.count("source.resumed")) == (1, 1)


def test_whichever_account_is_let_in_reads_it(telegram: Telegram, account: Session, channel: Channel) -> None:
    source = added(account)
    read(telegram)
    other = another(telegram, account)
    channel.banned.add(account.pk)
    again(telegram, source)
    again(telegram, source)
    source.refresh_from_db()
    assert (source.is_active, source.session) == (True, other)
    channel.banned.add(other.pk)
    again(telegram, source)
    source.refresh_from_db()
    assert (source.is_active, source.paused_code) == (False, "banned")
    assert AccountAsk.objects.live().count() == 2

    channel.banned.discard(account.pk)
    later(telegram)
    source.refresh_from_db()
    assert (source.is_active, source.session, AccountAsk.objects.live().count()) == (True, account, 0)


def test_hint_of_the_channel_brings_the_next_try_forward(telegram: Telegram, channel: Channel, closed: Source) -> None:
    assert regains_hinted({channel.chat_id}) == 0  # closing hints too
    AccountAsk.objects.update(created_at=now() - timedelta(minutes=2))
    assert regains_hinted({channel.chat_id + 1}) == 0
    assert regains_hinted({channel.chat_id}) == 1
    channel.is_private = False
    ask(telegram)
    closed.refresh_from_db()
    assert closed.is_active


def test_person_decides_before_the_machine(telegram: Telegram, channel: Channel, closed: Source) -> None:
    source_resume(source=closed)
    assert not AccountAsk.objects.live().exists()

    again(telegram, closed)  # closed still
    closed.refresh_from_db()
    assert AccountAsk.objects.live().count() == 1
    source_archive(source=closed)
    channel.is_private = False
    later(telegram)
    closed.refresh_from_db()
    assert (closed.is_active, telegram.count("newer"), AccountAsk.objects.live().count()) == (False, 2, 0)


def test_try_that_broke_off_is_followed_by_another(telegram: Telegram, closed: Source) -> None:
    row = AccountAsk.objects.live().get()
    AccountAsk.objects.filter(pk=row.pk).update(not_before=now())
    verbs.give_up(row, reason="lost")
    (next_one,) = AccountAsk.objects.live()
    assert next_one.turn == 1


def test_it_is_not_tried_for_ever(telegram: Telegram, closed: Source) -> None:
    AccountAsk.objects.update(turn=REGAIN_TURNS - 1)
    later(telegram)
    assert not AccountAsk.objects.live().exists()
    assert not ChannelRead.objects.live().exists()


def test_page_says_when_it_is_tried_again(client: Client, telegram: Telegram, closed: Source) -> None:
    user = MembershipFactory.create(workspace=closed.workspace, role=Membership.Role.EDITOR, user__language="en").user
    client.force_login(user)
    address = reverse("admin:sources_source_change", args=[closed.pk])
    assert "Pult tries by itself again at" in client.get(address).content.decode()
    AccountAsk.objects.all().delete()
    assert "resume the source to try" in client.get(address).content.decode()
