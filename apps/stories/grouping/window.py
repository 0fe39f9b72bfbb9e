"""The part of a workspace's stream that a new post is compared with: an inverted index by days, held in memory.

It is a cache: everything in it can be read again from the rows, and then answers the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

from apps.stories.grouping.rarity import Rarity
from apps.stories.grouping.terms import Document, day_of

HOURS = 48
REACH_S = HOURS * 3600.0
REACH_DAYS = HOURS // 24
CANDIDATES = 12
POSTS_HELD = 20_000
# A document that shares none of a post's weightiest terms cannot be more similar than this, so it is not looked at.
LEAST = 0.3
REASONS = 6

Loader = Callable[
    [int, int], Iterable[Document]
]  # the documents of the days from the first to the last, in their order


@dataclass(frozen=True, slots=True)
class Match:
    """A post of the window that is like the new one.

    Attributes:
        key: its id.
        score: the cosine of the two, 0 to 1, less with distance in time.
        hours: how far apart they were published.
        terms: the lemmas that bind them, with each one's part in the score; the heaviest first.
    """

    key: int
    score: float
    hours: float
    terms: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class _Held:
    """A document in memory, with its length before rarity."""

    document: Document
    length: float


class _Day:
    """The documents of one day, and where each term occurs in them: document and weight by turns."""

    __slots__ = ("documents", "postings")

    def __init__(self) -> None:
        self.documents: list[_Held] = []
        self.postings: dict[int, list[int]] = {}

    def add(self, document: Document) -> None:
        """Index one more document."""
        place = len(self.documents)
        terms = document.terms
        self.documents.append(_Held(document, sqrt(sum(weight * weight for weight in terms.weights)) or 1.0))
        for term, weight in zip(terms.hashes, terms.weights, strict=True):
            found = self.postings.get(term)
            if found is None:
                self.postings[term] = [place, weight]
            else:
                found += (place, weight)


class StreamWindow:
    """Days of a stream, read when they are needed and dropped when they are not."""

    def __init__(self, *, rarity: Rarity, posts_held: int = POSTS_HELD) -> None:
        self.rarity = rarity
        self._days: dict[int, _Day] = {}  # the most recently used last
        self._posts_held = posts_held

    def __len__(self) -> int:
        return sum(len(day.documents) for day in self._days.values())

    def add(self, document: Document) -> None:
        """Take in the next document of the stream."""
        self.rarity.count(document.terms)
        day = self._days.get(document.day)
        if day is not None:
            day.add(document)

    def shrink(self) -> None:
        """Drop the days that were used longest ago; call it only when all that was added can be read again."""
        held = len(self)
        for day in list(self._days):
            if held <= self._posts_held:
                return
            held -= len(self._days.pop(day).documents)

    def reach(self, document: Document, load: Loader) -> list[_Day]:
        """The days that a document is compared with, read now if they are not held."""
        first, last = day_of(document.at - REACH_S), day_of(document.at + REACH_S)
        wanted = range(first, last + 1)
        missing = [day for day in wanted if day not in self._days]
        if missing:
            for day in missing:
                self._days[day] = _Day()
            lacking = set(missing)
            for read in load(missing[0], missing[-1]):
                if read.day in lacking:
                    self._days[read.day].add(read)
        for day in wanted:
            self._days[day] = self._days.pop(day)
        return [self._days[day] for day in wanted]

    def matches(self, document: Document, load: Loader) -> list[Match]:
        """The documents most like this one, the best first; among equals the one that came first."""
        days = self.reach(document, load)
        weights = self.rarity.weights(document.terms)
        length = sqrt(sum(weight * weight for weight in weights))
        if not length:
            return []
        query = {term: weight / length for term, weight in zip(document.terms.hashes, weights, strict=True)}
        found = [
            match
            for held in self._candidates(document, query, days)
            if (match := self._compared(document, query, held))
        ]
        return sorted(found, key=lambda match: -match.score)

    def _candidates(self, document: Document, query: dict[int, float], days: list[_Day]) -> list[Document]:
        """The few documents worth comparing exactly, by what they share of the weightiest terms."""
        rare = self._weightiest(query)
        ranked: list[tuple[float, int, int]] = []
        for number, day in enumerate(days):
            sums: dict[int, float] = {}
            postings = day.postings
            for term, factor in rare:
                found = postings.get(term)
                if found is not None:
                    for i in range(0, len(found), 2):
                        place = found[i]
                        sums[place] = sums.get(place, 0.0) + factor * found[i + 1]
            held = day.documents
            ranked += [(-shared / held[place].length, number, place) for place, shared in sums.items()]
        ranked.sort()
        near: list[Document] = []
        for _rank, number, place in ranked:
            other = days[number].documents[place].document
            if abs(other.at - document.at) <= REACH_S and other.key != document.key:
                near.append(other)
                if len(near) == CANDIDATES:
                    break
        return near

    def _weightiest(self, query: dict[int, float]) -> list[tuple[int, float]]:
        """The heaviest terms, until the rest together could not make two documents alike."""
        left = 1.0
        chosen: list[tuple[int, float]] = []
        for term, weight in sorted(query.items(), key=lambda pair: -pair[1]):
            if left < LEAST * LEAST:
                break
            chosen.append((term, weight))
            left -= weight * weight
        return chosen

    def _compared(self, document: Document, query: dict[int, float], other: Document) -> Match | None:
        weights = self.rarity.weights(other.terms)
        length = sqrt(sum(weight * weight for weight in weights))
        shared: list[tuple[float, int]] = []
        for term, weight in zip(other.terms.hashes, weights, strict=True):
            mine = query.get(term)
            if mine is not None:
                shared.append((mine * weight, term))
        if not shared or not length:
            return None
        hours = abs(document.at - other.at) / 3600
        score = sum(part for part, _term in shared) / length * nearness(hours)
        if score < LEAST:
            return None
        return Match(other.key, score, hours, self._named(document, shared, length))

    def _named(
        self, document: Document, shared: list[tuple[float, int]], length: float
    ) -> tuple[tuple[str, float], ...]:
        words = dict(zip(document.terms.hashes, document.words, strict=False))
        shared.sort(key=lambda pair: -pair[0])
        return tuple((words.get(term, ""), round(part / length, 3)) for part, term in shared[:REASONS])


def nearness(hours: float) -> float:
    """What distance in time leaves of a similarity: all of it within a day, four fifths after two."""
    return 1.0 if hours <= 24 else 1.0 - 0.2 * min((hours - 24) / 24, 1.0)
