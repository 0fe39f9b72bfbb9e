"""What must wait, waits alone; what fails is said, slows and never ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert
from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.sources.models import ChannelRead, Post, Source
from apps.sources.services import source_pause
from apps.sources.services.health import alerts_settle
from apps.sources.services.reads import read_plan
from apps.telegram.models import Session
from tests.sources.channels import Telegram, added, again, another, due, read, texts, wait_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
FLOOD = RetryableError("asked to wait", code="flood", retry_after=900)


def test_a_flood_puts_readings_off_and_is_no_failure(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    telegram.channel().post("слово")
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    source, second = added(account), added(account, "lenta")
    reading = read(telegram)
    for one in (source, second):
        due(one)
    telegram.lasting["newer"] = FLOOD

    read(telegram, reading=reading)

    for row in ChannelRead.objects.filter(state="ready"):
        assert (row.attempts, row.history[-1]["event"]) == (0, "deferred")
        assert timedelta(minutes=14) < row.not_before - now() < timedelta(minutes=17)
    source.refresh_from_db()
    assert (source.failures, source.last_error, Alert.objects.count()) == (0, "", 0)
    assert {other.pk, account.pk} == {source.session_id, Source.objects.get(pk=second.pk).session_id}


def test_a_flood_of_one_account_leaves_the_others_reading(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    channels = [telegram.channel(f"channel_{n}", chat_id=1_100_200_300 + n) for n in range(6)]
    for channel in channels:
        channel.post("слово")
    sources = [added(account, channel.username) for channel in channels]
    reading = read(telegram)
    for source in sources:
        due(source)
    for channel in channels:
        channel.post("второе")
    telegram.refusals["newer"] = [FLOOD]

    read(telegram, reading=reading)
    read(telegram, reading=reading)

    flooded = next(pk for pk, method, _what in telegram.asked if method == "newer")
    asked = [pk for pk, method, _what in telegram.asked if method == "newer"]
    assert asked.count(flooded) <= 4  # those that were under way
    read_by_others = Post.objects.filter(text="второе").exclude(source__session=flooded)
    assert read_by_others.count() == 3
    put_off = ChannelRead.objects.filter(state="ready", source__session=flooded)
    assert put_off.filter(not_before__gt=now() + timedelta(minutes=8)).count() == 3


def test_a_short_wait_for_our_own_budget_is_sat_out(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    telegram.refusals["older"] = [RetryableError("no budget", code="no_budget", retry_after=0.01)]

    read(telegram)

    assert texts() == ["слово"]
    assert ChannelRead.objects.get(state="done").attempts == 1


def test_finding_channels_waits_apart_from_reading(telegram: Telegram, account: Session) -> None:
    known = telegram.channel()
    known.post("слово")
    source = added(account)
    reading = read(telegram)
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    new = added(account, "lenta")
    telegram.lasting["resolve"] = RetryableError("slowly", code="flood", retry_after=3600)
    read(telegram, reading=reading)
    known.post("второе")

    again(telegram, source, reading)

    assert texts() == ["слово", "второе"]
    assert wait_of(new) > timedelta(minutes=59)


def test_a_network_that_is_away_is_said_slows_and_is_forgotten(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account, interval_s=600)
    read(telegram)
    telegram.lasting["newer"] = RetryableError("Telegram does not answer.", code="network")
    for failures in range(1, 9):
        again(telegram, source)
        assert (source.failures, source.last_error) == (failures, "Telegram does not answer.")
        assert wait_of(source) <= timedelta(minutes=66)
    alerts_settle(source.workspace, now())
    alert = Alert.objects.get()
    assert alert.closed_at is None

    telegram.lasting.clear()
    again(telegram, source)

    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert (source.failures, source.last_error) == (0, "")


def test_a_reading_that_dies_makes_the_next_one(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    telegram.lasting["older"] = ValueError("a slip")  # type: ignore[assignment]
    for _time in range(3):
        ChannelRead.objects.filter(state="ready").update(not_before=now())
        read(telegram)

    assert ChannelRead.objects.get(state="dead").faults == 3
    source.refresh_from_db()
    assert "fault in Pult" in source.last_error
    telegram.lasting.clear()
    again(telegram, source)
    assert texts() == ["слово"]


def test_a_result_for_a_source_that_was_paused_meanwhile_is_left_alone(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    row = ChannelRead.objects.get()
    source_pause(source=source)

    plan = read_plan(ChannelRead(source=Source.objects.get(), workspace=source.workspace))

    assert not plan.is_wanted
    assert not ChannelRead.objects.filter(pk=row.pk).exists()
