"""Reads that screens make of stories: the queue's counts, and one story with all that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from apps.accounts.models import Workspace
from apps.core.work.models import WorkRow
from apps.sources.models import Post
from apps.stories.models import Preset, Rewrite, Story, StoryPost, StoryVersion

FAILED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as the workbench shows it.

    Attributes:
        label: who said it: the channel, or else the source.
        is_first: the earliest of the story.
        is_own_voice: the first post of this voice in the story; further ones are not further witnesses.
        terms: the lemmas that brought it here, with each one's part in the score; empty for the post that began the story.
        like: the label of the post that it is like.
        hours: how far from that post it was published.
    """

    post: Post
    label: str
    score: float
    is_first: bool
    is_own_voice: bool
    terms: tuple[tuple[str, float], ...]
    like: str
    hours: float | None

    @property
    def words(self) -> tuple[str, ...]:
        """The lemmas that brought it here, the weightiest first."""
        return tuple(word for word, _part in self.terms if word)


@dataclass(frozen=True, slots=True)
class StoryPage:
    """All that the workbench shows of a story.

    Attributes:
        posts: the earliest first.
        versions: the newest first, with author and rewrite.
        version: the current one.
        writing: the rewrite that is waiting or being written.
        failed: the last rewrites that ended badly and were not followed by a version.
        presets: the workspace's, the default first.
    """

    story: Story
    posts: tuple[PostRow, ...]
    versions: tuple[StoryVersion, ...]
    version: StoryVersion | None
    writing: Rewrite | None
    failed: tuple[Rewrite, ...]
    presets: tuple[Preset, ...]

    @property
    def preset(self) -> Preset | None:
        """The preset to offer first."""
        return self.presets[0] if self.presets else None


def story_page(story: Story) -> StoryPage:
    """A story with its posts, versions, rewrites and presets, in a fixed number of queries."""
    versions = tuple(story.versions.select_related("author", "rewrite__preset").order_by("-number"))
    rewrites = list(
        story.rewrites.exclude(state=WorkRow.State.DONE).select_related("preset", "requested_by").order_by("-pk")
    )
    latest: datetime | None = max((version.created_at for version in versions), default=None)
    return StoryPage(
        story=story,
        posts=posts_of(story),
        versions=versions,
        version=next((version for version in versions if version.pk == story.current_version_id), None),
        writing=next((rewrite for rewrite in rewrites if rewrite.is_live), None),
        failed=tuple(
            rewrite for rewrite in rewrites if not rewrite.is_live and (latest is None or rewrite.created_at > latest)
        )[:FAILED_SHOWN],
        presets=tuple(Preset.objects.filter(workspace=story.workspace_id).order_by("-is_default", "name")),
    )


def posts_of(story: Story) -> tuple[PostRow, ...]:
    """The posts of a story with the reasons why they are there, the earliest first."""
    memberships = list(
        StoryPost.objects.filter(story=story).select_related("post__source").order_by("post__published_at", "post_id")
    )
    labels = {row.post_id: row.post.channel or row.post.source.name for row in memberships}
    voices: set[str] = set()
    shown = []
    for place, row in enumerate(memberships):
        terms = tuple((str(word), float(part)) for word, part in row.reasons.get("terms", ()))
        shown.append(
            PostRow(
                post=row.post,
                label=labels[row.post_id],
                score=row.score,
                is_first=place == 0,
                is_own_voice=row.post.voice not in voices,
                terms=terms,
                like=labels.get(row.reasons.get("post", 0), ""),
                hours=row.reasons.get("hours"),
            )
        )
        voices.add(row.post.voice)
    return tuple(shown)


def status_counts(workspaces: Iterable[Workspace]) -> dict[str, int]:
    """How many stories stand where; every status is there."""
    found = (
        Story.objects.filter(workspace__in=list(workspaces)).order_by().values_list("status").annotate(n=Count("pk"))
    )
    return dict.fromkeys(Story.Status.values, 0) | dict(found)
