"""Channels are read oldest first, each message once, whoever comes and goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.core.work import verbs
from apps.sources.models import ChannelRead, Post, Source
from apps.sources.ports import Item
from apps.sources.services import posts_intake, source_pause, source_poll_now, source_resume
from apps.sources.services.read_schedule import reads_hinted, reads_taken_over
from apps.sources.services.reads import FIRST_POSTS
from apps.telegram.models import Session
from tests.sources.channels import Telegram, added, again, another, read, texts, wait_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


# Reading


def test_a_new_channel_is_found_by_name_and_its_newest_posts_are_taken(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel(title="Городской вестник")
    for number in range(1, 51):
        channel.post(f"слово {number}")
    source = added(account)

    read(telegram)

    source.refresh_from_db()
    assert (source.chat_id, source.name, source.read_to_id) == (channel.chat_id, "Городской вестник", 50)
    assert texts() == [f"слово {number}" for number in range(51 - FIRST_POSTS, 51)]
    assert Post.objects.latest("message_id").external_id == f"{channel.chat_id}:50"
    done = ChannelRead.objects.get(state="done")
    assert (done.outcome, done.added) == ("fetched", FIRST_POSTS)
    assert timedelta(minutes=8) < wait_of(source) < timedelta(minutes=12)
    assert (source.last_error, source.failures) == ("", 0)
    assert source.last_ok_at is not None


def test_what_is_new_is_read_oldest_first_page_by_page(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("первое")
    source = added(account)
    read(telegram)
    for number in range(2, 252):
        channel.post(f"слово {number}")

    again(telegram, source)
    assert (source.read_to_id, Post.objects.count()) == (101, 101)
    assert wait_of(source) < timedelta(seconds=2)
    again(telegram, source)
    again(telegram, source)

    assert (source.read_to_id, Post.objects.count()) == (251, 251)
    assert wait_of(source) > timedelta(minutes=8)


def test_a_reading_rung_twice_reads_once(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)

    read(telegram)
    read(telegram)

    assert (telegram.count("older"), telegram.count("newer"), Post.objects.count()) == (1, 0, 1)


def test_a_reading_that_was_cut_after_the_answer_is_repeated_without_doubles(
    telegram: Telegram, account: Session
) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.post("второе")
    row = ChannelRead.objects.get(state="ready")
    posts_intake(source=source, items=[])  # nothing of the cut reading was kept: its transaction never ended
    verbs.move(row, not_before=now())
    ChannelRead.objects.filter(pk=row.pk).update(state="leased", token="0" * 32, not_before=now() - timedelta(1))

    read(telegram)

    assert texts() == ["слово", "второе"]
    row.refresh_from_db()
    assert (row.state, row.faults) == ("done", 1)


def test_a_result_that_comes_after_the_row_was_taken_over_is_refused(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    row = ChannelRead.objects.get()
    until = now() + timedelta(minutes=3)
    ChannelRead.objects.filter(pk=row.pk).update(state="leased", token="0" * 32, not_before=until)

    assert reads_taken_over(account.pk) == 1
    read(telegram)

    assert ChannelRead.objects.get(pk=row.pk).state == "done"
    assert source.posts.count() == 1
    assert reads_taken_over(account.pk) == 0


def test_only_channels_of_held_accounts_are_claimed(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    telegram.accounts.clear()

    read(telegram)

    row = ChannelRead.objects.get()
    assert (row.state, row.attempts, telegram.asked) == ("ready", 0, [])


def test_two_processes_read_each_what_it_holds(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    telegram.channel().post("слово")
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    first, second = added(account), added(account, "lenta")
    assert {first.session_id, second.session_id} == {account.pk, other.pk}
    half = Telegram(telegram.channels, accounts={other.pk})

    read(half)

    assert {pk for pk, _method, _what in half.asked} == {other.pk}
    assert set(Post.objects.values_list("source", flat=True)) == {Source.objects.get(session=other).pk}


def test_a_paused_channel_is_not_read_and_a_resumed_one_at_once(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    source_pause(source=source)
    assert not ChannelRead.objects.filter(state="ready").exists()
    channel.post("второе")

    source_resume(source=source)
    read(telegram)

    assert texts() == ["слово", "второе"]


def test_a_person_may_ask_at_once(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.post("второе")

    source_poll_now(source=source)
    read(telegram)

    assert texts() == ["слово", "второе"]


def test_an_export_that_was_imported_before_is_gone_on_from(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 201):
        channel.post(f"слово {number}")
    source = added(account)
    names = range(1, 120)
    posts_intake(
        source=source,
        items=[Item(external_id=f"{channel.chat_id}:{n}", text=f"слово {n}", message_id=n) for n in names],
    )

    read(telegram)

    assert texts() == [f"слово {number}" for number in range(1, 201)]
    assert Post.objects.filter(revision__gt=1).count() == 0


# Hints


def test_a_hint_makes_a_reading_due_and_nothing_else(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    reading = read(telegram)
    channel.post("второе")
    Source.objects.update(last_tried_at=now() - timedelta(minutes=1))

    reading.hint(channel.chat_id, account.pk)
    reading.hint(999, account.pk)
    read(telegram, reading=reading)

    assert texts() == ["слово", "второе"]
    assert source.reads.filter(state="done").count() == 2


def test_hints_of_a_lively_channel_do_not_make_it_asked_all_the_time(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)

    assert reads_hinted({channel.chat_id}) == 1

    assert timedelta(seconds=10) < wait_of(source) <= timedelta(seconds=15)
    assert reads_hinted({channel.chat_id}) == 0
