"""Turns: the least pause between two requests to one host, and how many may be on their way to it.

A turn is booked ahead: the first caller goes now, the next one `interval` later, and so on. Nobody books further ahead
than `LONGEST_TURN_S`; who would have to is sent away with the time that the queue needs, so that one host's queue holds
no place that other hosts could use.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

from django.utils.module_loading import import_string

LONGEST_TURN_S = 5.0
HOSTS_KEPT = 10_000


class Turns(Protocol):
    """Where turns are booked."""

    async def book(self, host: str, interval: float) -> float:
        """Seconds to wait for one's turn; more than `LONGEST_TURN_S` means that none was booked."""
        ...

    async def hold(self, host: str, seconds: float) -> None:
        """Give no turn at a host for so long."""
        ...

    async def aclose(self) -> None:
        """Let go of what it holds."""
        ...


class LocalTurns:
    """Turns of one process, whatever number of threads and loops it has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    async def book(self, host: str, interval: float) -> float:
        """Book the next turn at a host."""
        with self._lock:
            moment = time.monotonic()
            if len(self._free_at) > HOSTS_KEPT:
                self._free_at = {name: free for name, free in self._free_at.items() if free > moment}
            wait = max(self._free_at.get(host, moment) - moment, 0.0)
            if wait <= LONGEST_TURN_S:
                self._free_at[host] = moment + wait + interval
            return wait

    async def hold(self, host: str, seconds: float) -> None:
        """Give no turn at a host for so long."""
        with self._lock:
            self._free_at[host] = max(self._free_at.get(host, 0.0), time.monotonic() + seconds)

    async def aclose(self) -> None:
        """Nothing to let go of."""


LOCAL = LocalTurns()


def turns_for(redis_url: str) -> Turns:
    """The turns of a run: shared through Redis where there is one."""
    if not redis_url:
        return LOCAL
    # Loading Redis's client takes a third of a second, which a run without it does not spend.
    shared: Turns = import_string("apps.core.http.shared_turns.RedisTurns")(redis_url, LOCAL)
    return shared
