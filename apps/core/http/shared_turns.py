"""Turns shared by processes through Redis."""

from __future__ import annotations

import redis.asyncio as aioredis
import structlog
from redis.exceptions import RedisError

from apps.core.http.politeness import LONGEST_TURN_S, Turns

logger = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 0.5

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


# KEYS[1] the host; ARGV: for how long.
HOLD = """
local t = redis.call('TIME')
local ends = t[1] + t[2] / 1000000 + ARGV[1]
if ends > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.6f', ends), 'PX', math.ceil(ARGV[1] * 1000) + 1)
end
"""


class RedisTurns:
    """Turns of all processes that share a Redis; where it does not answer, those of this process."""

    def __init__(self, url: str, fallback: Turns) -> None:
        self._client: aioredis.Redis = aioredis.Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S, retry=None
        )
        self._book = self._client.register_script(BOOK)
        self._hold = self._client.register_script(HOLD)
        self._fallback = fallback

    async def book(self, host: str, interval: float) -> float:
        """Book the next turn at a host."""
        try:
            return float(await self._book(keys=[f"http:turn:{host}"], args=[interval, LONGEST_TURN_S]))
        except (RedisError, OSError) as exc:
            logger.warning("turns_not_shared", error=str(exc))
            return await self._fallback.book(host, interval)

    async def hold(self, host: str, seconds: float) -> None:
        """Give no turn at a host for so long."""
        await self._fallback.hold(host, seconds)
        try:
            await self._hold(keys=[f"http:turn:{host}"], args=[seconds])
        except (RedisError, OSError) as exc:
            logger.warning("turns_not_shared", error=str(exc))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._client.aclose()
