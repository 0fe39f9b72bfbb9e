"""When a source is collected next, and the keys of the alerts about it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.conf import settings
from django.urls import reverse

from apps.core.clock import now
from apps.sources.collectors import is_collected
from apps.sources.models import Poll, Source, Subscription

LONGEST_WAIT = timedelta(hours=24)
FAILURES_TOLD = 3  # failures in a row before a person is told
# No answer at all is often our own network, and when that comes back everything has to come back soon.
LONGEST_WAIT_UNANSWERED = timedelta(hours=1)
SAFETY_WAIT = timedelta(hours=24)  # while a hub tells of new entries
DATES_LEAST, DATES_MOST = 4, 30  # entries with a date that make a rhythm
PER_GAP = 6  # collections in a usual gap: an hourly source is seen to have posted within ten minutes
FADING = 10  # a silence of so many usual gaps counts as the beginning of a slower rhythm


def poll_next(source: Source, *, wait: timedelta = timedelta()) -> None:
    """Make the next collection of an active source, unless one is live already; call it inside a transaction."""
    if source.is_active and is_collected(source.kind):
        row = Poll(workspace_id=source.workspace_id, source=source, not_before=now() + wait)
        Poll.objects.bulk_create([row], ignore_conflicts=True)


def wait_after(
    source: Source, *, failures: int, retry_after: float | None = None, is_answered: bool = True
) -> timedelta:
    """How long to leave a source alone.

    After a success its own rhythm; after failures its interval, doubled with each of them up to a day (an hour where
    the site does not answer at all). `retry_after`, in seconds, wins where it is longer.
    """
    if not failures:
        wait = usual_wait(source, now())
    else:
        longest = LONGEST_WAIT if is_answered else max(LONGEST_WAIT_UNANSWERED, source.interval)
        doublings: int = 2 ** min(failures, 12)
        wait = min(source.interval * doublings, longest)
        wait *= random.uniform(0.9, 1.1)  # sources that fail together come back apart
    return max(wait, timedelta(seconds=retry_after or 0))


def usual_wait(source: Source, at: datetime) -> timedelta:
    """The wait after a success: the interval, longer where the source posts slowly or asks for it."""
    if not source.is_adaptive:
        return source.interval
    wait_s = max(source.interval_s, min(source.hint_s, settings.COLLECT_HINT_MAX_S))
    if source.rhythm_s:
        gap_s = float(source.rhythm_s)
        if source.last_post_at is not None:
            gap_s = max(gap_s, (at - source.last_post_at).total_seconds() / FADING)
        wait_s = max(wait_s, round(min(gap_s / PER_GAP, settings.COLLECT_SLOWEST_S)))
    return timedelta(seconds=wait_s)


def safety_wait(subscription: Subscription, at: datetime) -> timedelta:
    """The wait while a hub tells of new entries: a day, or less where the subscription ends before."""
    wait = SAFETY_WAIT * random.uniform(0.9, 1.0)
    return min(wait, subscription.ends_at - at) if subscription.ends_at else wait


def gap_of(dates: Iterable[datetime]) -> int | None:
    """The usual gap between posts of these dates, in seconds; None where they are too few."""
    latest = sorted(set(dates))[-DATES_MOST:]
    if len(latest) < DATES_LEAST:
        return None
    return round(median((later - earlier).total_seconds() for earlier, later in pairwise(latest)))


def failing_key(source: Source) -> str:
    """The key of the alert that a source keeps failing."""
    return f"source.failing:{source.pk}"


def gone_key(source: Source) -> str:
    """The key of the alert that a feed has gone for good."""
    return f"source.gone:{source.pk}"


def moved_key(source: Source) -> str:
    """The key of the alert that a feed has moved to where another source is already."""
    return f"source.moved:{source.pk}"


def source_url(source: Source) -> str:
    """Where a person looks at the source."""
    return reverse("admin:sources_source_change", args=[source.pk])
