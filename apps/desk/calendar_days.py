"""Days and hours of the calendar: what stands where on a wall clock, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.publishing.models import Channel, Publication
from apps.publishing.services.schedule_rules import Conflict
from apps.publishing.slots import DAY, Span, day_span

Status = Publication.Status
Key = tuple[int, int]


@dataclass(frozen=True)
class Card:
    """A publication as it stands in the calendar.

    Attributes:
        local: its time on the workspace's clock.
        conflicts: what speaks against its time.
        is_late: it should have gone out and has not.
    """

    row: Publication
    local: datetime
    conflicts: tuple[Conflict, ...] = ()
    is_late: bool = False
    is_movable: bool = False

    @property
    def tone(self) -> str:
        """The colour's name: done, bad, wait, or plain."""
        if self.row.status == Status.SENT:
            return "done"
        if self.row.status == Status.FAILED:
            return "bad"
        return "wait" if self.conflicts or self.is_late or self.row.status == Status.UNKNOWN else "plain"

    @property
    def iso(self) -> str:
        """Its moment, exactly."""
        return self.row.publish_at.astimezone(UTC).isoformat()


@dataclass(frozen=True)
class Place:
    """A free slot of a channel."""

    channel: Channel
    local: datetime

    @property
    def iso(self) -> str:
        """Its moment, exactly."""
        return self.local.astimezone(UTC).isoformat()


Entry = Card | Place


@dataclass
class Cell:
    """One hour of a day.

    Attributes:
        begin: None where the clock leaves the hour out.
        quiet: names of the channels that are quiet for some of it.
        is_quiet: all channels shown are.
    """

    begin: datetime | None
    words: str = ""
    is_past: bool = False
    is_quiet: bool = False
    quiet: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def iso(self) -> str:
        """When it begins, exactly."""
        return self.begin.astimezone(UTC).isoformat() if self.begin else ""


@dataclass
class Day:
    """A day of the wall clock with what stands in it, in order."""

    date: date
    span: Span
    is_today: bool = False
    is_past: bool = False
    cells: dict[Key, Cell] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.span.end - self.span.begin).total_seconds() / 3600

    @property
    def is_odd(self) -> bool:
        """Whether clocks jump in it."""
        return self.span.end - self.span.begin != DAY

    @property
    def cards(self) -> list[Card]:
        """Its publications."""
        return [entry for entry in self.entries if isinstance(entry, Card)]

    @property
    def places(self) -> int:
        """How many slots are free in it."""
        return len(self.entries) - len(self.cards)


@dataclass(frozen=True)
class Row:
    """An hour across the days of a week."""

    words: str
    is_second: bool
    cells: list[Cell]
    is_empty: bool


def days_of(first: date, count: int, zone: ZoneInfo, *, at: datetime) -> list[Day]:
    """Days in a row, with their hours."""
    today, days = at.astimezone(zone).date(), []
    for number in range(count):
        day = first + timedelta(days=number)
        made = Day(day, day_span(day, zone), is_today=day == today, is_past=day < today)
        for begin in hours_of(made.span, zone):
            local = begin.astimezone(zone)
            ends = begin + timedelta(minutes=60 - local.minute)
            made.cells[local.hour, local.fold] = Cell(begin, f"{local:%H:%M}", is_past=ends <= at)
        days.append(made)
    return days


def hours_of(span: Span, zone: ZoneInfo) -> Iterator[datetime]:
    """The beginnings of the hours that a clock shows in a day: none that it leaves out, and doubled ones twice."""
    moment = span.begin
    while moment < span.end:
        yield moment
        moment += timedelta(minutes=60 - moment.astimezone(zone).minute)


def put(days: list[Day], entries: Iterable[Entry]) -> None:
    """Set publications and free slots into their days and hours."""
    by_date = {day.date: day for day in days}
    for entry in entries:
        day = by_date.get(entry.local.date())
        if day is not None:
            day.entries.append(entry)
            day.cells[entry.local.hour, entry.local.fold].entries.append(entry)


def shade(days: list[Day], quiet: dict[str, list[Span]]) -> None:
    """Mark the hours in which channels, by name, are quiet."""
    for day in days:
        for cell in day.cells.values():
            if cell.begin is None:
                continue
            end = cell.begin + timedelta(hours=1)
            cell.quiet = [
                name for name, spans in quiet.items() if any(s.begin < end and s.end > cell.begin for s in spans)
            ]
            cell.is_quiet = bool(cell.quiet) and len(cell.quiet) == len(quiet)


def rows_of(days: list[Day]) -> list[Row]:
    """The hours of a week, one under the other; an hour that only one day has is a row as well."""
    keys = sorted({key for day in days for key in day.cells} | {(hour, 0) for hour in range(24)})
    rows = []
    for key in keys:
        cells = [day.cells.get(key) or Cell(None) for day in days]
        rows.append(Row(f"{key[0]:02}:00", key[1] == 1, cells, not any(cell.entries for cell in cells)))
    return rows


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> tuple[date, int]:
    """The Monday before a month's first day, and how many days its whole weeks have."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    begin = week_of(first)
    return begin, ((after - begin).days + 6) // 7 * 7
