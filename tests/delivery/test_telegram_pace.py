"""When the messages of one bot leave: no second of Telegram's clock holds more than thirty, whatever is late."""

from __future__ import annotations

import asyncio
import heapq
import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import uuid4

import pytest

from apps.delivery import telegram_limits
from apps.delivery.telegram_pace import WINDOW, Departure, Pace

LIMIT_S = 1.0


@pytest.fixture
def bot() -> int:
    """A bot that no other test writes by."""
    return uuid4().int % 10**12


@dataclass
class Clock:
    """Stands still but for those who sleep."""

    now: float = 100.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """The moment."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.waits.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the limits."""
    found = Clock()
    monkeypatch.setattr(telegram_limits, "time", SimpleNamespace(monotonic=found.monotonic))
    monkeypatch.setattr(telegram_limits, "asyncio", SimpleNamespace(sleep=found.sleep))
    return found


async def left(bot: int, took_s: float = 0.0) -> float:
    """When a message left that was answered after so long."""
    async with telegram_limits.paced(bot):
        at = telegram_limits.time.monotonic()
        if took_s:
            await telegram_limits.asyncio.sleep(took_s)
    return at


def counted(trips: Callable[[int], tuple[float, float]], messages: Sequence[int], *, lag_s: float = 0.0) -> list[float]:
    """When a server counts messages of so many parts that all want to leave at once.

    `trips` gives each message's way there and back; `lag_s` is how late a message wakes when its moment has come.
    """
    pace = Pace()
    moments: list[float] = []
    events: list[tuple[float, int, str, Departure]] = []
    for number, places in enumerate(messages):
        booked = pace.book(0.0, places)
        heapq.heappush(events, (booked.leaves_at, number, "wakes", booked))
    while events:
        now, number, what, booked = heapq.heappop(events)
        if what == "answered":
            pace.answered(booked, now)
            continue
        if not pace.leaves(booked, now):
            heapq.heappush(events, (booked.leaves_at + lag_s, number, "wakes", booked))
            continue
        there, back = trips(number)
        moments += [now + there] * messages[number]
        heapq.heappush(events, (now + there + back, number, "answered", booked))
    return sorted(moments)


def busiest(moments: Sequence[float]) -> int:
    """The most messages in any second."""
    return max(bisect_left(moments, at + LIMIT_S - 1e-9) - place for place, at in enumerate(moments))


@pytest.mark.parametrize(("there", "back"), [(0.005, 0.005), (0.05, 0.05), (0.2, 0.2)], ids=["near", "far", "very far"])
def test_no_second_holds_more_than_telegram_takes(there: float, back: float) -> None:
    moments = counted(lambda _number: (there, back), [1] * 300)
    assert busiest(moments) == WINDOW
    rate = (len(moments) - 1) / (moments[-1] - moments[0])
    assert rate > 30 / (1 + (there + back) / 2) * 0.98


@pytest.mark.parametrize("seed", range(20))
def test_what_is_late_on_its_way_does_not_meet_too_many_of_those_after_it(seed: int) -> None:
    chance = random.Random(seed)

    def trip(_number: int) -> tuple[float, float]:
        held = chance.random() < 0.1
        return 0.005 + held * chance.uniform(0, 0.9), 0.005 + (chance.random() < 0.05) * chance.uniform(0, 0.5)

    moments = counted(trip, [1] * 400, lag_s=chance.choice([0.0, 0.03]))
    assert busiest(moments) <= WINDOW


def test_what_is_never_answered_holds_others_up_for_two_seconds() -> None:
    moments = counted(lambda _number: (0.0, 60.0), [1] * 61)
    assert moments[29] < 0.6
    assert moments[30] == pytest.approx(2.0)
    assert busiest(moments) <= WINDOW


def test_parts_of_an_album_count_each() -> None:
    moments = counted(lambda _number: (0.0, 0.01), [10, 10, 10, 1, 10])
    assert moments[:30] == pytest.approx([0.0] * 10 + [0.02] * 10 + [0.04] * 10)
    assert moments[30] == pytest.approx(1.005)
    assert busiest(moments) <= WINDOW


def test_messages_of_a_bot_begin_apart_also_after_a_busy_moment(bot: int, clock: Clock) -> None:
    others = uuid4().int % 10**12
    for other in (bot, bot, others, bot):
        clock.now = 100.0
        asyncio.run(telegram_limits.turn(other))
    assert clock.waits == [0.0, 0.02, 0.0, 0.04]


def test_messages_of_a_bot_leave_apart_also_after_a_busy_moment(bot: int, clock: Clock) -> None:
    others = uuid4().int % 10**12
    for other in (bot, bot, others, bot):
        clock.now = 100.0
        asyncio.run(left(other))
    assert clock.waits == [0.02, 0.04]


def test_one_that_waited_for_its_turn_does_not_wait_again(bot: int, clock: Clock) -> None:
    for _message in range(3):
        asyncio.run(telegram_limits.turn(bot))
        asyncio.run(left(bot))
    assert clock.waits == [0.0, 0.02, 0.02]


def test_one_whose_forerunners_are_late_waits_on(bot: int, clock: Clock) -> None:
    pace = telegram_limits._pace_of(bot)
    for number in range(WINDOW):
        assert pace.leaves(pace.book(100 + number * 0.02), 100 + number * 0.02)
    clock.now = 100.6
    assert asyncio.run(left(bot)) == pytest.approx(102.0)
    assert clock.waits == [1.0, 0.4]


def test_one_that_was_stopped_while_it_waited_takes_no_place() -> None:
    pace = Pace()
    before = [pace.book(100.0) for _message in range(WINDOW)]
    pace.given_up(before[0])
    assert pace.book(100.0).leaves_at == pytest.approx(100.6)  # else it would be the 31st
    assert pace.leaves(before[1], 100.02)
    pace.given_up(before[1])  # it has left: it counts
    assert pace.book(100.0).leaves_at == pytest.approx(101.02)


@pytest.mark.parametrize(("took_s", "first_after"), [(0.01, 1.005), (0.2, 1.1), (5.0, 1.5)])
def test_no_more_begin_than_leave(bot: int, clock: Clock, took_s: float, first_after: float) -> None:
    for _message in range(3):
        asyncio.run(left(bot, took_s))
    begun: list[float] = []
    for _message in range(WINDOW + 1):
        clock.now = 200.0
        asyncio.run(telegram_limits.turn(bot))
        begun.append(clock.now - 200.0)
    assert begun[29] == pytest.approx(0.58)
    assert begun[30] == pytest.approx(first_after)
