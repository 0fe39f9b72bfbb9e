"""What the dashboard reads: a fixed number of small queries, whatever the size of the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncHour

from apps.accounts.models import Alert, Workspace
from apps.ai.models import Spend
from apps.ai.services import budget_of
from apps.publishing.models import Publication
from apps.sources.models import Post, Source
from apps.sources.services.health import OUTAGE
from apps.stories.models import Story

CAP = 100
SHOWN = 4
UPCOMING = 6
TROUBLES = 10
HOURS = 24
LATE = timedelta(minutes=2)
FAILURES_TOLD = 3


@dataclass(frozen=True)
class Waiting:
    """What waits for a person.

    Attributes:
        stories: in review, the oldest first, at most `CAP`.
        drafts: stories with a text that nobody has handed on yet, counted up to `CAP`.
    """

    stories: list[Story]
    drafts: int


@dataclass(frozen=True)
class Broken:
    """What does not work.

    Attributes:
        sources: that keep failing and have no alert of their own.
        has_sources: whether anything is collected at all.
    """

    sources: list[Source]
    has_sources: bool


@dataclass(frozen=True)
class Figures:
    """Today in numbers.

    Attributes:
        by_hour: posts in each of the last 24 hours, the oldest first.
        stories: begun today.
        published: publications that came out today.
        spent_usd, budget_usd: on AI, in the workspaces together.
    """

    by_hour: list[int]
    stories: int
    published: int
    spent_usd: Decimal
    budget_usd: Decimal


def open_alerts(workspaces: Sequence[Workspace]) -> list[Alert]:
    """Open alerts, the newest first."""
    rows = Alert.objects.filter(workspace__in=workspaces, closed_at__isnull=True)
    return list(rows.order_by("-last_at")[:CAP])


def waiting(workspaces: Sequence[Workspace]) -> Waiting:
    """What waits for a person in these workspaces, other than what failed."""
    stories = Story.objects.filter(workspace__in=workspaces, status=Story.Status.REVIEW)
    drafts = Story.objects.filter(workspace__in=workspaces, status=Story.Status.DRAFT)
    return Waiting(list(stories.order_by("last_at")[:CAP]), drafts.order_by()[:CAP].count())


def broken(workspaces: Sequence[Workspace], alerts: list[Alert]) -> Broken:
    """What does not work in these workspaces and has no alert."""
    sources = list(Source.objects.filter(workspace__in=workspaces).order_by("-failures")[: CAP // 2])
    told = {each.url for each in alerts}
    outage = any(each.key == OUTAGE for each in alerts)  # one alert stands for them all
    failing = [
        each
        for each in sources
        if each.is_active
        and not each.archived_at
        and each.failures >= FAILURES_TOLD
        and not outage
        and not any(f"/source/{each.pk}/" in url for url in told)
    ]
    return Broken(failing, bool(sources))


def upcoming(workspaces: Sequence[Workspace]) -> list[Publication]:
    """The next publications, overdue ones first."""
    rows = Publication.objects.filter(workspace__in=workspaces, status=Publication.Status.SCHEDULED)
    return list(rows.select_related("channel", "workspace").order_by("publish_at", "id")[:UPCOMING])


def figures(workspaces: Sequence[Workspace], at: datetime) -> Figures:
    """Today in numbers; each workspace's day begins at its own midnight."""
    today = Q(pk__in=[])
    sent = Q(pk__in=[])
    spent = Q(pk__in=[])
    for midnight, members in midnights(workspaces, at).items():
        today |= Q(workspace__in=members, created_at__gte=midnight)
        sent |= Q(workspace__in=members, sent_at__gte=midnight)
        spent |= Q(workspace__in=members, at__gte=midnight)
    cost = Spend.objects.filter(spent, reserved_until__isnull=True).aggregate(total=Sum("cost_usd"))["total"]
    return Figures(
        by_hour=posts_by_hour(workspaces, at),
        stories=Story.objects.filter(today).count(),
        published=Publication.objects.filter(sent, status=Publication.Status.SENT).count(),
        spent_usd=cost or Decimal(0),
        budget_usd=sum((budget_of(each) for each in workspaces), Decimal(0)),
    )


def midnights(workspaces: Sequence[Workspace], at: datetime) -> dict[datetime, list[Workspace]]:
    """The workspaces by the moment at which their day began."""
    found: dict[datetime, list[Workspace]] = defaultdict(list)
    for each in workspaces:
        zone = ZoneInfo(each.time_zone)
        found[datetime.combine(at.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)].append(each)
    return found


def posts_by_hour(workspaces: Sequence[Workspace], at: datetime) -> list[int]:
    """How many posts appeared in each of the last 24 hours, the oldest first."""
    last = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    rows = (
        Post.objects.filter(workspace__in=workspaces, published_at__gte=hours[0], published_at__lte=at)
        .annotate(hour=TruncHour("published_at", tzinfo=UTC))
        .order_by()
        .values("hour")
        .annotate(posts=Count("pk"))
    )
    counts = {row["hour"]: int(row["posts"]) for row in rows}
    return [counts.get(hour, 0) for hour in hours]
