"""Channels are read back in steps, and caught up with after an outage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.sources.models import ChannelRead, Post, Source
from apps.sources.services.reads import read_plan
from apps.telegram.models import Session
from tests.sources.channels import BEGAN, Telegram, added, again, another, due, read, texts, travelled, wait_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


# Reading back


def test_a_channel_is_read_back_by_depth_in_steps_and_goes_on_where_it_stopped(
    telegram: Telegram, account: Session
) -> None:
    channel = telegram.channel()
    for number in range(1, 1001):
        channel.post(f"слово {number}")
    source = added(account, backfill_posts=450)
    read(telegram)
    assert (Post.objects.count(), Source.objects.get().backfill_id) == (100, 901)
    telegram.refusals["older"] = [RetryableError("cut", code="network")]

    again(telegram, source)  # the step back is refused, the reading is none the worse
    assert (Post.objects.count(), source.last_error) == (100, "")
    again(telegram, source)
    assert (Post.objects.count(), source.backfilled_posts) == (300, 300)
    assert wait_of(source) <= timedelta(seconds=20)
    again(telegram, source)

    assert texts() == [f"слово {number}" for number in range(551, 1001)]
    assert not source.reads_back
    assert wait_of(source) > timedelta(minutes=8)
    asked = telegram.count("older")
    again(telegram, source)
    assert telegram.count("older") == asked


def test_a_channel_is_read_back_to_a_date(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(300):
        channel.post(f"слово {number}", at=BEGAN - timedelta(hours=300 - number))
    source = added(account, backfill_from=BEGAN - timedelta(hours=250))
    read(telegram)
    again(telegram, source)

    assert (Post.objects.count(), source.reads_back) == (250, False)
    assert Post.objects.earliest("published_at").published_at == BEGAN - timedelta(hours=250)


def test_a_channel_is_read_back_to_its_beginning(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(30):
        channel.post(f"слово {number}")
    source = added(account, backfill_posts=5000)

    read(telegram)

    source.refresh_from_db()
    assert (Post.objects.count(), source.backfill_id, source.reads_back) == (30, 0, False)


def test_reading_back_waits_for_channels_that_are_overdue(telegram: Telegram, account: Session) -> None:
    for number, name in enumerate(("vestnik", "lenta")):
        channel = telegram.channel(name, chat_id=1_100_200_300 + number)
        for word in range(300):
            channel.post(f"слово {word}")
    deep, other = added(account, backfill_posts=300), added(account, "lenta")
    read(telegram)
    due(deep)
    due(other)
    Source.objects.filter(pk=other.pk).update(last_ok_at=now() - timedelta(hours=1))

    plan = read_plan(ChannelRead.objects.get(source=deep, state="ready"))
    assert plan.back is None
    Source.objects.filter(pk=other.pk).update(last_ok_at=now())
    plan = read_plan(ChannelRead.objects.get(source=deep, state="ready"))
    assert plan.back is not None
    assert plan.back.before_id == 201


# An outage


def test_two_days_without_anybody_are_caught_up_oldest_first_and_spread(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    channels = [telegram.channel(f"channel_{n}", chat_id=1_100_200_300 + n) for n in range(8)]
    with travelled(BEGAN):
        for channel in channels:
            channel.post("до", at=BEGAN)
        sources = [added(account, channel.username) for channel in channels]
        reading = read(telegram)
    for channel in channels:
        for number in range(1, 251):
            channel.post(f"слово {number}", at=BEGAN + timedelta(minutes=number * 11))
    back = BEGAN + timedelta(days=2)
    seen: dict[int, int] = {source.pk: 1 for source in sources}
    with travelled(back) as clock:
        for _turn in range(12):
            read(telegram, reading=reading)
            for source in sources:
                source.refresh_from_db()
                assert source.read_to_id >= seen[source.pk]  # never back, page after page
                seen[source.pk] = source.read_to_id
            clock.shift(2)
        waits = sorted(row.not_before for row in ChannelRead.objects.filter(state="ready"))

    assert set(seen.values()) == {251}
    assert Post.objects.count() == 8 * 251
    assert not Source.objects.exclude(last_error="").exists()
    assert waits[-1] - waits[0] > timedelta(seconds=10)  # they come back apart
