"""The sweep: once a second it rings for what is due or expired, so that a lost bell costs a second and nothing else."""

from __future__ import annotations

import structlog

from apps.core.clock import now
from apps.core.ticks import tick_record
from apps.core.work import bells, claims, kinds

log = structlog.get_logger(__name__)


def sweep() -> list[str]:
    """Ring for every kind that has something due; returns their names."""
    _record_tick()
    rung = []
    for kind in kinds.known():
        try:
            claims.settle_begun(kind)
            due = not kind.process and claims.is_due(kind, at=now() + kind.ahead)
        except Exception:
            log.exception("sweep.kind_failed", kind=kind.name)
            continue
        if due:
            bells.ring(kind.name)
            rung.append(kind.name)
    return rung


def _record_tick() -> None:
    """Keep the time of beat's last tick where the health check reads it."""
    try:
        tick_record()
    except Exception as error:  # noqa: BLE001 - the cache's absence is told by its own health check
        log.warning("sweep.cache_away", error=repr(error))
