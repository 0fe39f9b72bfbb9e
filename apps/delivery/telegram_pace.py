"""When the messages of one bot leave, so that no second of Telegram's own clock holds more than it takes; pure.

Telegram counts a message at some moment between its leaving and its answer. A busy machine or a slow line moves that
moment, for each message by another span, and what comes late meets what left after it. So a message leaves only once
the latest moments at which the others can have been counted leave room for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

# Telegram takes about 30 messages of a bot in any second.
WINDOW, WINDOW_S = 30, 1.0
# Closer together two messages are never planned: what a busy moment kept back does not go out in one burst.
SPACE_S = 0.02
# One without an answer is held to be under way for so long; whatever it is that takes longer, others need not wait.
UNDER_WAY_S = 1.0


@dataclass(eq=False)
class Departure:
    """One message, or an album of several parts, that waits, has left, or was answered.

    Attributes:
        number: its place in the order of leaving.
        places: for how many messages it counts.
        leaves_at: when it may leave, as far as is known; once it has left, when it did. Seconds of any clock.
        counted_by: the latest moment at which Telegram has counted it; None until it was answered.
    """

    number: int
    places: int
    leaves_at: float
    has_left: bool = False
    counted_by: float | None = None

    def counts_at(self, now: float) -> float:
        """The latest moment at which Telegram can have counted it, as far as is known."""
        if self.counted_by is not None:
            return self.counted_by
        return max(self.leaves_at, min(now, self.leaves_at + UNDER_WAY_S))


class Pace:
    """The departures of one bot. Not safe between threads; whoever shares one locks it."""

    def __init__(self) -> None:
        self._known: list[Departure] = []
        self._number = 0
        self._trips: deque[float] = deque(maxlen=WINDOW)

    def book(self, now: float, places: int = 1) -> Departure:
        """Take the next place; ask with `leaves` when its moment has come."""
        self._forget(now)
        self._number += 1
        departure = Departure(self._number, min(places, WINDOW), now)
        last = self._known[-1].leaves_at + SPACE_S if self._known else now
        departure.leaves_at = max(now, last, self._clears_at(departure, now))
        self._known.append(departure)
        return departure

    def leaves(self, departure: Departure, now: float) -> bool:
        """Whether it leaves now; if not, its `leaves_at` says when to ask again, for others were late."""
        if now < departure.leaves_at:
            return False
        departure.leaves_at = max(now, self._clears_at(departure, now))
        departure.has_left = departure.leaves_at <= now
        return departure.has_left

    def answered(self, departure: Departure, now: float) -> None:
        """Its answer is there; half of the quickest way there and back is taken to have been the way back."""
        self._trips.append(min(now - departure.leaves_at, UNDER_WAY_S))
        departure.counted_by = now - min(self._trips) / 2

    def given_up(self, departure: Departure) -> None:
        """It will not leave."""
        if not departure.has_left:
            self._known.remove(departure)

    def under_way_s(self) -> float:
        """How long messages are under way until Telegram counts them, in the mean of the last ones."""
        return sum(self._trips) / len(self._trips) - min(self._trips) / 2 if self._trips else 0.0

    def _clears_at(self, departure: Departure, now: float) -> float:
        """When there is room for it beside those that have left and those before it; may be in the past."""
        counted = [
            each.counts_at(now)
            for each in self._known
            if each.has_left or each.number < departure.number
            for _place in range(each.places)
        ]
        counted.sort(reverse=True)
        full = WINDOW - departure.places
        return counted[full] + WINDOW_S if len(counted) > full else now

    def _forget(self, now: float) -> None:
        """Drop what Telegram does not count any more; the last one says when the next may leave."""
        since = now - WINDOW_S
        kept = [each for each in self._known[:-1] if not each.has_left or each.counts_at(now) >= since]
        self._known = [*kept, *self._known[-1:]]
