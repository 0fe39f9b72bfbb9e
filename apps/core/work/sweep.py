"""The sweep: once a second it rings for what is due or expired, so that a lost bell costs a second and nothing else."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.core.cache import cache

from apps.core.clock import now
from apps.core.work import bells, claims, kinds

log = structlog.get_logger(__name__)
TICK_KEY = "work:tick"


def sweep() -> list[str]:
    """Ring for every kind that has something due; returns their names."""
    record_tick()
    rung = []
    for kind in kinds.known():
        try:
            claims.settle_begun(kind)
            due = claims.is_due(kind)
        except Exception:  # noqa: BLE001 - one kind's trouble must not silence the others
            log.exception("sweep.kind_failed", kind=kind.name)
            continue
        if due:
            bells.ring(kind.name)
            rung.append(kind.name)
    return rung


def record_tick() -> None:
    """Keep the time of beat's last tick where the health check reads it."""
    try:
        cache.set(TICK_KEY, now().isoformat(), timeout=None)
    except Exception as error:  # noqa: BLE001 - the cache's absence is told by its own health check
        log.warning("sweep.cache_away", error=repr(error))


def last_tick() -> datetime | None:
    """When beat's heartbeat was last worked; None where it never was, or the cache was emptied.

    Raises:
        Exception: whatever the cache raises when it is away.
    """
    kept = cache.get(TICK_KEY)
    return datetime.fromisoformat(kept) if kept else None
