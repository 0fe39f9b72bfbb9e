"""One correction under way: what it changes, counted, judged, and kept in the audit so that it can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.sources.models import Post
from apps.stories.models import Story, StoryPost
from apps.stories.services.counting import stories_count
from apps.stories.services.judging import Pair, contrary, judgements_write
from apps.stories.services.keeping import stories_keep
from apps.stories.services.placing import title_of
from apps.stories.services.rewrites import rewrites_automatic


def story_begin(post: Post) -> Story:
    """A new story for a post that is about to be moved there."""
    return Story.objects.create(
        workspace_id=post.workspace_id,
        title=title_of(post),
        language=post.language,
        first_at=post.published_at,
        last_at=post.published_at,
    )


@dataclass(slots=True)
class Correction:
    """A correction under way; the caller holds the stories it names.

    Attributes:
        main: the story on whose page it was made; the audit entry that can take it back is there.
        moves: post, from, to, whether it was pinned, who had placed it.
        made: stories that were begun for it.
        aside: stories that it left without posts: id, status before, where that was put aside from.
        titles: stories that were called after a post that left: id, title before, title after.
        pins: post, story, whether it was pinned.
        judged: what `judgements_write` answered.
    """

    verb: str
    editor: User
    main: Story
    moves: list[list[Any]] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    aside: list[list[Any]] = field(default_factory=list)
    titles: list[list[Any]] = field(default_factory=list)
    pins: list[list[Any]] = field(default_factory=list)
    was_locked: bool | None = None
    judged: list[dict[str, Any]] = field(default_factory=list)

    def move(self, posts: Collection[int], source: Story, place: Story, *, placed: bool = True) -> None:
        """Put posts of one story into another; by hand, unless their whole story moves."""
        rows = StoryPost.objects.filter(story=source, post__in=posts).order_by("post_id")
        for post, pinned, placed_by in rows.values_list("post_id", "is_pinned", "placed_by_id"):
            self.moves.append([post, source.pk, place.pk, pinned, placed_by])
        if placed:
            rows.update(story=place, placed_by=self.editor, is_pinned=False)
        else:
            rows.update(story=place)

    def put_aside(self, story: Story, *, into: Story) -> None:
        """Take a story whose posts have gone into another out of the queue; it says where they are."""
        self.aside.append([story.pk, story.status, story.aside_from])
        before = story.aside_from if story.status == Story.Status.ASIDE else story.status
        Story.objects.filter(pk=story.pk).update(status=Story.Status.ASIDE, aside_from=before, merged_into=into)

    def pin(self, post: int, story: Story, *, pinned: bool) -> bool:
        """Pin or let go of a post; False where it was so already."""
        rows = StoryPost.objects.filter(story=story, post=post, is_pinned=not pinned)
        self.pins.append([post, story.pk, not pinned])
        return rows.update(is_pinned=pinned) == 1

    def lock(self, story: Story, *, locked: bool) -> bool:
        """Lock or unlock a story; False where it was so already."""
        self.was_locked = not locked
        return Story.objects.filter(pk=story.pk, is_locked=not locked).update(is_locked=locked) == 1

    def judge(
        self, pairs: Sequence[Pair], firsts: Collection[int], seconds: Collection[int], *, is_same: bool, cause: str
    ) -> None:
        """Say these pairs, and turn round what was said to the contrary between the two sets of posts."""
        said = judgements_write(
            workspace_id=self.main.workspace_id,
            pairs=[*pairs, *contrary(firsts, seconds, is_same=is_same)],
            is_same=is_same,
            cause=cause,
            editor=self.editor,
        )
        if said:
            self.judged.append(said)

    def finish(self, *, words: dict[str, Any]) -> None:
        """Bring the stories' rows up to date and write the audit entries; `words` are for the people who read them."""
        touched = {self.main.pk} | {pk for move in self.moves for pk in move[1:3]} | {one[0] for one in self.aside}
        self._rename()
        grown = stories_brought_up(touched)
        gained = {move[2] for move in self.moves}
        rewrites_automatic([story for story in grown if story.pk in gained], at=now())
        key = uuid.uuid4().hex
        for story in grown:
            details = self._told() if story.pk == self.main.pk else {"of": self.main.pk}
            audit_record(
                actor=self.editor, verb=self.verb, target=story, details={"correction": key, "words": words, **details}
            )

    def _told(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in ("moves", "made", "aside", "titles", "pins", "judged")}
        kept = {name: value for name, value in told.items() if value}
        return kept if self.was_locked is None else {**kept, "was_locked": self.was_locked}

    def _rename(self) -> None:
        """Call stories without a text after their first post again, where the post that named them has left."""
        sources = {move[1] for move in self.moves} - {one[0] for one in self.aside}
        if not sources:
            return
        named = {title_of(post) for post in Post.objects.filter(pk__in=[move[0] for move in self.moves])}
        for story in Story.objects.filter(pk__in=sources, current_version=None, title__in=named):
            first = Post.objects.filter(membership__story=story).order_by("published_at", "pk").first()
            if first is not None and (title := title_of(first)) != story.title:
                self.titles.append([story.pk, story.title, title])
                Story.objects.filter(pk=story.pk).update(title=title)


def stories_brought_up(stories: Collection[int]) -> list[Story]:
    """Count and rank these stories, which the caller holds, and keep the posts of those that are worked on."""
    counted = stories_count(stories)
    stories_keep([story.pk for story in counted])
    return counted
