"""Rate buckets that all workers share, in Redis."""

from __future__ import annotations

from typing import cast

import redis
from django.conf import settings

from apps.telegram.buckets import BucketsAwayError
from apps.telegram.gcra import Limit

# KEYS: one a bucket. ARGV: now ("" = Redis's own clock), the longest wait, then cost, tolerance and whether it is
# shared (1 or 0) of each.
TAKE = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local wait = 0
local arrivals = {}
local own = {}
for i, key in ipairs(KEYS) do
  arrivals[i] = tonumber(redis.call('GET', key) or '0')
  own[i] = math.max(0, arrivals[i] - tonumber(ARGV[3 * i + 1]) - now)
  wait = math.max(wait, own[i])
end
-- the answer has microseconds: what would read as 0 must be 0, or it would say "go" without a place taken
if wait < 0.000001 then
  wait = 0
end
if wait <= tonumber(ARGV[2]) then
  for i, key in ipairs(KEYS) do
    local waits = ARGV[3 * i + 2] == '1' and own[i] or wait
    local arrival = math.max(arrivals[i], now + waits) + tonumber(ARGV[3 * i])
    redis.call('SET', key, string.format('%.6f', arrival), 'PX', math.ceil((arrival - now) * 1000) + 60000)
  end
end
return string.format('%.6f', wait)
"""

# KEYS: the bucket. ARGV: now or "", seconds, tolerance.
CLOSE = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + tonumber(ARGV[2]) + tonumber(ARGV[3]))
redis.call('SET', KEYS[1], string.format('%.6f', arrival), 'PX', math.ceil((arrival - now) * 1000) + 60000)
return 1
"""


class RedisBuckets:
    """Buckets in Redis; each question is one script, so it is one step for all workers."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=settings.REDIS_SOCKET_TIMEOUT_S,
            socket_connect_timeout=settings.REDIS_SOCKET_TIMEOUT_S,
        )
        self._take = self._client.register_script(TAKE)
        self._close = self._client.register_script(CLOSE)

    def take(self, limits: list[Limit], *, max_wait: float, now: float | None) -> float:
        """Return the wait and, where it is no longer than `max_wait`, take the place."""
        arguments: list[str | float] = ["" if now is None else repr(now), max_wait]
        for limit in limits:
            arguments += [limit.cost_s, limit.tolerance_s, int(limit.is_shared)]
        try:
            return float(cast(bytes, self._take(keys=[limit.key for limit in limits], args=arguments)))
        except redis.RedisError as exc:
            raise BucketsAwayError from exc

    def close(self, limit: Limit, *, seconds: float, now: float | None) -> None:
        """Let nothing through a bucket for some seconds."""
        try:
            self._close(keys=[limit.key], args=["" if now is None else repr(now), seconds, limit.tolerance_s])
        except redis.RedisError as exc:
            raise BucketsAwayError from exc
