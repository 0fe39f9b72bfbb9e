"""Turns: the least pause between two requests to one host, and how many may be on their way to it.

A turn is booked ahead: the first caller goes now, the next one `interval` later, and so on. Nobody books further ahead
than `LONGEST_TURN_S`; who would have to is sent away with the time that the queue needs, so that one host's queue holds
no place that other hosts could use.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

import redis.asyncio as aioredis
import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

LONGEST_TURN_S = 5.0
REDIS_TIMEOUT_S = 0.5
HOSTS_KEPT = 10_000

# KEYS[1] the host; ARGV: interval, longest wait. Answers the wait in seconds; over the longest, nothing was booked.
BOOK = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local free = tonumber(redis.call('GET', KEYS[1]) or '0')
local wait = math.max(free - now, 0)
if wait <= tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], string.format('%.6f', now + wait + ARGV[1]), 'PX', math.ceil((wait + ARGV[1]) * 1000) + 1)
end
return tostring(wait)
"""


class Turns(Protocol):
    """Where turns are booked."""

    async def book(self, host: str, interval: float) -> float:
        """Seconds to wait for one's turn; more than `LONGEST_TURN_S` means that none was booked."""
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

    async def aclose(self) -> None:
        """Nothing to let go of."""


class RedisTurns:
    """Turns of all processes that share a Redis; where it does not answer, those of this process."""

    def __init__(self, url: str, fallback: Turns) -> None:
        self._client: aioredis.Redis = aioredis.Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S, retry=None
        )
        self._book = self._client.register_script(BOOK)
        self._fallback = fallback

    async def book(self, host: str, interval: float) -> float:
        """Book the next turn at a host."""
        try:
            return float(await self._book(keys=[f"http:turn:{host}"], args=[interval, LONGEST_TURN_S]))
        except (RedisError, OSError) as exc:
            logger.warning("turns_not_shared", error=str(exc))
            return await self._fallback.book(host, interval)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()


LOCAL = LocalTurns()


def turns_for(redis_url: str) -> Turns:
    """The turns of a run: shared through Redis where there is one."""
    return RedisTurns(redis_url, LOCAL) if redis_url else LOCAL
