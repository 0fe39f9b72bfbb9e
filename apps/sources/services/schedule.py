"""When a source is collected next, and the keys of the alerts about it."""

from __future__ import annotations

import random
from datetime import timedelta

from django.urls import reverse

from apps.core.clock import now
from apps.sources.collectors import is_collected
from apps.sources.models import Poll, Source

LONGEST_WAIT = timedelta(hours=24)
FAILURES_TOLD = 3  # failures in a row before a person is told


def poll_next(source: Source, *, wait: timedelta = timedelta()) -> None:
    """Make the next collection of an active source, unless one is live already; call it inside a transaction."""
    if source.is_active and is_collected(source.kind):
        row = Poll(workspace_id=source.workspace_id, source=source, not_before=now() + wait)
        Poll.objects.bulk_create([row], ignore_conflicts=True)


def wait_after(source: Source, *, failures: int, retry_after: float | None = None) -> timedelta:
    """How long to leave a source alone: its interval, doubled with every failure up to a day, or what it asks for."""
    doublings: int = 2 ** min(failures, 12)
    wait = min(source.interval * doublings, LONGEST_WAIT)
    if failures:
        wait *= random.uniform(0.9, 1.1)  # sources that fail together come back apart
    return max(wait, timedelta(seconds=retry_after or 0))


def failing_key(source: Source) -> str:
    """The key of the alert that a source keeps failing."""
    return f"source.failing:{source.pk}"


def gone_key(source: Source) -> str:
    """The key of the alert that a feed has gone for good."""
    return f"source.gone:{source.pk}"


def source_url(source: Source) -> str:
    """Where a person looks at the source."""
    return reverse("admin:sources_source_change", args=[source.pk])
