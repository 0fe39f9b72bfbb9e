"""The calendar's days and hours: what stands where, on days when clocks jump as on others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.desk import calendar_days
from apps.desk.calendar_days import Place, days_of, month_of, put, rows_of, shade, week_of
from apps.publishing.models import Channel
from apps.publishing.slots import Span

BERLIN, MOSCOW = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Moscow")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # Sundays
NOON = datetime(2026, 11, 21, 9, tzinfo=UTC)


def week(day: date, zone: ZoneInfo = BERLIN) -> list[calendar_days.Day]:
    return days_of(week_of(day), 7, zone, at=NOON)


def test_a_week_has_a_row_for_each_hour() -> None:
    rows = rows_of(week(date(2026, 11, 21), MOSCOW))
    assert [row.words for row in rows] == [f"{hour:02}:00" for hour in range(24)]
    assert all(cell.begin for row in rows for cell in row.cells)
    assert rows[12].cells[5].begin == NOON


def test_the_hour_that_is_left_out_is_no_place() -> None:
    days = week(SPRING)
    rows = rows_of(days)
    assert (len(rows), days[6].hours, days[6].is_odd) == (24, 23, True)
    assert [cell.begin is None for cell in rows[2].cells] == [False] * 6 + [True]
    assert rows[3].cells[6].begin == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_the_doubled_hour_has_a_row_of_its_own() -> None:
    days = week(AUTUMN)
    rows = rows_of(days)
    assert (len(rows), days[6].hours) == (25, 25)
    assert [row.words for row in rows if row.is_second] == ["02:00"]
    second = rows[3]
    assert [cell.begin is None for cell in second.cells] == [True] * 6 + [False]
    assert second.cells[6].begin == rows[2].cells[6].begin + timedelta(hours=1)  # type: ignore[operator]


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Asia/Kolkata", "UTC"])
def test_whatever_the_zone_the_hours_of_a_year_leave_nothing_out(zone: str) -> None:
    clock = ZoneInfo(zone)
    days = days_of(date(2026, 1, 1), 365, clock, at=NOON)
    moment = days[0].span.begin
    for day in days:
        begins = sorted(cell.begin for cell in day.cells.values() if cell.begin)
        assert begins[0] == day.span.begin == moment
        assert len(begins) == len(list(calendar_days.hours_of(day.span, clock)))
        moment = day.span.end
    minute = days[0].span.begin
    while minute < moment:
        local = minute.astimezone(clock)
        [day] = [one for one in days if one.date == local.date()]
        assert (local.hour, local.fold) in day.cells
        minute += timedelta(hours=7, minutes=30)


def test_free_places_stand_in_their_hour_of_the_two() -> None:
    days = week(AUTUMN)
    channel = Channel(pk=1, name="One")
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    put(days, [Place(channel, first.astimezone(BERLIN)), Place(channel, second.astimezone(BERLIN))])
    assert [len(days[6].cells[2, fold].entries) for fold in (0, 1)] == [1, 1]
    assert days[6].places == 2


def test_quiet_hours_are_shaded_where_all_channels_are_quiet() -> None:
    days = week(date(2026, 11, 21), MOSCOW)
    night = [Span(NOON - timedelta(hours=12), NOON - timedelta(hours=4))]
    shade(days, {"One": night, "Two": night[:0]})
    cell = days[5].cells[3, 0]
    assert (cell.quiet, cell.is_quiet) == (["One"], False)
    shade(days, {"One": night})
    assert cell.is_quiet
    assert not days[5].cells[8, 0].is_quiet
    assert days[5].cells[7, 0].is_quiet


def test_weeks_and_months_begin_on_mondays() -> None:
    assert week_of(date(2026, 11, 22)) == date(2026, 11, 16)
    assert month_of(date(2026, 11, 21)) == (date(2026, 10, 26), 42)
    assert month_of(date(2027, 2, 10)) == (date(2027, 2, 1), 28)
    assert month_of(date(2026, 12, 31)) == (date(2026, 11, 30), 35)
