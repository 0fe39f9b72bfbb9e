"""Where matched posts go: into the story of the post that they are like, or into a story of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from textwrap import shorten
from typing import Any

from apps.sources.models import Post
from apps.stories.grouping.window import Match
from apps.stories.models import TITLE_LENGTH, Story, StoryPost

# Chosen on a stream of 11,000 posts and on judged pairs: see docs/grouping.md.
THRESHOLD = 0.38
SIZE_PENALTY = 0.03  # for every doubling of the story: what has grown needs a better reason to grow
SAME_VOICE = 0.85  # two texts of one channel are alike for other reasons too
POSTS_MAX = 500
TITLE_GOOD = 160
SENTENCE = re.compile(r".{20,}?[.!?…](?=\s)")


@dataclass(slots=True)
class Place:
    """A story as it grows within a batch.

    Attributes:
        story: its row, stored or yet to be stored.
        voices: who has spoken in it.
        is_new: made by this batch.
        is_grown: a post has joined.
    """

    story: Story
    voices: set[str]
    is_new: bool = False
    is_grown: bool = False


@dataclass(slots=True)
class Placing:
    """The stories that a batch touches, and what it puts into them.

    Attributes:
        sources: the names of the sources of the batch's posts.
        families: the family of each voice that has one; a family is one voice.
    """

    workspace_id: int
    sources: dict[int, str]
    families: dict[tuple[int, str], int] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    memberships: list[tuple[Place, StoryPost]] = field(default_factory=list)
    _place_of: dict[int, Place] = field(default_factory=dict)
    _voice_of: dict[int, str] = field(default_factory=dict)

    def learn(self, matches: Iterable[Match], originals: Iterable[int] = ()) -> None:
        """Read the stories that the matched posts, and the originals of copies, are in now."""
        keys = {match.key for match in matches} | set(originals)
        story_of = dict(StoryPost.objects.filter(post__in=keys).values_list("post_id", "story_id"))
        stories = Story.objects.select_for_update().order_by("pk").in_bulk(set(story_of.values()))
        places = {pk: Place(story=story, voices=set()) for pk, story in stories.items()}
        told = StoryPost.objects.filter(story__in=stories).values_list(
            "story_id", "post_id", "post__source_id", "post__channel"
        )
        for story_id, post_id, source_id, channel in told:
            voice = voice_of(source_id, channel, self.families)
            places[story_id].voices.add(voice)
            self._voice_of[post_id] = voice
        self._place_of = {post_id: places[story_id] for post_id, story_id in story_of.items() if story_id in places}
        self.places = list(places.values())

    def put(self, post: Post, matches: Sequence[Match]) -> None:
        """Choose the story of a post: the one that its best match speaks for most clearly, or a new one.

        A copy goes where its original is, whatever else it is like.
        """
        voice = voice_of(post.source_id, post.channel, self.families)
        original = self._place_of.get(post.copy_of_id or 0)
        if original is not None and original.story.posts_count < POSTS_MAX:
            self._put(original, post, voice, score=1.0, reasons={"copy_of": post.copy_of_id})
            return
        best: tuple[float, Place, Match, float] | None = None
        for match in matches:
            place = self._place_of.get(match.key)
            if place is None or place.story.posts_count >= POSTS_MAX:
                continue
            score = match.score * (SAME_VOICE if self._voice_of.get(match.key) == voice else 1.0)
            margin = score - needed(place.story.posts_count)
            if margin >= 0 and (best is None or margin > best[0]):
                best = (margin, place, match, score)
        place = self._begin(post) if best is None else best[1]
        score, reasons = (0.0, {}) if best is None else (best[3], reasons_of(best[2]))
        self._put(place, post, voice, score=score, reasons=reasons)

    def _put(self, place: Place, post: Post, voice: str, *, score: float, reasons: dict[str, Any]) -> None:
        self._join(place, post, voice)
        self.memberships.append((place, StoryPost(post=post, score=round(score, 4), reasons=reasons)))
        self._place_of[post.pk], self._voice_of[post.pk] = place, voice

    def _begin(self, post: Post) -> Place:
        story = Story(
            workspace_id=self.workspace_id,
            title=title_of(post),
            language=post.language,
            first_at=post.published_at,
            last_at=post.published_at,
        )
        place = Place(story=story, voices=set(), is_new=True)
        self.places.append(place)
        return place

    def _join(self, place: Place, post: Post, voice: str) -> None:
        story = place.story
        if not story.first_voice or post.published_at < story.first_at:
            story.first_at, story.first_voice = post.published_at, post.channel or self.sources[post.source_id]
        story.last_at = max(story.last_at, post.published_at)
        story.posts_count += 1
        place.voices.add(voice)
        story.sources_count = len(place.voices)
        place.is_grown = True

    def store(self) -> list[Story]:
        """Write the stories and memberships; the answer is every story that has grown."""
        new = [place.story for place in self.places if place.is_new]
        grown = [place.story for place in self.places if place.is_grown and not place.is_new]
        Story.objects.bulk_create(new)
        Story.objects.bulk_create(
            grown,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["first_at", "last_at", "first_voice", "posts_count", "sources_count"],
        )
        for place, membership in self.memberships:
            membership.story = place.story
        StoryPost.objects.bulk_create([membership for _place, membership in self.memberships])
        return [*new, *grown]


def needed(posts: int) -> float:
    """The similarity that a story of this size asks of a newcomer."""
    return THRESHOLD + SIZE_PENALTY * log2(posts)


def voice_of(source_id: int, channel: str, families: Mapping[tuple[int, str], int]) -> str:
    """Who said it: the voice as `Post.voice` tells it, or the family that it belongs to."""
    family = families.get((source_id, channel))
    return f"{source_id}:{channel}" if family is None else f"family:{family}"


def title_of(post: Post) -> str:
    """What a story is called until it has a text: the post's title, else its first line, else its first sentence."""
    first = post.title.strip() or next((line.strip() for line in post.text.splitlines() if line.strip()), "")
    if len(first) > TITLE_GOOD:
        sentence = SENTENCE.match(first)
        first = sentence[0] if sentence else first
    return shorten(first, TITLE_GOOD, placeholder="…") if len(first) > TITLE_LENGTH else first


def reasons_of(match: Match) -> dict[str, Any]:
    """Why a post is where it is, for an editor's eyes."""
    return {
        "post": match.key,
        "hours": round(match.hours, 1),
        "terms": [[word, part] for word, part in match.terms],
    }
