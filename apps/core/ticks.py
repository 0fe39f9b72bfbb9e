"""When the sweep last ran: the sign that beat, broker and worker are all alive."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache

from apps.core.clock import now

KEY = "pult.tick"
KEPT_S = 7 * 24 * 3600


def tick_record() -> None:
    """Remember that the sweep runs now."""
    cache.set(KEY, now(), KEPT_S)


def tick_last() -> datetime | None:
    """When the sweep last ran, or None if nobody remembers."""
    return cache.get(KEY)
