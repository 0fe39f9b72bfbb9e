"""When the sweep last ran, the sign that beat, broker and worker are all alive; and other processes' signs of life."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache

from apps.core.clock import now

KEY = "pult.tick"


def tick_record(process: str = "") -> None:
    """Remember that the sweep runs now, or that a process of this name is alive."""
    cache.set(_key(process), now().isoformat(), timeout=None)


def tick_last(process: str = "") -> datetime | None:
    """When the sweep (or the process) last said so; None where it never did, or the cache was emptied."""
    kept: str | None = cache.get(_key(process))
    return datetime.fromisoformat(kept) if kept else None


def _key(process: str) -> str:
    return f"{KEY}.{process}" if process else KEY
