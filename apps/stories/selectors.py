"""Reads that screens make of many stories at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections
from django.db.models import Count, F, Q, QuerySet

from apps.accounts.models import Workspace
from apps.sources.models import Post
from apps.stories.models import Judgement, Story, StoryPost

WORDS_MAX = 6


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two posts that an editor judged, as grouping reads them.

    Attributes:
        judgement: the id of the judgement's row.
        first, second: title and text, without what their channels put around every post.
        hours: how far apart they were published.
    """

    judgement: int
    first: tuple[str, str]
    second: tuple[str, str]
    is_same: bool
    hours: float


def status_counts(workspaces: Iterable[Workspace], *, topic: str = "") -> dict[str, int]:
    """How many stories of these workspaces stand where; every status is there, zero too.

    Args:
        topic: only those about the one with this key.
    """
    own: QuerySet[Story] = Story.objects.of(workspaces)
    rows = stories_about(own, topic) if topic else own
    found = rows.order_by().values_list("status").annotate(stories=Count("pk"))
    return dict.fromkeys(Story.Status.values, 0) | dict(found)


def stories_about(stories: QuerySet[Story], topic: str) -> QuerySet[Story]:
    """Those of these stories that are about the topic with this key, as an address has it; none where it is no key."""
    is_key = topic.isascii() and topic.isdigit() and len(topic) < 19
    return stories.filter(topics__topic=int(topic)) if is_key else stories.none()


def judged_pairs(workspace: Workspace | int, *, newest: int | None = None) -> list[JudgedPair]:
    """The pairs that a workspace's editors judged, the newest first; so many of them, or all."""
    rows = Judgement.objects.filter(workspace=workspace).select_related("first", "second")
    told = ("title", "text", "boilerplate", "published_at")
    wanted = rows.only("is_same", *(f"{side}__{name}" for side in ("first", "second") for name in told))
    chosen = wanted.order_by("-created_at", "-pk")[:newest]
    return [
        JudgedPair(row.pk, _told(row.first), _told(row.second), row.is_same, _hours(row.first, row.second))
        for row in chosen
    ]


def sources_changed_counts(stories: Iterable[Story]) -> dict[int, int]:
    """How many posts of each story its sources changed or deleted after its text; stories without any are left out.

    One query, and none where nothing is marked.
    """
    behind = [story.pk for story in stories if story.is_behind_sources]
    if not behind:
        return {}
    written = F("story__current_version__created_at")
    changed = StoryPost.objects.filter(
        Q(post__changed_at__gt=written) | Q(post__deleted_at__gt=written), story__in=behind
    )
    return dict(changed.order_by().values_list("story").annotate(posts=Count("pk")))


def _told(post: Post) -> tuple[str, str]:
    return post.title, post.told


def _hours(first: Post, second: Post) -> float:
    return abs((first.published_at - second.published_at).total_seconds()) / 3600


def stories_found(
    workspace: Workspace | int, words: str, *, without: Iterable[int] = (), most: int = 20
) -> list[Story]:
    """Stories of a workspace that can take posts and have every one of these words in title or first source.

    The latest first; without words simply the latest.
    """
    rows = Story.objects.filter(workspace=workspace).exclude(status=Story.Status.ASIDE).exclude(pk__in=list(without))
    folds = connections[rows.db].vendor != "sqlite"
    for word in words.split()[:WORDS_MAX]:
        # SQLite knows the case of Latin letters only.
        spellings = [word] if folds else {word, word.lower(), word.upper(), word.capitalize()}
        said = Q()
        for spelling in spellings:
            said |= Q(title__icontains=spelling) | Q(first_voice__icontains=spelling)
        rows = rows.filter(said)
    return list(rows.select_related("workspace").order_by("-last_at", "-pk")[:most])
