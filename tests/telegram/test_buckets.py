"""No more goes out than Telegram takes, with buckets here or shared."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as configured

from apps.telegram import buckets
from apps.telegram.buckets import LocalBuckets
from tests.servers.telegram_limits import Limits

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.redis)])
def bot_id(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A bot nobody has used, with its buckets in the one place or the other."""
    if request.param == "redis":
        if not configured.REDIS_URL:
            pytest.skip("needs REDIS_URL")
    else:
        settings.REDIS_URL = ""
        monkeypatch.setattr(buckets, "LOCAL", LocalBuckets())
    return uuid4().int % 10**12


def at(seconds: float) -> datetime:
    """A moment of the fake clock."""
    return START + timedelta(seconds=seconds)


def pass_through(bot_id: int, *, chats: int, seconds: float, is_group: bool = False, step: float = 0.01) -> list[float]:
    """When messages go while every chat asks again and again."""
    gone, moment, turn = [], 0.0, 0
    while moment < seconds:
        for _ in range(chats):
            turn += 1
            if buckets.reserve(bot_id, -turn % chats, is_group=is_group, now=at(moment)) == 0:
                gone.append(moment)
        moment = round(moment + step, 3)
    return gone


def most_within(times: list[float], seconds: float) -> int:
    """The largest number within any window."""
    return max(sum(1 for time in times if start <= time < start + seconds) for start in times)


def test_bot_stays_under_thirty_a_second(bot_id: int) -> None:
    gone = pass_through(bot_id, chats=60, seconds=3)
    assert most_within(gone, 1.0) <= 29
    assert len(gone) >= 3 * 24


def test_chat_gets_one_a_second(bot_id: int) -> None:
    gone = pass_through(bot_id, chats=1, seconds=20)
    assert most_within(gone, 1.0) == 1
    assert len(gone) in {19, 20}


def test_group_gets_at_most_twenty_a_minute(bot_id: int) -> None:
    gone = pass_through(bot_id, chats=1, seconds=150, is_group=True, step=0.1)
    assert most_within(gone, 60.0) <= 20
    assert len(gone) >= 40
    assert gone[1] - gone[0] < 1.2


def test_zero_takes_the_place_and_a_wait_does_not(bot_id: int) -> None:
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(0)) == 0
    first = buckets.reserve(bot_id, 1, is_group=False, now=at(0))
    again = buckets.reserve(bot_id, 1, is_group=False, now=at(0))
    assert first == again == pytest.approx(buckets.CHAT_INTERVAL_S, abs=1e-4)
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(1.051)) == 0


def test_short_waits_are_taken_in_turn(bot_id: int) -> None:
    waits = [buckets.reserve(bot_id, chat, is_group=False, now=at(0), max_wait=0.1) for chat in range(5)]
    assert waits == [pytest.approx(wait, abs=1e-4) for wait in (0, 0.034, 0.068, 0.068 + 0.034, 0.068 + 0.034)]


def test_who_waits_for_a_chat_keeps_no_place_of_the_bot_empty(bot_id: int) -> None:
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(0)) == 0
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(0.5), max_wait=1) == pytest.approx(0.55, abs=1e-4)
    assert buckets.reserve(bot_id, 2, is_group=False, now=at(0.5), max_wait=1) == pytest.approx(0.034, abs=1e-4)
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(0.5), max_wait=1) == pytest.approx(1.6, abs=1e-4)


def test_penalty_shuts_that_chat_alone(bot_id: int) -> None:
    buckets.penalise(bot_id, 1, 30, now=at(0))
    assert buckets.reserve(bot_id, 1, is_group=True, now=at(0)) == pytest.approx(30, abs=1e-4)
    assert buckets.reserve(bot_id, 2, is_group=True, now=at(0)) == 0
    assert buckets.reserve(bot_id + 1, 1, is_group=True, now=at(0)) == 0
    buckets.penalise(bot_id, 1, 5, now=at(1))
    assert buckets.reserve(bot_id, 1, is_group=True, now=at(1)) == pytest.approx(29, abs=1e-4)
    assert buckets.reserve(bot_id, 1, is_group=True, now=at(30.001)) == 0


def test_penalty_without_a_chat_shuts_the_bot(bot_id: int) -> None:
    buckets.penalise(bot_id, None, 3, now=at(0))
    assert buckets.reserve(bot_id, 1, is_group=False, now=at(1)) == pytest.approx(2, abs=1e-4)
    assert buckets.reserve(bot_id + 1, 1, is_group=False, now=at(1)) == 0


def test_place_is_given_to_one_of_many_threads(bot_id: int) -> None:
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda: waits.append(buckets.reserve(bot_id, 1, is_group=False, max_wait=0)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for wait in waits if wait == 0) == 1
    assert len(waits) == 8


def test_buckets_far_away_are_replaced_by_those_here(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "LOCAL", LocalBuckets())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert buckets.reserve(7, 1, is_group=False, now=at(0)) == 0
    assert buckets.reserve(7, 1, is_group=False, now=at(0)) > 0
    buckets.penalise(7, 2, 9, now=at(0))
    assert buckets.reserve(7, 2, is_group=False, now=at(0)) == pytest.approx(9)


def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "KEYS_MAX", 10)
    local = LocalBuckets()
    for number in range(50):
        local.take([buckets.chat_limit(1, number)], max_wait=0, now=number * 10.0)
    assert len(local._arrivals) <= 11


@pytest.mark.redis
def test_shared_keys_expire(settings: Any) -> None:
    if not configured.REDIS_URL:
        pytest.skip("needs REDIS_URL")
    bot = uuid4().int % 10**12
    assert buckets.reserve(bot, "@News", is_group=True) == 0
    shared: Any = buckets.shared_buckets(configured.REDIS_URL)
    keys = [f"tg:rate:{bot}", f"tg:rate:{bot}:@news", f"tg:rate:{bot}:@news:group"]
    assert [0 < shared._client.pttl(key) <= 65_000 for key in keys] == [True, True, True]


@pytest.mark.parametrize("is_group", [True, False])
def test_albums_among_messages_are_never_too_much(bot_id: int, is_group: bool) -> None:
    limits, chance, moment, sent = Limits(), random.Random(5), 0.0, 0
    while moment < 600:
        places = chance.choice([1, 1, 1, 2, 5, 10])
        wait = buckets.reserve(bot_id, -5, is_group=is_group, now=at(moment), max_wait=600, places=places)
        moment += wait
        assert limits.refuse_for(bot_id, -5, is_group=is_group, at=moment, count=places) == 0
        sent += places
    assert sent >= (100 if is_group else 300)


def test_album_takes_a_place_for_each_part(bot_id: int) -> None:
    def waits(places: int, moment: float) -> float:
        return buckets.reserve(bot_id, 7, is_group=False, now=at(moment), max_wait=60, places=places)

    assert waits(1, 0.0) == 0
    assert waits(3, 0.0) == pytest.approx(3 * buckets.CHAT_INTERVAL_S)
    assert waits(1, 0.0) == pytest.approx(6 * buckets.CHAT_INTERVAL_S)
