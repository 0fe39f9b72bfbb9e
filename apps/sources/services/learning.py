"""What is learnt of sources from their posts: rhythm, posts a day, the share that filters keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from apps.sources.models import Post, Source
from apps.sources.rhythm import DAYS, POSTS, Rhythm, quiet_from, rhythm_learn

AT_ONCE = 200  # sources learnt of in one round: three hundred thousand a day
KNOWN_FOR = timedelta(hours=24)
UNKNOWN_FOR = timedelta(hours=1)  # of new sources more is known soon
COUNTED = timedelta(days=7)
LEARNT = ("rhythm", "rhythm_s", "quiet_at", "learnt_at", "posts_a_day", "share_kept")


def watched(workspace_id: int) -> QuerySet[Source]:
    """The sources of a workspace that are collected by themselves, or should be."""
    return Source.objects.filter(workspace_id=workspace_id, is_active=True, archived_at=None).exclude(
        kind__in=[Source.Kind.EXPORT, Source.Kind.HAND]
    )


def newest_note(workspace_id: int, zone: ZoneInfo) -> int:
    """Note each source's newest post, and from when its silence will tell; how many had a newer one."""
    newest = Post.objects.filter(source=OuterRef("pk")).order_by("-published_at").values("published_at")[:1]
    stale = list(
        watched(workspace_id)
        .annotate(newest=Subquery(newest))
        .filter(Q(newest__isnull=False) & (Q(last_post_at=None) | ~Q(last_post_at=Subquery(newest))))
        .only("pk", "rhythm", "last_post_at")
    )
    for source in stale:
        source.last_post_at = source.newest
        source.quiet_at = _quiet_at(source, zone)
    Source.objects.bulk_update(stale, ["last_post_at", "quiet_at"], batch_size=AT_ONCE)
    return len(stale)


def sources_learn(workspace_id: int, zone: ZoneInfo, at: datetime) -> int:
    """Learn of the sources that were not looked at for a day, at most `AT_ONCE`; how many there were."""
    due = list(
        watched(workspace_id)
        .filter(
            Q(learnt_at=None)
            | Q(learnt_at__lte=at - KNOWN_FOR)
            | Q(rhythm_s=None, learnt_at__lte=at - UNKNOWN_FOR, last_post_at__gte=at - KNOWN_FOR)
        )
        .only("pk", "created_at", "last_post_at")
        .order_by("learnt_at", "pk")[:AT_ONCE]
    )
    counts = _counts(due, at)
    for source in due:
        rhythm = rhythm_learn(_published(source, at), zone)
        source.rhythm = rhythm.stored() if rhythm else {}
        source.rhythm_s = rhythm.gap_s if rhythm else None
        source.quiet_at = _quiet_at(source, zone)
        source.learnt_at = at
        posts, kept = counts.get(source.pk, (0, 0))
        days = min(COUNTED, max(at - source.created_at, timedelta(days=1))) / timedelta(days=1)
        source.posts_a_day = posts / days
        source.share_kept = kept / posts if posts else None
    Source.objects.bulk_update(due, LEARNT, batch_size=AT_ONCE)
    return len(due)


def _published(source: Source, at: datetime) -> list[datetime]:
    rows = Post.objects.filter(source=source, published_at__gte=at - timedelta(days=DAYS), published_at__lte=at)
    return list(rows.order_by("-published_at").values_list("published_at", flat=True)[:POSTS])


def _counts(sources: Sequence[Source], at: datetime) -> dict[int, tuple[int, int]]:
    """Posts collected in the last days, and those of them that are kept, by source."""
    rows = (
        Post.objects.filter(source__in=[source.pk for source in sources], collected_at__gte=at - COUNTED)
        .order_by()
        .values_list("source")
        .annotate(posts=Count("pk"), kept=Count("pk", filter=Q(dropped_by="")))
    )
    return {source: (posts, kept) for source, posts, kept in rows}


def _quiet_at(source: Source, zone: ZoneInfo) -> datetime | None:
    rhythm = Rhythm.restored(source.rhythm)
    if rhythm is None or source.last_post_at is None:
        return None
    return quiet_from(rhythm, source.last_post_at, zone)
