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
CANDIDATES = 6
WORTH = 0.5  # of the most promising document's rank
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


class _Day:
    """The documents of one day, and where each term occurs in them: document and weight by turns."""

    __slots__ = ("documents", "keys", "lengths", "postings")

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.keys: set[int] = set()
        self.lengths: list[float] = []
        self.postings: dict[int, list[int]] = {}

    def add(self, document: Document) -> None:
        """Index one more document."""
        place = len(self.documents)
        terms = document.terms
        self.documents.append(document)
        self.keys.add(document.key)
        self.lengths.append(sqrt(sum(weight * weight for weight in terms.weights)) or 1.0)
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
        """Take in the next document of the stream; one that comes again with other terms replaces itself."""
        self.rarity.count(document.terms)
        day = self._days.get(document.day)
        if day is None:
            return
        if document.key in day.keys:
            del self._days[document.day]  # read again from the rows, where it stands once
        else:
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
        rarity = self.rarity.of(document.terms)
        weights = [weight * rare for weight, rare in zip(document.terms.weights, rarity, strict=True)]
        length = sqrt(sum(weight * weight for weight in weights))
        if not length:
            return []
        query = {term: weight / length for term, weight in zip(document.terms.hashes, weights, strict=True)}
        rare = dict(zip(document.terms.hashes, rarity, strict=True))
        found = []
        for other in self._candidates(document, query, rare, days):
            hours = abs(document.at - other.at) / 3600
            score = self.rarity.cosine(query, other.terms) * nearness(hours)
            if score >= LEAST:
                found.append(Match(other.key, score, hours, self._reasons(document, query, other)))
        return sorted(found, key=lambda match: -match.score)

    def _candidates(
        self, document: Document, query: dict[int, float], rare: dict[int, float], days: list[_Day]
    ) -> list[Document]:
        """The few documents worth comparing exactly, by what they share of the weightiest terms."""
        weightiest = [(term, weight * rare[term]) for term, weight in self._weightiest(query)]
        ranked: list[tuple[float, int, int]] = []
        for number, day in enumerate(days):
            sums: dict[int, float] = {}
            postings = day.postings
            for term, factor in weightiest:
                found = postings.get(term)
                if found is not None:
                    for place, weight in zip(found[::2], found[1::2], strict=True):
                        sums[place] = sums.get(place, 0.0) + factor * weight
            lengths = day.lengths
            ranked += [(-shared / lengths[place], number, place) for place, shared in sums.items()]
        ranked.sort()
        near: list[Document] = []
        for rank, number, place in ranked:
            if len(near) == CANDIDATES or rank > ranked[0][0] * WORTH:
                break
            other = days[number].documents[place]
            if abs(other.at - document.at) <= REACH_S and other.key != document.key:
                near.append(other)
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

    def _reasons(self, document: Document, query: dict[int, float], other: Document) -> tuple[tuple[str, float], ...]:
        """The lemmas that bind two documents, the heaviest first, with each one's part in their cosine."""
        weights = [weight * rare for weight, rare in zip(other.terms.weights, self.rarity.of(other.terms), strict=True)]
        length = sqrt(sum(weight * weight for weight in weights))
        shared = [
            (query[term] * weight / length, term)
            for term, weight in zip(other.terms.hashes, weights, strict=True)
            if term in query
        ]
        shared.sort(key=lambda pair: -pair[0])
        words = dict(zip(document.terms.hashes, document.words, strict=False))
        return tuple((words.get(term, ""), round(part, 3)) for part, term in shared[:REASONS])


def nearness(hours: float) -> float:
    """What distance in time leaves of a similarity: all of it within a day, four fifths after two."""
    return 1.0 if hours <= 24 else 1.0 - 0.2 * min((hours - 24) / 24, 1.0)
