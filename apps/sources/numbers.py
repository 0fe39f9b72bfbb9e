"""Posts over a period, counted by source, language, kind, day and hour; what was removed by age is counted too.

Hours are those of the clock in UTC, shown in the workspace's zone; where a zone is half an hour off, an hour counts
where it begins.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from apps.accounts.models import Workspace
from apps.sources.models import PastCount, Post, PostTopic, Topic

TOP = 10
TAGS_FROM, TAGS_SHOWN = 5_000, 20
# Of columns that stand in the index, which therefore answers alone.
COUNTED = {
    "posts": Count("*"),
    "kept": Count("workspace", filter=Q(dropped_by="")),
    "used": Count("workspace", filter=Q(is_used=True)),
}
TOPICS_COUNTED = {
    "posts": Count("*"),
    "kept": Count("topic", filter=Q(is_kept=True)),
    "used": Count("topic", filter=Q(is_used=True)),
}
TAG = re.compile(r"(?<![\w#])#([^\W\d_][\w]{1,49})")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a zone, both ends within."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first day's midnight."""
        return datetime.combine(self.first, time(), tzinfo=self.zone)

    @property
    def ends(self) -> datetime:
        """The midnight after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(), tzinfo=self.zone)

    @property
    def days(self) -> list[date]:
        """Its days."""
        return [self.first + timedelta(days=place) for place in range((self.last - self.first).days + 1)]


@dataclass(slots=True)
class Tally:
    """How many posts; `kept` passed the filters, `used` are in stories that were worked on."""

    posts: int = 0
    kept: int = 0
    used: int = 0

    def add(self, posts: int, kept: int, used: int = 0) -> None:
        """Count more."""
        self.posts += posts
        self.kept += kept
        self.used += used


@dataclass(slots=True)
class TopicTally:
    """A topic in numbers, as a whole and by day; days without posts are left out."""

    topic: Topic
    whole: Tally = field(default_factory=Tally)
    days: dict[date, Tally] = field(default_factory=lambda: defaultdict(Tally))


@dataclass(slots=True)
class Numbers:
    """A period in numbers.

    Attributes:
        topics: every topic of the editors, the commonest first; posts that are kept no longer are not counted.
        removed: how many of the posts are kept no longer.
        tags: hashtags of the newest kept posts, the commonest first.
        seen, passed_on: the posts with most views and most forwards.
    """

    total: Tally = field(default_factory=Tally)
    removed: int = 0
    sources: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    languages: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    days: dict[date, Tally] = field(default_factory=lambda: defaultdict(Tally))
    hours: list[Tally] = field(default_factory=lambda: [Tally() for _hour in range(24)])
    topics: list[TopicTally] = field(default_factory=list)
    tags: list[tuple[str, int]] = field(default_factory=list)
    seen: list[Post] = field(default_factory=list)
    passed_on: list[Post] = field(default_factory=list)


class UtcHour(Func):
    """The hour of a stored moment; SQLite keeps moments as text, in UTC, so a cut will do there."""

    output_field = CharField()
    template = "date_trunc('hour', %(expressions)s)"  # connections are in UTC

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """In SQLite's."""
        return super().as_sql(compiler, connection, template="substr(%(expressions)s, 1, 13)", **extra)


def hour_of(found: datetime | str) -> datetime:
    """The hour as either database gives it."""
    return found if isinstance(found, datetime) else datetime.strptime(found, "%Y-%m-%d %H").replace(tzinfo=UTC)


def numbers_of(workspaces: Sequence[Workspace], period: Period) -> Numbers:
    """Count the posts that came out in the period: a handful of queries, answered from indexes alone."""
    found = Numbers()
    posts = Post.objects.filter(
        workspace__in=workspaces, published_at__gte=period.begins, published_at__lt=period.ends
    ).order_by()
    past = PastCount.objects.filter(
        source__workspace__in=workspaces, hour__gte=period.begins, hour__lt=period.ends
    ).order_by()
    _by_kind(found, posts, past)
    _by_hour(found, posts, past, period.zone)
    found.topics = topics_of(workspaces, period)
    found.tags = tags_of(posts)
    found.seen = _most(posts, "views")
    found.passed_on = _most(posts, "forwards")
    return found


def _by_kind(found: Numbers, posts: QuerySet[Post], past: QuerySet[PastCount]) -> None:
    counted = posts.values_list("source", "language", "kind").annotate(**COUNTED)
    removed = past.values_list("source", "language", "kind").annotate(all=Sum("posts"), passed=Sum("kept"))
    for source, language, kind, number, kept, used in [*counted, *((*row, 0) for row in removed)]:
        for tally in (found.total, found.sources[source], found.languages[language], found.kinds[kind]):
            tally.add(number, kept, used)
    found.removed = sum(row[3] for row in removed)


def _by_hour(found: Numbers, posts: QuerySet[Post], past: QuerySet[PastCount], zone: ZoneInfo) -> None:
    counted = posts.annotate(at=UtcHour(F("published_at"))).values_list("at").annotate(**COUNTED)
    rows = [(hour_of(at), *sums) for at, *sums in counted]
    removed = past.values_list("hour").annotate(all=Sum("posts"), passed=Sum("kept"))
    for at, number, kept, used in [*rows, *((*row, 0) for row in removed)]:
        local = at.astimezone(zone)
        found.days[local.date()].add(number, kept, used)
        found.hours[local.hour].add(number, kept, used)


def topics_of(workspaces: Sequence[Workspace], period: Period) -> list[TopicTally]:
    """The editors' topics with their posts of the period by day: two queries, the second from an index alone."""
    topics = Topic.objects.filter(workspace__in=workspaces).select_related("workspace").order_by("name", "pk")
    tallies = {topic.pk: TopicTally(topic) for topic in topics}
    told = PostTopic.objects.filter(
        topic__in=list(tallies), published_at__gte=period.begins, published_at__lt=period.ends
    ).order_by()
    day = TruncDay("published_at", tzinfo=period.zone)
    for pk, at, number, kept, used in told.annotate(at=day).values_list("topic", "at").annotate(**TOPICS_COUNTED):
        for tally in (tallies[pk].whole, tallies[pk].days[at.date()]):
            tally.add(number, kept, used)
    return sorted(tallies.values(), key=lambda tally: -tally.whole.posts)


def tags_of(posts: QuerySet[Post]) -> list[tuple[str, int]]:
    """The hashtags of the newest kept posts, each counted once a post."""
    newest = posts.filter(dropped_by="").order_by("-published_at", "-pk").values_list("text", flat=True)[:TAGS_FROM]
    counted: Counter[str] = Counter()
    for text in newest:
        if "#" in text:
            counted.update({tag.lower() for tag in TAG.findall(text)})
    return counted.most_common(TAGS_SHOWN)


def _most(posts: QuerySet[Post], name: str) -> list[Post]:
    """The kept posts with the most; sought in an index first, since a post is a long row."""
    order = (f"-{name}", "-pk")
    fields = ("title", "text", "source__name", "views", "forwards", "published_at")
    told = posts.filter(**{f"{name}__gt": 0}).order_by(*order)
    for most in (TOP * 5, TOP * 50):  # the index does not know which were dropped
        first = list(told.values_list("pk", flat=True)[:most])
        rows = Post.objects.filter(pk__in=first, dropped_by="").select_related("source")
        found = list(rows.only(*fields).order_by(*order)[:TOP])
        if len(found) == TOP or len(first) < most:
            return found
    return list(told.filter(dropped_by="").select_related("source").only(*fields)[:TOP])
