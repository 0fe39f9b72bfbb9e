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

    Attributes:
        is_shared: others wait for it too: its place is taken where one is free first, although another bucket makes
            this message wait longer, so that no place between stays empty.
    """

    key: str
    interval_s: float
    burst: int
    places: int = 1
    is_shared: bool = False

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


def arrival_after(limit: Limit, arrival: float, *, now: float, wait: float) -> float:
    """The arrival time once a place is taken for a message that waits so long."""
    own = wait_for([limit], [arrival], now) if limit.is_shared else wait
    return max(arrival, now + own) + limit.cost_s


def arrival_closed(limit: Limit, arrival: float, until: float) -> float:
    """The arrival time that keeps a bucket shut until `until`."""
    return max(arrival, until + limit.tolerance_s)
