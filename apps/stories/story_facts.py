"""What is known of a story from its posts: who was first, how many voices, its spread, what changed since its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.sources.models import Post
from apps.sources.services.families import families_of
from apps.stories.models import Rewrite, Story, StoryPost, StoryVersion
from apps.stories.novelty import told_anew
from apps.stories.services.placing import voice_of

BARS_MAX = 24
STEPS = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
)


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A post that its source changed or deleted after the story's text was written."""

    post: Post
    at: datetime
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """How posts came one after another.

    Attributes:
        bars: posts in each step, from the first post to the last.
    """

    began: datetime
    step: timedelta
    bars: tuple[int, ...]

    @property
    def most(self) -> int:
        """The height of the highest bar."""
        return max(self.bars)

    @property
    def busiest(self) -> datetime:
        """When the step with the most posts began."""
        return self.began + self.bars.index(self.most) * self.step


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story's facts.

    Attributes:
        voices: how many spoke; a family is one.
        languages: code and posts of each, the most frequent first.
        spread: None where there is nothing to draw: a single post, or all at one moment.
        changes: what its sources changed since the current text, the latest first.
        anew: by post, the names and numbers that no earlier post has.
    """

    first: StoryPost | None
    voices: int
    languages: tuple[tuple[str, int], ...]
    spread: Spread | None
    changes: tuple[SourceChange, ...]
    anew: dict[int, list[str]]


def story_facts(story: Story, members: Sequence[StoryPost], version: StoryVersion | None) -> StoryFacts:
    """The facts of a story; two queries, whatever it holds.

    Args:
        members: all its memberships with their posts, the earliest post first.
        version: its current text.
    """
    posts = [member.post for member in members]
    families = families_of(story.workspace_id)
    languages = Counter(post.language for post in posts if post.language)
    return StoryFacts(
        first=members[0] if members else None,
        voices=len({voice_of(post.source_id, post.channel, families) for post in posts}),
        languages=tuple(languages.most_common()),
        spread=spread_of([post.published_at for post in posts]),
        changes=tuple(changes_since(posts, version)),
        anew=told_anew((post.pk, f"{post.title}\n{post.told}") for post in posts),
    )


def changes_since(posts: Sequence[Post], version: StoryVersion | None) -> list[SourceChange]:
    """What sources changed or deleted after a text was written, the latest first.

    Where a writer made the text, also what changed while it was writing: the text tells of an older revision.
    """
    if version is None:
        return []
    used: dict[int, int] = {}
    if version.rewrite_id is not None:
        used = dict(Rewrite.objects.values_list("revisions", flat=True).get(pk=version.rewrite_id))
    found = []
    for post in posts:
        at = post.changed_at
        if post.deleted_at is not None and post.deleted_at > version.created_at:
            found.append(SourceChange(post, post.deleted_at, is_deleted=True))
        elif at is not None and (at > version.created_at or post.revision > used.get(post.pk, post.revision)):
            found.append(SourceChange(post, at, is_deleted=False))
    return sorted(found, key=lambda change: change.at, reverse=True)


def spread_of(moments: Sequence[datetime]) -> Spread | None:
    """Moments, the earliest first, counted by the finest step that needs no more than `BARS_MAX` bars."""
    if len(moments) < 2 or moments[0] == moments[-1]:
        return None
    whole = moments[-1] - moments[0]
    step = next((step for step in STEPS if whole < step * BARS_MAX), timedelta(days=-(-whole.days // BARS_MAX) or 1))
    while whole >= step * BARS_MAX:
        step += timedelta(days=1)
    bars = [0] * (whole // step + 1)
    for moment in moments:
        bars[(moment - moments[0]) // step] += 1
    return Spread(began=moments[0], step=step, bars=tuple(bars))
