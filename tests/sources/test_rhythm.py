"""Silence is judged by the source's own rhythm, nights and weekends included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.sources.rhythm import Rhythm, quiet_from, rhythm_learn

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 10, 5, tzinfo=MOSCOW)


def by_day(days: int, hours: range, *, begin: datetime = MONDAY, weekends: bool = True) -> list[datetime]:
    """A post at each of these hours, a little after or before the full one, for so many days."""
    return [
        begin + timedelta(days=day, hours=hour, minutes=(day * 7 + hour * 13) % 50)
        for day in range(days)
        for hour in hours
        if weekends or (begin + timedelta(days=day)).weekday() < 5
    ]


def learnt(times: list[datetime]) -> Rhythm:
    found = rhythm_learn(times, MOSCOW)
    assert found is not None
    return found


def test_a_night_is_no_silence_and_the_same_hours_by_day_are() -> None:
    rhythm = learnt(by_day(21, range(8, 23)))
    evening = datetime(2026, 10, 26, 22, 30, tzinfo=MOSCOW)
    noon = datetime(2026, 10, 27, 12, 0, tzinfo=MOSCOW)

    assert quiet_from(rhythm, evening, MOSCOW) > datetime(2026, 10, 27, 9, 0, tzinfo=MOSCOW)
    assert quiet_from(rhythm, noon, MOSCOW) < noon + timedelta(hours=7)
    assert quiet_from(rhythm, noon, MOSCOW) - noon < quiet_from(rhythm, evening, MOSCOW) - evening


def test_a_weekend_is_no_silence_for_who_works_from_monday_to_friday() -> None:
    rhythm = learnt(by_day(28, range(9, 19), weekends=False))
    friday = datetime(2026, 10, 30, 18, 30, tzinfo=MOSCOW)
    tuesday = datetime(2026, 10, 27, 10, 0, tzinfo=MOSCOW)

    assert quiet_from(rhythm, friday, MOSCOW) > datetime(2026, 11, 2, 9, 0, tzinfo=MOSCOW)
    assert quiet_from(rhythm, tuesday, MOSCOW) < datetime(2026, 10, 29, 0, 0, tzinfo=MOSCOW)


def test_a_new_source_and_one_burst_have_no_rhythm_yet() -> None:
    burst = [MONDAY + timedelta(seconds=10 * n) for n in range(200)]

    assert rhythm_learn([], MOSCOW) is None
    assert rhythm_learn(by_day(2, range(8, 23)), MOSCOW) is None
    assert rhythm_learn(burst, MOSCOW) is None


def test_one_burst_among_quiet_days_does_not_make_every_hour_urgent() -> None:
    steady = by_day(30, range(8, 23))
    burst = [steady[200] + timedelta(seconds=20 * n) for n in range(60)]
    noon = datetime(2026, 11, 5, 12, 0, tzinfo=MOSCOW)

    with_burst = quiet_from(learnt([*steady, *burst]), noon, MOSCOW)

    assert with_burst > noon + timedelta(hours=1)


def test_silence_is_told_at_the_same_local_hour_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    begin = datetime(2026, 9, 28, tzinfo=berlin)
    times = [begin.replace(hour=hour) + timedelta(days=day) for day in range(26) for hour in range(8, 23)]
    rhythm = rhythm_learn(times, berlin)
    assert rhythm is not None

    before = quiet_from(rhythm, datetime(2026, 10, 22, 22, 0, tzinfo=berlin).astimezone(UTC), berlin)
    after = quiet_from(rhythm, datetime(2026, 10, 29, 22, 0, tzinfo=berlin).astimezone(UTC), berlin)

    assert before.astimezone(berlin).hour == after.astimezone(berlin).hour


def test_what_is_learnt_is_the_same_after_it_was_stored() -> None:
    rhythm = learnt(by_day(21, range(8, 23)))
    again = Rhythm.restored(rhythm.stored())
    assert again is not None

    noon = datetime(2026, 10, 27, 12, 0, tzinfo=MOSCOW)
    apart = quiet_from(again, noon, MOSCOW) - quiet_from(rhythm, noon, MOSCOW)
    assert abs(apart) < timedelta(minutes=1)
    assert Rhythm.restored({}) is None
    assert rhythm.gap_s < 2 * 3600
