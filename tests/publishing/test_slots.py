"""A channel's places in time: slots, quiet hours and distances, across the jumps of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from apps.publishing import slots
from apps.publishing.slots import Rules

BERLIN, MOSCOW, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Kolkata")
CAIRO, LORD_HOWE, HAVANA = ZoneInfo("Africa/Cairo"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")
ZONES = [BERLIN, MOSCOW, KOLKATA, CAIRO, LORD_HOWE, HAVANA, ZoneInfo("America/New_York"), ZoneInfo("UTC")]
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # Sundays on which Berlin's clocks jump
EVERY_DAY = range(7)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def daily(*times: time, zone: ZoneInfo = BERLIN, **others: object) -> Rules:
    """The same slots on every day."""
    kept = frozenset((day, at) for day in EVERY_DAY for at in times)
    return Rules(zone=zone, slots=kept, **others)  # type: ignore[arg-type]


def walls(rules: Rules, found: list[datetime]) -> list[str]:
    return [f"{moment.astimezone(rules.zone):%a %H:%M}" for moment in found]


def between(rules: Rules, begin: datetime, end: datetime) -> list[datetime]:
    return list(slots.slots_between(rules, begin, end))


def test_a_slot_in_the_hour_that_is_left_out_comes_as_much_later() -> None:
    rules = daily(time(2, 30), time(9))
    found = between(rules, utc(2026, 3, 28, 12), utc(2026, 3, 30, 12))
    assert walls(rules, found) == ["Sun 03:30", "Sun 09:00", "Mon 02:30", "Mon 09:00"]
    assert found[0] == utc(2026, 3, 29, 1, 30)
    assert not slots.exists(SPRING, time(2, 30), BERLIN)


def test_two_slots_that_the_jump_brings_together_are_one() -> None:
    rules = daily(time(2, 30), time(3, 30))
    assert walls(rules, between(rules, utc(2026, 3, 29), utc(2026, 3, 29, 22))) == ["Sun 03:30"]


def test_a_slot_in_the_doubled_hour_comes_once_the_first_time() -> None:
    rules = daily(time(2, 30))
    found = between(rules, utc(2026, 10, 24, 12), utc(2026, 10, 26, 0))
    assert found == [utc(2026, 10, 25, 0, 30)]
    assert slots.comes_twice(AUTUMN, time(2, 30), BERLIN)
    assert not slots.comes_twice(AUTUMN, time(3, 30), BERLIN)
    assert not slots.comes_twice(SPRING, time(2, 30), BERLIN)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, SPRING, 23), (BERLIN, AUTUMN, 25), (BERLIN, date(2026, 11, 21), 24), (MOSCOW, SPRING, 24),
        (MOSCOW, AUTUMN, 24), (KOLKATA, SPRING, 24), (CAIRO, date(2026, 4, 24), 23), (HAVANA, date(2026, 11, 1), 25),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
    ],
)  # fmt: skip
def test_a_day_has_the_hours_of_its_clock(zone: ZoneInfo, day: date, hours: float) -> None:
    span = slots.day_span(day, zone)
    assert span.end - span.begin == timedelta(hours=hours)
    assert span.begin.astimezone(zone).date() == day


def test_moscow_keeps_its_slots_all_year() -> None:
    rules = daily(time(9), zone=MOSCOW)
    found = between(rules, utc(2026, 1, 1), utc(2027, 1, 1))
    assert len(found) == 365
    assert {later - sooner for sooner, later in pairwise(found)} == {timedelta(days=1)}


def test_quiet_hours_go_over_midnight() -> None:
    rules = Rules(zone=MOSCOW, quiet_from=time(23), quiet_until=time(8))
    quiet = slots.quiet_at(rules, utc(2026, 11, 21, 22))
    assert quiet is not None
    assert (quiet.begin, quiet.end) == (utc(2026, 11, 21, 20), utc(2026, 11, 22, 5))
    assert slots.quiet_at(rules, utc(2026, 11, 21, 20)) == quiet
    assert slots.quiet_at(rules, utc(2026, 11, 22, 5)) is None
    assert slots.quiet_at(rules, utc(2026, 11, 21, 19, 59)) is None


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    lunch = Rules(zone=MOSCOW, quiet_from=time(12), quiet_until=time(13))
    assert slots.quiet_at(lunch, utc(2026, 11, 21, 9, 30)) is not None
    assert slots.quiet_at(lunch, utc(2026, 11, 21, 21, 30)) is None
    assert slots.quiet_spans(Rules(zone=MOSCOW), utc(2026, 11, 1), utc(2026, 11, 30)) == []


def test_quiet_hours_that_end_in_the_doubled_hour_end_once() -> None:
    rules = Rules(zone=BERLIN, quiet_from=time(23), quiet_until=time(2, 30))
    [night] = slots.quiet_spans(rules, utc(2026, 10, 24, 20), utc(2026, 10, 25, 12))
    assert (night.begin, night.end) == (utc(2026, 10, 24, 21), utc(2026, 10, 25, 1, 30))


def test_quiet_hours_in_the_hour_that_is_left_out_are_none() -> None:
    rules = Rules(zone=BERLIN, quiet_from=time(2, 10), quiet_until=time(2, 50))
    assert slots.quiet_spans(rules, utc(2026, 3, 29), utc(2026, 3, 29, 20)) == []
    long = Rules(zone=BERLIN, quiet_from=time(23), quiet_until=time(2, 30))
    [night] = slots.quiet_spans(long, utc(2026, 3, 28, 20), utc(2026, 3, 29, 20))
    assert night.end == utc(2026, 3, 29, 1)


def test_the_next_free_slot_is_not_taken_not_quiet_and_far_enough() -> None:
    rules = daily(
        time(7), time(9), time(12), time(18), zone=MOSCOW, quiet_from=time(23), quiet_until=time(8),
        gap=timedelta(minutes=90),
    )  # fmt: skip
    morning = utc(2026, 11, 21, 3)
    assert slots.next_free(rules, morning, []) == utc(2026, 11, 21, 6)
    assert slots.next_free(rules, morning, [utc(2026, 11, 21, 6)]) == utc(2026, 11, 21, 9)
    assert slots.next_free(rules, morning, [utc(2026, 11, 21, 7, 20)]) == utc(2026, 11, 21, 9)
    assert slots.next_free(rules, utc(2026, 11, 21, 6), []) == utc(2026, 11, 21, 9)
    assert slots.next_free(Rules(zone=MOSCOW), morning, []) is None
    in_the_night = daily(time(7), zone=MOSCOW, quiet_from=time(23), quiet_until=time(8))
    assert slots.next_free(in_the_night, morning, []) is None


def test_several_get_slots_of_their_own() -> None:
    rules = daily(time(9), time(9, 20), time(18), zone=MOSCOW, gap=timedelta(minutes=30))
    found = slots.next_free_many(rules, utc(2026, 11, 21), [utc(2026, 11, 21, 15)], 3)
    assert walls(rules, found) == ["Sat 09:00", "Sun 09:00", "Sun 18:00"]
    assert slots.next_free_many(Rules(zone=MOSCOW), utc(2026, 11, 21), [], 3) == []


def test_in_order_keeps_the_distance_goes_around_others_and_waits_for_the_morning() -> None:
    rules = Rules(zone=MOSCOW, quiet_from=time(23), quiet_until=time(8), gap=timedelta(hours=1))
    found = slots.in_order(rules, utc(2026, 11, 21, 18), [utc(2026, 11, 21, 18, 30)], 3)
    assert walls(rules, found) == ["Sat 22:30", "Sun 08:00", "Sun 09:00"]
    free = slots.in_order(Rules(zone=MOSCOW), utc(2026, 11, 21, 18), [], 2)
    assert free == [utc(2026, 11, 21, 18), utc(2026, 11, 21, 18, 0, 1)]


def test_the_first_open_moment_keeps_at_least_a_minute() -> None:
    others = [utc(2026, 11, 21, 18), utc(2026, 11, 21, 18, 1)]
    assert slots.first_open(Rules(zone=MOSCOW), others[0], others) == utc(2026, 11, 21, 18, 2)
    wide = Rules(zone=MOSCOW, gap=timedelta(minutes=30))
    assert slots.first_open(wide, others[0], others) == utc(2026, 11, 21, 18, 31)


def any_rules(random: Random) -> Rules:
    """Rules of any kind, for what must hold of all."""
    times = [time(random.randrange(24), random.randrange(0, 60, 5)) for _ in range(random.randint(1, 6))]
    kept = frozenset((day, at) for at in times for day in EVERY_DAY if random.random() < 0.8)
    quiet = random.sample([time(hour, minute) for hour in range(24) for minute in (0, 15, 30)], 2)
    has_quiet = random.random() < 0.7
    return Rules(
        zone=random.choice(ZONES),
        slots=kept,
        quiet_from=quiet[0] if has_quiet else None,
        quiet_until=quiet[1] if has_quiet else None,
        gap=timedelta(minutes=random.choice([0, 5, 30, 180])),
    )


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_rules_a_free_slot_is_one_and_none_is_left_out(seed: int) -> None:
    random = Random(seed)
    rules = any_rules(random)
    begin = random.choice([utc(2026, 3, 27), utc(2026, 10, 23), utc(2026, 4, 3), utc(2026, 10, 30), utc(2026, 7, 1)])
    end = begin + timedelta(days=5)
    taken = sorted(begin + timedelta(minutes=random.randrange(5 * 1440)) for _ in range(random.randint(0, 12)))
    every, free = between(rules, begin, end), list(slots.free_slots(rules, begin, end, taken))
    assert every == sorted(set(every))
    assert set(free) <= set(every)
    for moment in every:
        wall = moment.astimezone(rules.zone)
        exact = (wall.weekday(), wall.time()) in rules.slots
        jumped = any(
            moment == slots.moment_at(wall.date(), at, rules.zone) and not slots.exists(wall.date(), at, rules.zone)
            for _day, at in rules.slots
        )
        assert exact or jumped
        near = [other for other in taken if abs(other - moment) < rules.distance]
        assert (moment in free) == (slots.quiet_at(rules, moment) is None and not near)
    assert slots.next_free(rules, begin, taken) == next(iter([m for m in free if m > begin]), None) or not free


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_rules_several_in_order_keep_their_distance(seed: int) -> None:
    random = Random(seed)
    rules = any_rules(random)
    begin = utc(2026, 3, 28, 20) if seed % 2 else utc(2026, 10, 24, 20)
    taken = sorted(begin + timedelta(minutes=random.randrange(1440)) for _ in range(5))
    for found in (
        slots.in_order(rules, begin, taken, 6),
        slots.next_free_many(rules, begin, taken, 6),
    ):
        assert found == sorted(set(found))
        assert all(moment >= begin and slots.quiet_at(rules, moment) is None for moment in found)
        assert all(later - sooner >= rules.gap for sooner, later in pairwise(found))
        assert all(abs(moment - other) >= rules.gap for moment in found for other in taken)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_clock_quiet_is_what_it_shows(seed: int) -> None:
    """Minute by minute: quiet where the wall clock says so, and besides only within a doubled hour."""
    random = Random(seed)
    rules = any_rules(random)
    first, last = rules.quiet_from, rules.quiet_until
    if first is None or last is None:
        assert slots.quiet_spans(rules, utc(2026, 3, 1), utc(2026, 12, 1)) == []
        return
    begin = random.choice([utc(2026, 3, 28, 12), utc(2026, 10, 24, 12), utc(2026, 4, 4, 12), utc(2026, 10, 31, 12)])
    spans = slots.quiet_spans(rules, begin, begin + timedelta(days=1))
    assert all(sooner.end <= later.begin for sooner, later in pairwise(spans))
    for minute in range(0, 1440, 5):
        moment = begin + timedelta(minutes=minute)
        wall = moment.astimezone(rules.zone)
        shown = first <= wall.time() < last if first < last else wall.time() >= first or wall.time() < last
        said = any(moment in span for span in spans)
        doubled = slots.comes_twice(wall.date(), wall.time(), rules.zone)
        assert said == shown or (said and doubled)
