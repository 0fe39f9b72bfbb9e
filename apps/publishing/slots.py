"""Places in time for publications: a channel's slots, its quiet hours, the distance between its publications. Pure.

Schedules are kept on a wall clock, publications as moments. Where a clock jumps, one has to be made of the other:

- a time that the clock leaves out (02:30 on the night when summer begins) comes as much later as the clock jumps, at
  03:30, so that slots keep their distance from each other;
- a time that comes twice is the first of the two, so that a slot never comes twice a day;
- quiet hours begin at the first and end at the last of two such times, and at the jump where their time is left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
# So far ahead a free slot is looked for; a year of full slots is not a schedule any more.
AHEAD_DAYS = 366


@dataclass(frozen=True)
class Rules:
    """When a channel may publish.

    Attributes:
        zone: whose wall clock the times are on.
        slots: weekday (Monday is 0) and time of each slot.
        quiet_from, quiet_until: no publications between them; over midnight where the first is the later one.
        gap: the least distance between two publications.
    """

    zone: ZoneInfo
    slots: frozenset[tuple[int, time]] = frozenset()
    quiet_from: time | None = None
    quiet_until: time | None = None
    gap: timedelta = timedelta()

    @property
    def distance(self) -> timedelta:
        """What a slot keeps from its neighbours: a slot is for one publication, whatever the least distance."""
        return max(self.gap, MINUTE)


@dataclass(frozen=True)
class Span:
    """From a moment until before another."""

    begin: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


def moment_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of a wall clock's time, in UTC: the first of two; as much later as the clock jumps over it."""
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def exists(day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time on this day."""
    return moment_at(day, at, zone).astimezone(zone).replace(tzinfo=None, fold=0) == datetime.combine(day, at)


def comes_twice(day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time twice on this day."""
    first, second = (datetime.combine(day, at.replace(fold=fold), tzinfo=zone) for fold in (0, 1))
    return exists(day, at, zone) and first.utcoffset() != second.utcoffset()


def day_span(day: date, zone: ZoneInfo) -> Span:
    """A day of the wall clock, of 23, 24 or 25 hours."""
    return Span(_edge(day, time(0), zone), _edge(day + DAY, time(0), zone))


def quiet_spans(rules: Rules, begin: datetime, end: datetime) -> list[Span]:
    """The quiet hours that touch the time between two moments, in order."""
    if rules.quiet_from is None or rules.quiet_until is None:
        return []
    over_midnight = rules.quiet_until <= rules.quiet_from
    found = []
    for day in days_between(begin - 2 * DAY, end + DAY, rules.zone):
        last = day + DAY if over_midnight else day
        span = Span(_edge(day, rules.quiet_from, rules.zone), _edge(last, rules.quiet_until, rules.zone, last=True))
        if span.begin < span.end and span.begin < end and span.end > begin:
            found.append(span)
    return found


def quiet_at(rules: Rules, moment: datetime) -> Span | None:
    """The quiet hours that a moment is in."""
    return next((span for span in quiet_spans(rules, moment, moment + MINUTE) if moment in span), None)


def nearest(moment: datetime, others: Sequence[datetime], gap: timedelta) -> datetime | None:
    """Which of the others, sorted by time, stands nearer than the gap; the nearest one."""
    place = bisect_left(others, moment)
    around = [other for other in others[max(0, place - 1) : place + 1] if abs(other - moment) < gap]
    return min(around, key=lambda other: abs(other - moment)) if around else None


def slots_between(rules: Rules, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The moments of the slots from `begin` until before `end`, in order, each once."""
    if not rules.slots:
        return
    last = None
    for day in days_between(begin - DAY, end + DAY, rules.zone):
        times = (at for weekday, at in rules.slots if weekday == day.weekday())
        for moment in sorted(moment_at(day, at, rules.zone) for at in times):
            if begin <= moment < end and (last is None or moment > last):
                last = moment
                yield moment


def free_slots(rules: Rules, begin: datetime, end: datetime, taken: Iterable[datetime]) -> Iterator[datetime]:
    """The slots in that time that are outside quiet hours and far enough from what is taken already."""
    others = sorted(taken)
    for moment in slots_between(rules, begin, end):
        if quiet_at(rules, moment) is None and nearest(moment, others, rules.distance) is None:
            yield moment


def next_free(rules: Rules, after: datetime, taken: Iterable[datetime]) -> datetime | None:
    """The first free slot after a moment; None where the channel has none within a year."""
    return next(free_slots(rules, after + timedelta(microseconds=1), after + AHEAD_DAYS * DAY, taken), None)


def next_free_many(rules: Rules, after: datetime, taken: Iterable[datetime], count: int) -> list[datetime]:
    """The first free slots for several publications, each far enough from the others; fewer where they run out."""
    others, found = list(taken), list[datetime]()
    for _number in range(count):
        moment = next_free(rules, found[-1] if found else after, others)
        if moment is None:
            break
        found.append(moment)
        others.append(moment)
    return found


def in_order(rules: Rules, begin: datetime, taken: Iterable[datetime], count: int) -> list[datetime]:
    """Times for several publications, as soon as distance and quiet hours let them; a second keeps their order."""
    others, found = sorted(taken), list[datetime]()
    moment = begin
    while len(found) < count:
        moment = first_open(rules, moment, others, rules.gap)
        found.append(moment)
        moment += max(rules.gap, SECOND)
    return found


def first_open(
    rules: Rules, begin: datetime, others: Sequence[datetime], distance: timedelta | None = None
) -> datetime:
    """The first moment from `begin` on that is outside quiet hours and far enough from the others, sorted by time.

    Args:
        distance: what is far enough; without it what a slot keeps from its neighbours.
    """
    moment, least = begin, rules.distance if distance is None else distance
    while True:
        quiet = quiet_at(rules, moment)
        near = nearest(moment, others, least)
        if quiet is not None:
            moment = quiet.end
        elif near is not None:
            moment = near + least
        else:
            return moment


def days_between(begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[date]:
    """The days of the wall clock from that of `begin` to that of `end`."""
    day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        yield day
        day += DAY


def _edge(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """The first (or last) moment of a wall clock's time; the jump itself where the clock leaves the time out."""
    moment = datetime.combine(day, at.replace(fold=1 if last else 0), tzinfo=zone).astimezone(UTC)
    if exists(day, at, zone):
        return moment
    # Read with the offset from before the jump it lies after it, with the other one before it: the jump is between.
    late = datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)
    early = datetime.combine(day, at.replace(fold=1), tzinfo=zone).astimezone(UTC)
    offset = late.astimezone(zone).utcoffset()
    while late - early > SECOND:
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)
