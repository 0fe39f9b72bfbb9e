"""Where matched posts go: into the story of the post that they are like, or into a story of their own."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log2
from operator import itemgetter
from textwrap import shorten
from typing import Any

from apps.core.bulk import rows_insert, rows_put, values_insert
from apps.sources.models import Post
from apps.stories.grouping.window import Match
from apps.stories.models import TITLE_LENGTH, Story, StoryPost
from apps.stories.ranking import rank_of
from apps.stories.services.judgements import Said

# Chosen on a stream of 11,000 posts and on judged pairs: see docs/grouping.md.
THRESHOLD = 0.38
SIZE_PENALTY = 0.03  # for every doubling of the story: what has grown needs a better reason to grow
SAME_VOICE = 0.85  # two texts of one channel are alike for other reasons too
POSTS_MAX = 500
TITLE_GOOD = 160
GROWING = ("first_at", "last_at", "first_voice", "posts_count", "sources_count")
MARGIN = itemgetter(0)
SENTENCE = re.compile(r".{20,}?[.!?…](?=\s)")


@dataclass(slots=True)
class Place:
    """A story as it grows within a batch.

    Attributes:
        story: its row, stored or yet to be stored.
        spoke: when each voice in it spoke last.
        told: when its posts were published, with their ids, in that order.
        holds: its posts and the originals of those that are copies; filled only where editors kept posts apart.
        is_new: made by this batch.
        is_grown: a post has joined.
    """

    story: Story
    spoke: dict[str, datetime]
    told: list[tuple[float, int]] = field(default_factory=list)
    holds: set[int] = field(default_factory=set)
    is_new: bool = False
    is_grown: bool = False

    def hear(self, voice: str, at: datetime) -> None:
        """Note that a voice spoke."""
        known = self.spoke.get(voice)
        if known is None or known < at:
            self.spoke[voice] = at

    def size_at(self, post: Post) -> int:
        """How many of its posts were published before this one; a late post meets the story as it was then."""
        return max(bisect_left(self.told, (post.published_at.timestamp(), post.pk)), 1)


@dataclass(slots=True)
class Placing:
    """The stories that a batch touches, and what it puts into them.

    Attributes:
        sources: the names of the sources of the batch's posts.
        families: the family of each voice that has one; a family is one voice.
        said: what editors said of the batch's posts.
    """

    workspace_id: int
    sources: dict[int, str]
    families: dict[tuple[int, str], int] = field(default_factory=dict)
    said: Said = field(default_factory=Said)
    places: list[Place] = field(default_factory=list)
    memberships: list[tuple[Place, int, float, dict[str, Any]]] = field(default_factory=list)
    _place_of: dict[int, Place] = field(default_factory=dict)
    _voice_of: dict[int, str] = field(default_factory=dict)
    _score_of: dict[int, float] = field(default_factory=dict)

    def learn(self, matches: Iterable[Match], originals: Iterable[int] = ()) -> None:
        """Read the stories that the matched posts, and the originals of copies, are in now."""
        keys = {match.key for match in matches} | set(originals) | set().union(*self.said.same.values())
        story_of = dict(StoryPost.objects.filter(post__among=keys).values_list("post_id", "story_id"))
        held = Story.objects.select_for_update().order_by("pk").filter(pk__among=story_of.values())
        stories = {story.pk: story for story in held}
        places = {pk: Place(story=story, spoke={}) for pk, story in stories.items()}
        told = StoryPost.objects.filter(story__among=stories).values_list(
            "story_id", "post_id", "post__source_id", "post__channel", "post__copy_of_id", "post__published_at", "score"
        )
        for story_id, post_id, source_id, channel, copy_of, published_at, score in told:
            voice = voice_of(source_id, channel, self.families)
            places[story_id].hear(voice, published_at)
            places[story_id].told.append((published_at.timestamp(), post_id))
            self._voice_of[post_id], self._score_of[post_id] = voice, score
            if self.said.apart:
                places[story_id].holds |= {post_id, copy_of or post_id}
        self._place_of = {post_id: places[story_id] for post_id, story_id in story_of.items() if story_id in places}
        self.places = list(places.values())
        for place in self.places:
            place.told.sort()

    def put(self, post: Post, matches: Sequence[Match], why: Callable[[Match], Mapping[str, Any]]) -> None:
        """Choose the story of a post: the one that its best match speaks for most clearly, or a new one.

        What editors said comes first. A copy goes where its original is, whatever else it is like. `why` tells what
        binds the post to a match; it is asked only for the one that is followed.
        """
        voice = voice_of(post.source_id, post.channel, self.families)
        for other in sorted(self.said.same.get(post.pk, ())):
            judged = self._place_of.get(other)
            if judged is not None and self._takes(judged, post):
                self._put(judged, post, voice, score=1.0, reasons={"judged": other})
                return
        original = self._place_of.get(post.copy_of_id or 0)
        if original is not None and self._takes(original, post):
            self._put(original, post, voice, score=1.0, reasons={"copy_of": post.copy_of_id})
            return
        best = self._best(post, voice, [match for match in matches if not match.is_later])
        best = best or self._best(post, voice, [match for match in matches if match.is_later])
        if best is None:
            self._put(self._begin(post), post, voice, score=0.0, reasons={})
            return
        place, match, score = best
        told = {"post": match.key, "hours": round(match.hours, 1), **why(match)}
        self._put(place, post, voice, score=score, reasons=told)

    def _best(self, post: Post, voice: str, matches: Sequence[Match]) -> tuple[Place, Match, float] | None:
        """The match that speaks most clearly, its story, and how alike the two are; None where none is enough."""
        best = max(self._weighed(post, voice, matches), key=MARGIN, default=None)
        return None if best is None or best[0] < 0 else best[1:]

    def _weighed(self, post: Post, voice: str, matches: Sequence[Match]) -> list[tuple[float, Place, Match, float]]:
        """By how much each match exceeds what its story asks for, that story, the match, and how alike the two are."""
        found = []
        for match in matches:
            place = self._place_of.get(match.key)
            if place is None or not self._takes(place, post):
                continue
            score = match.score * (SAME_VOICE if self._voice_of.get(match.key) == voice else 1.0)
            if match.is_later and not self._would_follow(place, match, score):
                continue
            found.append((score - needed(1 if match.is_later else place.size_at(post)), place, match, score))
        return found

    def nearest(self, post: Post, matches: Sequence[Match]) -> tuple[float, Match, float] | None:
        """What `put` is about to follow, or else what comes nearest to it: by how much, the match, how alike."""
        voice = voice_of(post.source_id, post.channel, self.families)
        earlier = self._weighed(post, voice, [match for match in matches if not match.is_later])
        later = self._weighed(post, voice, [match for match in matches if match.is_later])
        taken = max(earlier, key=MARGIN, default=None)
        if taken is None or taken[0] < 0:
            taken = max([*later, *earlier], key=MARGIN, default=None)
        return None if taken is None else (taken[0], taken[2], taken[3])

    def story_of(self, post: int) -> int | None:
        """The story that a post of the batch, or one that it was compared with, is in by now."""
        place = self._place_of.get(post)
        return None if place is None else place.story.pk

    def _would_follow(self, place: Place, match: Match, score: float) -> bool:
        """Whether a post that was published later would have joined this late one, had it been there in time.

        It would if it began its story, or if the late post is more like it than the one that it followed.
        """
        return place.told[0][1] == match.key or score > self._score_of.get(match.key, 1.0)

    def _takes(self, place: Place, post: Post) -> bool:
        """Whether a story is open to a post: neither full nor locked, and nothing in it that editors keep apart."""
        story = place.story
        return story.posts_count < POSTS_MAX and not story.is_locked and not self.said.parts(post.pk, place.holds)

    def _put(self, place: Place, post: Post, voice: str, *, score: float, reasons: dict[str, Any]) -> None:
        self._join(place, post, voice)
        self.memberships.append((place, post.pk, round(score, 4), reasons))
        self._place_of[post.pk], self._voice_of[post.pk], self._score_of[post.pk] = place, voice, score

    def _begin(self, post: Post) -> Place:
        story = Story(
            workspace_id=self.workspace_id,
            title=title_of(post),
            language=post.language,
            first_at=post.published_at,
            last_at=post.published_at,
        )
        place = Place(story=story, spoke={}, is_new=True)
        self.places.append(place)
        return place

    def _join(self, place: Place, post: Post, voice: str) -> None:
        story = place.story
        if not story.first_voice or post.published_at < story.first_at:
            story.first_at, story.first_voice = post.published_at, post.channel or self.sources[post.source_id]
        story.last_at = max(story.last_at, post.published_at)
        story.posts_count += 1
        insort(place.told, (post.published_at.timestamp(), post.pk))
        place.hear(voice, post.published_at)
        if self.said.apart:
            place.holds |= {post.pk, post.copy_of_id or post.pk}
        story.sources_count = len(place.spoke)
        place.is_grown = True

    def store(self, *, is_ranked: bool) -> tuple[list[Story], list[Story]]:
        """Write the stories and memberships; the answer is the new stories, and those that have grown.

        `is_ranked`: with the stories' ranks, as they are where no topics count.
        """
        if is_ranked:
            for place in self.places:
                if place.is_grown:
                    place.story.rank = rank_of(place.story.last_at, place.spoke.values()).value
        new = [place.story for place in self.places if place.is_new]
        grown = [place.story for place in self.places if place.is_grown and not place.is_new]
        rows_insert(new)
        rows_put(grown, unique=["id"], update=[*GROWING, *(["rank"] if is_ranked else [])])
        lines = [(place.story.pk, post, score, reasons) for place, post, score, reasons in self.memberships]
        values_insert(StoryPost, ("story", "post", "score", "reasons"), lines)
        return new, grown


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
