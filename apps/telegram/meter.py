"""How often one account may ask for one kind of thing: our own limits, kept below those that Telegram enforces.

Telegram answers about ten requests for history in half a minute and fewer than twenty for usernames in a minute;
whoever asks faster is told to wait, once for fifteen hours. So each account has a bucket (GCRA) for each operation, and
a wait that Telegram asks for closes that bucket alone. Only the process that owns the account uses its meter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from apps.telegram.gcra import Limit, arrival_after, arrival_closed, wait_for

# The most requests in any window of T seconds is burst + T / interval.
LIMITS = {
    "history": Limit("history", interval_s=3.5, burst=2),  # 10 in 30 s
    "resolve": Limit("resolve", interval_s=3.5, burst=2),  # 19 in 60 s
    "media": Limit("media", interval_s=0.5, burst=20),
    # Telegram does not publish these; each follows a person's press of a button, and haste brings waits of hours.
    "invite": Limit("invite", interval_s=30, burst=3),
    "join": Limit("join", interval_s=300, burst=2),
    "dialogs": Limit("dialogs", interval_s=1800, burst=1),
}


@dataclass(frozen=True)
class Allowance:
    """What is known of one operation of one account; times are aware.

    Attributes:
        arrives_at: when the bucket is empty again (GCRA's theoretical arrival time).
        waits_until: until when Telegram told the account to wait; None once a request went after it.
    """

    operation: str
    arrives_at: datetime | None = None
    waits_until: datetime | None = None
    spent: int = 0
    floods: int = 0
    last_flood_s: int = 0

    def wait_s(self, at: datetime) -> float:
        """Seconds until the next request may go."""
        return wait_for([LIMITS[self.operation]], [seconds_of(self.arrives_at)], at.timestamp())

    def taken(self, at: datetime) -> Allowance:
        """The allowance once a request has gone."""
        arrival = arrival_after(LIMITS[self.operation], seconds_of(self.arrives_at), now=at.timestamp(), wait=0.0)
        return Allowance(self.operation, moment(arrival), None, self.spent + 1, self.floods, self.last_flood_s)

    def flooded(self, seconds: float, at: datetime) -> Allowance:
        """The allowance after Telegram asked for a pause of `seconds`."""
        until = at.timestamp() + seconds
        arrival = arrival_closed(LIMITS[self.operation], seconds_of(self.arrives_at), until)
        return Allowance(
            self.operation, moment(arrival), moment(until), self.spent, self.floods + 1, min(ceil(seconds), 2**31 - 1)
        )


class Meter:
    """The allowances of one account, in its owner's memory."""

    def __init__(self, known: dict[str, Allowance]) -> None:
        self._known = {name: known.get(name) or Allowance(name) for name in LIMITS}

    def of(self, operation: str) -> Allowance:
        """What is known of an operation."""
        return self._known[operation]

    def take(self, operation: str, at: datetime) -> float:
        """Take room for one request: 0.0, or the seconds to wait where there is none."""
        allowance = self._known[operation]
        wait = allowance.wait_s(at)
        if wait <= 0:
            self._known[operation] = allowance.taken(at)
        return max(wait, 0.0)

    def flood(self, operation: str, seconds: float, at: datetime) -> None:
        """Close an operation for as long as Telegram asks."""
        self._known[operation] = self._known[operation].flooded(seconds, at)


def seconds_of(at: datetime | None) -> float:
    """Seconds since the epoch; nothing is its beginning."""
    return at.timestamp() if at is not None else 0.0


def moment(seconds: float) -> datetime:
    """An aware time, at the latest in the year 9999."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_000.0), UTC)
