"""When a source usually posts, and from when its silence tells something.

Silence is counted in posts that should have come by now: each hour of the day, on working days and at weekends apart,
has the rate that the source had in it. A night without posts therefore counts next to nothing, and the same two hours
at noon a lot. A silence longer than the 99th percentile of the source's own by `FACTOR` is telling; how that compares
with plain hours is told in docs/source-health.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Self

POSTS = 400  # the newest so many are looked at
DAYS = 120  # and none older than that
GAPS_LEAST = 30
SPAN_LEAST = timedelta(days=4)  # one burst, or one day and night, is no rhythm yet
PERCENTILE = 0.99
FACTOR = 2.0
SILENCE_LEAST = timedelta(hours=1)
SILENCE_MOST = timedelta(days=60)
HOUR = 3600.0
CELLS = 48


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What was learnt of a source.

    Attributes:
        rates: posts an hour in the 24 hours of a working day, then in those of a weekend.
        limit: how many posts may be missing before the silence tells.
        gap_s: the usual gap between two posts, the median in seconds.
    """

    rates: tuple[float, ...]
    limit: float
    gap_s: int

    def stored(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"rates": [round(rate, 4) for rate in self.rates], "limit": round(self.limit, 4), "gap_s": self.gap_s}

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Self | None:
        """From JSON; None where nothing is learnt yet."""
        if len(stored.get("rates", ())) != CELLS:
            return None
        return cls(tuple(stored["rates"]), float(stored["limit"]), int(stored["gap_s"]))


def rhythm_learn(times: Sequence[datetime], zone: tzinfo) -> Rhythm | None:
    """The rhythm of posts that came out at these moments, in any order; None where they are too few or too close."""
    if not times:
        return None
    newest = max(times)
    stamps = sorted({at.timestamp() for at in times if newest - at <= timedelta(days=DAYS)})[-POSTS:]
    if len(stamps) <= GAPS_LEAST or stamps[-1] - stamps[0] < SPAN_LEAST.total_seconds():
        return None
    rates = _rates(stamps, zone)
    pairs = list(pairwise(stamps))
    missing = sorted(_missing(rates, begin, end, zone) for begin, end in pairs)
    gaps = sorted(end - begin for begin, end in pairs)
    limit = missing[min(len(missing) - 1, int(len(missing) * PERCENTILE))] * FACTOR
    return Rhythm(rates, limit, max(1, round(gaps[len(gaps) // 2])))


def quiet_from(rhythm: Rhythm, last: datetime, zone: tzinfo) -> datetime:
    """The moment from which silence tells something, the last post having come out at `last`."""
    begin = at = last.timestamp()
    end = begin + SILENCE_MOST.total_seconds()
    missing = 0.0
    while at < end:
        hour_ends = (at // HOUR + 1) * HOUR
        rate = rhythm.rates[_cell(at, zone)]
        more = rate * (hour_ends - at) / HOUR
        if missing + more >= rhythm.limit:
            at += (rhythm.limit - missing) / rate * HOUR
            break
        missing, at = missing + more, hour_ends
    return last + max(timedelta(seconds=at - begin), SILENCE_LEAST)


def _rates(stamps: Sequence[float], zone: tzinfo) -> tuple[float, ...]:
    """Posts an hour by cell; a cell that was seen seldom leans on its hour of all days, and that on the whole."""
    posts, hours = [0.0] * CELLS, [0.0] * CELLS
    at = stamps[0] // HOUR * HOUR
    while at < stamps[-1]:
        hours[_cell(at, zone)] += 1
        at += HOUR
    for stamp in stamps:
        posts[_cell(stamp, zone)] += 1
    whole = len(stamps) / sum(hours)
    by_hour = [(posts[cell] + posts[cell + 24] + whole) / (hours[cell] + hours[cell + 24] + 1) for cell in range(24)]
    return tuple((posts[cell] + by_hour[cell % 24]) / (hours[cell] + 1) for cell in range(CELLS))


def _missing(rates: Sequence[float], begin: float, end: float, zone: tzinfo) -> float:
    """How many posts one would have expected between two moments."""
    missing, at = 0.0, begin
    while at < end:
        until = min(end, (at // HOUR + 1) * HOUR)
        missing += rates[_cell(at, zone)] * (until - at) / HOUR
        at = until
    return missing


def _cell(stamp: float, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(stamp, zone)
    return local.hour + (24 if local.weekday() >= 5 else 0)
