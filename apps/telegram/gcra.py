"""The arithmetic of rate buckets: GCRA, the leaky bucket that stores one time a key.

A key holds its theoretical arrival time: when the bucket would be empty again. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One bucket: a message each `interval_s`, and `burst` at once after a rest.

    What takes several places at once, an album, goes after a rest as long as those beyond the burst, and is followed by
    one as long as all of them: so no window of time sees more than the same places one by one.
    """

    key: str
    interval_s: float
    burst: int
    places: int = 1

    @property
    def tolerance_s(self) -> float:
        """How far ahead of the clock the arrival time may stand; below zero it must lie behind."""
        return (self.burst - self.places) * self.interval_s

    @property
    def cost_s(self) -> float:
        """How far the arrival time moves."""
        return self.places * self.interval_s


def wait_for(limits: Sequence[Limit], arrivals: Sequence[float], now: float) -> float:
    """Seconds until every one of the buckets has room."""
    return max(0.0, *(arrival - limit.tolerance_s - now for limit, arrival in zip(limits, arrivals, strict=True)))


def arrival_after(limit: Limit, arrival: float, at: float) -> float:
    """The arrival time once a message has gone at `at`."""
    return max(arrival, at) + limit.cost_s


def arrival_closed(limit: Limit, arrival: float, until: float) -> float:
    """The arrival time that keeps a bucket shut until `until`."""
    return max(arrival, until + limit.tolerance_s)
