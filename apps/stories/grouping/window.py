"""The part of a workspace's stream that a new post is compared with: an inverted index by days, held in memory.

It is a cache: everything in it can be read again from the rows, and then answers the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import nsmallest

from apps.stories.grouping.likeness import Told, likeness, nearness
from apps.stories.grouping.terms import Document, day_of

HOURS = 72
REACH_S = HOURS * 3600.0
CANDIDATES = 8  # compared exactly, of those before and of those after
POSTINGS = 400  # looked at for one post: the rarest terms first, so what is left out says little
TERMS = 24
WORTH = 0.2  # of what the most promising document shares
POSTS_HELD = 60_000
# Less alike than this is not worth telling.
LEAST = 0.3

_Ranked = tuple[float, float, int, Told]
Loader = Callable[[int, int], Iterable[Document]]  # the documents of the days from the first to the last, weighed


@dataclass(frozen=True, slots=True)
class Match:
    """A post of the window that is like the new one.

    Attributes:
        other: the post.
        score: how alike the two are, less with distance in time.
        hours: how far apart they were published.
        is_later: the other was published after the new one, which came late.
    """

    other: Told
    score: float
    hours: float
    is_later: bool

    @property
    def key(self) -> int:
        """The other post's id."""
        return self.other.key


class _Day:
    """The documents of one day, and those that have each term: a document's place and the term's weight in one number.

    Numbers in an array lie side by side: walking along objects all over the memory took four times as long.
    """

    __slots__ = ("documents", "places", "postings")

    def __init__(self) -> None:
        self.documents: list[Told] = []
        self.places: dict[int, int] = {}
        self.postings: dict[int, array[int]] = {}

    def add(self, told: Told) -> None:
        """Index one more document; one that is there with other terms goes."""
        old = self.places.get(told.key)
        if old is not None:
            for term, weight in self.documents[old].weights.items():
                self.postings[term].remove(old << 8 | weight)
        self.places[told.key] = place = len(self.documents)
        self.documents.append(told)
        postings = self.postings
        for term, weight in told.weights.items():
            found = postings.get(term)
            if found is None:
                postings[term] = found = array("L")
            found.append(place << 8 | weight)


class StreamWindow:
    """Days of a stream, read when they are needed and dropped when they are not."""

    def __init__(self, *, posts_held: int = POSTS_HELD) -> None:
        self._days: dict[int, _Day] = {}  # the most recently used last
        self._posts_held = posts_held
        self._last: tuple[Document | None, Told | None] = (None, None)
        self._terms: dict[int, int] = {}  # one number object a term, however many documents have it

    def __len__(self) -> int:
        return sum(len(day.places) for day in self._days.values())

    def add(self, document: Document, load: Loader) -> None:
        """Take in one more document of the stream; one that comes again with other terms replaces itself."""
        self.reach(document.at, document.at, load)[0].add(self._told(document))

    def heard(self, document: Document) -> None:
        """Take in a document that another process stored, where its day is held."""
        day = self._days.get(document.day)
        if day is not None:
            day.add(self._told(document))

    def shrink(self) -> None:
        """Drop the days that were used longest ago; call it only when all that was added can be read again."""
        held = len(self)
        for day in list(self._days):
            if held <= self._posts_held:
                return
            held -= len(self._days.pop(day).places)
            self._terms.clear()

    def reach(self, since: float, until: float, load: Loader) -> list[_Day]:
        """The days between two moments, read now if they are not held."""
        wanted = range(day_of(since), day_of(until) + 1)
        missing = [day for day in wanted if day not in self._days]
        if missing:
            for day in missing:
                self._days[day] = _Day()
            lacking = set(missing)
            for read in load(missing[0], missing[-1]):
                if read.day in lacking:
                    self._days[read.day].add(self._told(read))
        for day in wanted:
            self._days[day] = self._days.pop(day)
        return [self._days[day] for day in wanted]

    def matches(self, document: Document, load: Loader) -> list[Match]:
        """The documents most like this one, the best first; among equals the one that was published first."""
        new = self._told(document)
        days = self.reach(document.at - REACH_S, document.at + REACH_S, load)
        found = []
        for other in self._candidates(new, days):
            hours = abs(new.at - other.at) / 3600
            score = likeness(new, other) * nearness(hours)
            if score >= LEAST:
                found.append(Match(other, score, hours, _is_later(other, new)))
        return sorted(found, key=lambda match: (-match.score, match.other.at, match.key))

    def _candidates(self, new: Told, days: list[_Day]) -> list[Told]:
        """The few documents worth comparing exactly: those that share most of the weightiest terms."""
        weights = new.weights
        sums: list[tuple[_Day, dict[int, int]]] = [(day, {}) for day in days if day.documents]
        left = POSTINGS
        for term in sorted(weights, key=weights.__getitem__, reverse=True)[:TERMS]:
            found = [(shared, day.postings[term]) for day, shared in sums if term in day.postings]
            left -= sum([len(some) for _shared, some in found])
            if left < 0 and any(shared for _day, shared in sums):
                break
            weight = weights[term]
            for shared, some in found:
                for packed in some:
                    place = packed >> 8
                    shared[place] = shared.get(place, 0) + weight * (packed & 255)
        least = WORTH * max([max(shared.values()) for _day, shared in sums if shared], default=0)
        before: list[_Ranked] = []
        after: list[_Ranked] = []
        for day, shared in sums:
            for place, much in shared.items():
                if much >= least:
                    told = day.documents[place]
                    if told.key != new.key and abs(told.at - new.at) <= REACH_S:
                        ranked = (-much / told.length, told.at, told.key, told)
                        (after if _is_later(told, new) else before).append(ranked)
        return [told for ranked in (before, after) for *_rank, told in nsmallest(CANDIDATES, ranked)]

    def _told(self, document: Document) -> Told:
        """A document ready for comparing; the last one is remembered, for it is compared and then taken in."""
        last, told = self._last
        if document is not last or told is None:
            terms = self._terms
            hashes = [terms.setdefault(term, term) for term in document.terms.hashes]
            told = Told(document.key, document.at, document.terms, hashes)
            self._last = (document, told)
        return told


def _is_later(told: Told, new: Told) -> bool:
    return (told.at, told.key) > (new.at, new.key)
