"""The cache for what a page can also do without: its failure costs time, never the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

T = TypeVar("T")
log = structlog.get_logger(__name__)


def remembered(key: str, seconds: int, make: Callable[[], T]) -> T:
    """What `make` gives, made at most once in so many seconds; made anew where the cache is away."""
    try:
        known: T | None = cache.get(key)
    except (RedisError, OSError) as exc:
        log.warning("cache.away", error=str(exc))
        return make()
    if known is not None:
        return known
    value = make()
    keep(key, seconds, value)
    return value


def keep(key: str, seconds: int, value: object) -> None:
    """Put a value where `remembered` finds it."""
    try:
        cache.set(key, value, seconds)
    except (RedisError, OSError) as exc:
        log.warning("cache.away", error=str(exc))
