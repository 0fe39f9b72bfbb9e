"""Reads for the statistics of publications: one query for each table, whatever the number of publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import FilteredRelation, Q, Sum

from apps.accounts.models import User, Workspace
from apps.publishing.models import Channel, Publication, PublicationReading, ShortLink
from apps.publishing.statistics.summary import Line
from apps.sources.models import Topic
from apps.sources.numbers import Period
from apps.stories.models import Preset, StoryTopic

READ = ("views", "forwards", "reactions", "clicks")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page is narrowed to."""

    channel: int = 0
    author: int = 0


@dataclass(slots=True)
class Numbers:
    """The publications of a period, and the names of what they are grouped by.

    Attributes:
        topics: the topics of each story.
    """

    lines: list[Line] = field(default_factory=list)
    channels: dict[int, str] = field(default_factory=dict)
    authors: dict[int, str] = field(default_factory=dict)
    presets: dict[int, str] = field(default_factory=dict)
    topic_names: dict[int, str] = field(default_factory=dict)
    topics: dict[int, list[int]] = field(default_factory=dict)


def numbers_of(workspaces: Sequence[Workspace], period: Period, *, age_h: int, chosen: Chosen | None = None) -> Numbers:
    """What came out in the period, each with its reading at the age."""
    out = _out(workspaces, period, chosen or Chosen())
    lines = lines_of(out, period, age_h)
    found = Numbers(lines)
    # All of the workspaces' names: there are few, and a list of keys would not fit into a query.
    found.channels = dict(Channel.objects.filter(workspace__in=workspaces).values_list("pk", "name"))
    found.presets = dict(Preset.objects.filter(workspace__in=workspaces).values_list("pk", "name"))
    people = User.objects.filter(memberships__workspace__in=workspaces).distinct()
    found.authors = {pk: str(name or email) for pk, name, email in people.values_list("pk", "name", "email")}
    topics = Topic.objects.filter(workspace__in=workspaces, removed_at__isnull=True)
    found.topic_names = dict(topics.values_list("pk", "name"))
    if found.topic_names:
        told = StoryTopic.objects.filter(topic__in=list(found.topic_names), story__in=out.values("story")).order_by()
        for story, topic in told.values_list("story", "topic"):
            found.topics.setdefault(story, []).append(topic)
    return found


def lines_of(out: Any, period: Period, age_h: int) -> list[Line]:
    """One query: publications with their reading at an age, where they have one."""
    rows = (
        out.annotate(read=FilteredRelation("readings", condition=Q(readings__age_h=age_h)))
        .order_by("sent_at")
        .values_list(
            *("pk", "channel_id", "created_by_id", "version__rewrite__preset_id", "story_id", "sent_at"),
            *(f"read__{name}" for name in READ),
        )
    )
    zone = period.zone
    return [
        Line(pk, channel, author, preset, story, at.astimezone(zone), *read)
        for pk, channel, author, preset, story, at, *read in rows.iterator(chunk_size=5000)
    ]


def usual_views(publication: Publication, *, age_h: int, most: int = 60) -> list[int]:
    """The views at an age of the channel's publications that came out before this one, the newest first."""
    rows = PublicationReading.objects.filter(
        publication__channel=publication.channel_id,
        publication__sent_at__lt=publication.sent_at,
        age_h=age_h,
        views__isnull=False,
    )
    return [views for views in rows.order_by("-publication__sent_at").values_list("views", flat=True)[:most] if views]


def links_of(publication: Publication) -> list[dict[str, Any]]:
    """Its short links and how often each was followed, most first."""
    rows = ShortLink.objects.filter(publication=publication).annotate(
        people=Sum("clicks__people"), machines=Sum("clicks__machines")
    )
    told = rows.values("code", "target", "address", "people", "machines")
    found = [{**row, "people": row["people"] or 0, "machines": row["machines"] or 0} for row in told]
    return sorted(found, key=lambda row: -row["people"])


def _out(workspaces: Sequence[Workspace], period: Period, chosen: Chosen) -> Any:
    rows = Publication.objects.filter(
        workspace__in=workspaces,
        status__in=Publication.OUT,
        sent_at__gte=period.begins,
        sent_at__lt=period.ends,
    )
    if chosen.channel:
        rows = rows.filter(channel=chosen.channel)
    return rows.filter(created_by=chosen.author) if chosen.author else rows
