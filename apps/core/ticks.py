"""When the sweep last ran: the sign that beat, broker and worker are all alive."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache

from apps.core.clock import now

KEY = "pult.tick"


def tick_record() -> None:
    """Remember that the sweep runs now."""
    cache.set(KEY, now().isoformat(), timeout=None)


def tick_last() -> datetime | None:
    """When the sweep last ran; None where it never did, or the cache was emptied."""
    kept: str | None = cache.get(KEY)
    return datetime.fromisoformat(kept) if kept else None
