"""What may be said of two headlines. Pure: numbers in, a verdict out, in figures and not in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from apps.publishing.statistics.intervals import Interval, Seen, difference, needed, ratio

USUAL_LEAST = 8
CLICKS_LEAST = 5


class Said(Enum):
    """What may be said."""

    WAITS = "waits"
    UNKNOWN = "unknown"
    ODD = "odd"
    TOO_FEW = "too_few"
    OPEN = "open"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two at the age that was chosen at the start; None is what nobody told.

    Attributes:
        usual: views at this age of earlier publications in its channel.
    """

    views: int | None
    clicks: int | None
    usual: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome.

    Attributes:
        interval: of the difference of clicks per view, or of the ratio of views; None where there is none to tell.
        more_views: how many views in all are missing for the difference that would matter; 0 where that is not it.
    """

    said: Said
    interval: Interval | None = None
    more_views: int = 0


def by_clicks(first: Arm, second: Arm, *, least: float) -> Verdict:
    """Compare clicks per view; `least` is the part by which a rate would have to be greater to matter."""
    counts = []
    for one in (first, second):
        if one.views is None or one.clicks is None:
            return Verdict(Said.UNKNOWN)
        if one.clicks > one.views:
            return Verdict(Said.ODD)
        if one.views == 0:
            return Verdict(Said.TOO_FEW)
        counts.append((one.clicks, one.views))
    clicks, views = (sum(column) for column in zip(*counts, strict=True))
    wanted = needed(clicks / views, least)
    missing = sum(max(0, wanted - seen) for _clicks, seen in counts)
    found = difference(counts[0], counts[1])
    if clicks < CLICKS_LEAST:
        return Verdict(Said.TOO_FEW, found, missing)
    return Verdict(side(found, 0.0), found, missing)


def by_views(first: Arm, second: Arm) -> Verdict:
    """Compare views against what is usual in each channel."""
    seen = []
    for one in (first, second):
        if one.views is None:
            return Verdict(Said.UNKNOWN)
        usual = [views for views in one.usual if views > 0]
        if len(usual) < USUAL_LEAST or one.views <= 0:
            return Verdict(Said.TOO_FEW)
        seen.append(Seen(one.views, usual))
    found = ratio(seen[0], seen[1])
    return Verdict(side(found, 1.0), found)


def side(found: Interval, nothing: float) -> Said:
    """Who is ahead: nobody as long as the interval holds the value that means no difference."""
    if found.low <= nothing <= found.high:
        return Said.OPEN
    return Said.FIRST if found.low > nothing else Said.SECOND
