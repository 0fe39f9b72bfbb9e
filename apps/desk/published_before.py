"""“Already published?”: what of the same story, or with nearly the same words, is out or about to be.

Compared are the runs of three words that near-copies of posts are found by, over a bounded number of the latest
publications; links, punctuation and the case of letters do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from apps.core.clock import now
from apps.publishing.models import Publication
from apps.sources.near.shingles import WORDS_LEAST, jaccard, runs_of, words_of
from apps.stories.models import Story, StoryVersion

LATELY = timedelta(days=14)
LATEST = 300  # publications compared, the latest first
ALIKE = 0.35  # the share of runs in common from which two texts are shown as near the same; copies of posts take 0.5
SHOWN = 5
CHARACTERS = 6000  # of each text; what is longer is told apart by its beginning
OUT = (Publication.Status.SENT, Publication.Status.SCHEDULED, Publication.Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A publication that an editor should know of before approving.

    Attributes:
        is_same_story: it is of this very story.
        share: of runs in common with the text in hand, 0 to 1.
    """

    publication: Publication
    is_same_story: bool
    share: float

    @property
    def percent(self) -> int:
        """The share, for reading."""
        return round(self.share * 100)


def published_before(story: Story, version: StoryVersion | None) -> list[Earlier]:
    """Publications of this story, and of others with nearly its text in the last two weeks; two queries."""
    rows = Publication.objects.filter(status__in=OUT).select_related("channel", "version", "story")
    same = [
        Earlier(one, True, likeness(version, one.version)) for one in rows.filter(story=story).order_by("-publish_at")
    ]
    if version is None:
        return same
    own = runs_in(version)
    if not own:
        return same
    lately = rows.filter(workspace=story.workspace_id, publish_at__gte=now() - LATELY).exclude(story=story)
    seen: dict[int, Earlier] = {}
    for one in lately.order_by("-publish_at")[:LATEST]:
        share = jaccard(own, runs_in(one.version))
        known = seen.get(one.story_id)
        if share >= ALIKE and (known is None or share > known.share):
            seen[one.story_id] = Earlier(one, False, share)
    return [*same, *sorted(seen.values(), key=lambda one: -one.share)[:SHOWN]]


def likeness(first: StoryVersion | None, second: StoryVersion) -> float:
    """How much two texts have in common, 0 to 1."""
    return jaccard(runs_in(first), runs_in(second)) if first else 0.0


def runs_in(version: StoryVersion) -> frozenset[int]:
    """The runs of words of a text; none where it says too little to be compared."""
    words = words_of(f"{version.title}\n{version.lead}\n{version.body}"[:CHARACTERS])
    return runs_of(words) if len(words) >= WORDS_LEAST else frozenset()
