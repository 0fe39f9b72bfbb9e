"""The order of the list of stories: one number for each, which the passing of time alone never changes.

    rank = last post + 4 h · log2(voices) + 3 h · log2(growing) + 3 h · weight of the weightiest topic      (hours)

- *voices*: each voice counts 1 where its latest post is the story's latest, and half as much for every 16 hours before;
- *growing*: the same, half as much for every 4 hours, so that only the voices of the last hours count;
- the weight of a topic is 0 to 3.

So a rank is a time: a story stands where one voice without a topic would stand that spoke then. All stories grow older
at one pace, and their order needs no counting anew. A post that joins never lowers a rank: what the older voices lose
to it, 4/16 and 3/4 of an hour in an hour, is no more than the hour that it brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2

VOICES_H, VOICES_HALF_H = 4.0, 16.0
GROWING_H, GROWING_HALF_H = 3.0, 4.0
TOPIC_H = 3.0
RECENT = timedelta(hours=4)  # whose voices are called new ones, in words


@dataclass(frozen=True, slots=True)
class Rank:
    """The parts of a story's rank.

    Attributes:
        last_at: its last post.
        voices, recent: how many voices it has, and how many of them spoke in the last hours before `last_at`.
        voices_h, growing_h, topic_h: what they are worth, in hours.
    """

    last_at: datetime
    voices: int = 1
    recent: int = 1
    voices_h: float = 0.0
    growing_h: float = 0.0
    topic_h: float = 0.0

    @property
    def value(self) -> float:
        """The rank: hours since 1970."""
        return self.last_at.timestamp() / 3600 + self.voices_h + self.growing_h + self.topic_h


def rank_of(last_at: datetime, spoke: Iterable[datetime] = (), weight: int = 0) -> Rank:
    """The rank of a story: its last post, when each of its voices spoke last, the weight of its weightiest topic."""
    ago_h = [max(0.0, (last_at - at) / timedelta(hours=1)) for at in spoke] or [0.0]
    return Rank(
        last_at=last_at,
        voices=len(ago_h),
        recent=sum(hours <= RECENT / timedelta(hours=1) for hours in ago_h),
        voices_h=VOICES_H * _doublings(ago_h, VOICES_HALF_H),
        growing_h=GROWING_H * _doublings(ago_h, GROWING_HALF_H),
        topic_h=TOPIC_H * weight,
    )


def topics_of(told: Mapping[int, int], posts: int) -> set[int]:
    """Of topics with how many of a story's posts are about each: those of at least a third, so no passing mention."""
    return {topic for topic, number in told.items() if 3 * number >= posts}


def _doublings(ago_h: Iterable[float], half_h: float) -> float:
    """How often one voice doubles to these, each worth half for every `half_h` hours; never less than one voice."""
    return log2(max(1.0, sum(2 ** (-hours / half_h) for hours in ago_h)))
