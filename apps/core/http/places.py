"""Places at the hosts of one session, and where a host's queue stands.

A drain has few places in all. Of these a host gets `HOST_PLACES` for requests on their way and `HOST_WAITING` for
requests that wait for them; whoever comes then is sent away at once with a time of its own, one after another at the
pace that the host has shown. So a host that drips, hangs or has hundreds of feeds never holds what others could use.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.utils.translation import gettext as _

from apps.core.errors import RetryableError
from apps.core.http.politeness import LONGEST_TURN_S, Turns

# Requests on their way to one host from one session, and such as wait for them.
HOST_PLACES = 2
HOST_WAITING = 2
# Where a host is quick, more may wait, because they are through within a second.
QUICK_WAITING, QUICK_S = 8, 1.0
# A host's queue is never put off further than this; what is really longer is put off again.
LONGEST_QUEUE_S = 900.0
LEAST_STEP_S = 0.1
# So many addresses of a host, without any good answer between, make "too often" the host's word and not the page's.
REFUSALS_OF_HOST = 3
REFUSALS = frozenset({429, 503})
HOLD_S, LONGEST_HOLD_S = 60.0, 900.0


class HostQueue:
    """One host's places, pace and refusals."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(HOST_PLACES)
        self.waiting = 0
        self.pace_s = 0.0  # how long a request has taken lately
        self.free_at = 0.0  # the end of its queue, on the monotonic clock
        self.refused: set[str] = set()

    def took(self, seconds: float) -> None:
        """Learn how long a request held its place."""
        self.pace_s = seconds if not self.pace_s else 0.5 * self.pace_s + 0.5 * seconds

    def has_room(self, *, interval_s: float) -> bool:
        """Whether one more request may wait for a place."""
        room = HOST_WAITING
        if self.pace_s:
            step = max(interval_s, self.pace_s / HOST_PLACES, QUICK_S / QUICK_WAITING)
            room = max(HOST_WAITING, int(QUICK_S / step))
        return not self.places.locked() or self.waiting < room

    def later(self, *, interval_s: float, least_s: float = 0.0) -> float:
        """Seconds until the next free turn at the end of the queue; the turn after it is another's."""
        moment = time.monotonic()
        step = max(interval_s, self.pace_s / HOST_PLACES, LEAST_STEP_S)
        turn = max(self.free_at, moment + max(least_s, step))
        self.free_at = turn + step
        return min(turn - moment, LONGEST_QUEUE_S)


class HostPlaces:
    """The hosts of one session."""

    def __init__(self, turns: Turns, *, interval_s: float) -> None:
        self._turns = turns
        self._interval_s = interval_s
        self._hosts: dict[str, HostQueue] = {}

    @asynccontextmanager
    async def at(self, host: str) -> AsyncIterator[None]:
        """Hold one of the host's places, in turn.

        Raises:
            RetryableError: that would take too long; code host_busy, with a time of its own.
        """
        queue = self._hosts.setdefault(host, HostQueue())
        await self._enter(host, queue)
        try:
            wait = await self._turns.book(host, self._interval_s)
            if wait > LONGEST_TURN_S:
                raise host_busy(host, queue.later(interval_s=self._interval_s, least_s=wait))
            await asyncio.sleep(wait)
            began = time.monotonic()
            try:
                yield
            finally:
                queue.took(time.monotonic() - began)
        finally:
            queue.places.release()

    async def _enter(self, host: str, queue: HostQueue) -> None:
        if not queue.has_room(interval_s=self._interval_s):
            raise host_busy(host, queue.later(interval_s=self._interval_s))
        queue.waiting += 1
        try:
            async with asyncio.timeout(LONGEST_TURN_S):
                await queue.places.acquire()
        except TimeoutError as exc:
            raise host_busy(host, queue.later(interval_s=self._interval_s)) from exc
        finally:
            queue.waiting -= 1

    async def answered(self, host: str, url: str, status: int, retry_after: float | None) -> None:
        """Learn from an answer whether the host wants fewer requests.

        A Retry-After is the word of one page and binds only the one who asked for it. Three pages of a host that all
        refuse with 429 or 503, with nothing good between, are the host's word: all its pages wait then.
        """
        queue = self._hosts.setdefault(host, HostQueue())
        if status not in REFUSALS:
            queue.refused.clear()
            return
        queue.refused.add(url)
        if len(queue.refused) >= REFUSALS_OF_HOST:
            queue.refused.clear()
            await self._turns.hold(host, min(HOLD_S if retry_after is None else retry_after, LONGEST_HOLD_S))


def host_busy(host: str, wait: float) -> RetryableError:
    """The failure of a request that would have to wait too long for its turn."""
    return RetryableError(
        _("Requests to %(host)s wait for one another.") % {"host": host}, retry_after=wait, code="host_busy"
    )
