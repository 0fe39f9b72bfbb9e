"""How sources stand: what is broken first, and what to do about each."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.sources.models import ChannelRead, Poll, Source
from apps.sources.words import span_words

FAILURES_RED = 3  # from here on a source is broken rather than stumbling
TROUBLED = Q(failures__gt=0) | ~Q(last_error="") | Q(quiet_since__isnull=False)
GONE = Q(is_active=False, archived_at=None) & ~Q(last_error="") & ~Q(paused_reason="")


# The higher, the sooner somebody has to look.
TROUBLE = Case(
    When(~Q(archived_at=None), then=Value(0)),
    When(GONE, then=Value(7)),
    When(is_active=False, then=Value(1)),
    When(failures__gte=FAILURES_RED, then=Value(8)),
    When(quiet_since__isnull=False, then=Value(6)),
    When(Q(failures__gt=0) | ~Q(last_error=""), then=Value(5)),
    When(last_ok_at=None, then=Value(4)),
    default=Value(3),
    output_field=IntegerField(),
)


def by_trouble(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Sources, each with `trouble`."""
    return sources.annotate(trouble=TROUBLE)


def with_next_try(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Sources, each with `next_at`: when it is collected or read next; None where nothing is planned."""
    polls = Poll.objects.live().filter(source=OuterRef("pk")).order_by().values("not_before")[:1]
    reads = ChannelRead.objects.live().filter(source=OuterRef("pk")).order_by().values("not_before")[:1]
    return sources.annotate(next_at=Coalesce(Subquery(polls), Subquery(reads), output_field=DateTimeField()))


def quiet_words(source: Source, at: datetime) -> str:
    """What a quiet source's silence is, against its rhythm, and what to do."""
    words = _(
        "No post for %(time)s; it usually posts every %(gap)s. It may have moved: look. If it has ended, pause it."
    )
    return words % {
        "time": span_words(at - (source.quiet_since or at)),
        "gap": span_words(timedelta(seconds=source.rhythm_s or 0)),
    }
