"""How rare a term is in a workspace's stream: its inverse document frequency, always fresh.

Counting is a pure function of the documents in their order, so any process that reads the same rows weighs alike.
"""

from __future__ import annotations

from array import array
from functools import cache
from math import log, sqrt

from apps.stories.grouping.terms import Terms

# Until the stream is long enough to know better, every term is thought to be in one of 400 posts.
PRIOR_POSTS = 200
PRIOR_COUNT = 0.5
# When so many posts are counted, all counts are halved: what a month ago was news does not make today's words common.
POSTS_MAX = 20_000
LOGS = [log(count + PRIOR_COUNT) for count in range(POSTS_MAX + 2)]


@cache
def _log_count(count: int) -> float:
    return log(count + PRIOR_COUNT)


class Rarity:
    """Counts of posts by term."""

    def __init__(self, *, documents: int = 0, counts: dict[int, int] | None = None, posts_max: int = POSTS_MAX) -> None:
        self.documents = documents
        self._counts = counts if counts is not None else {}
        self._posts_max = posts_max

    def count(self, terms: Terms) -> None:
        """Count one more post."""
        if self.documents >= self._posts_max:
            self.documents //= 2
            self._counts = {term: half for term, count in self._counts.items() if (half := count // 2)}
        self.documents += 1
        counts = self._counts
        for term in terms.hashes:
            counts[term] = counts.get(term, 0) + 1

    def of(self, terms: Terms) -> list[float]:
        """How rare each term of a post is as things stand now."""
        ceiling, counts = log(self.documents + PRIOR_POSTS), self._counts
        return [ceiling - LOGS[counts.get(term, 0)] for term in terms.hashes]

    def cosine(self, query: dict[int, float], terms: Terms) -> float:
        """How alike a post is to another whose weights, of length one, are given."""
        ceiling, counts, logs = log(self.documents + PRIOR_POSTS), self._counts, LOGS
        shared = squares = 0.0
        for term, weight in zip(terms.hashes, terms.weights, strict=True):
            weighed = weight * (ceiling - logs[counts.get(term, 0)])
            squares += weighed * weighed
            if term in query:
                shared += query[term] * weighed
        return shared / sqrt(squares) if squares else 0.0

    def packed(self) -> bytes:
        """The counts as bytes."""
        return array("I", self._counts.keys()).tobytes() + array("I", self._counts.values()).tobytes()

    @classmethod
    def unpacked(cls, stored: bytes | memoryview, *, documents: int) -> Rarity:
        """What `packed` made."""
        numbers = array("I", bytes(stored))
        half = len(numbers) // 2
        return cls(documents=documents, counts=dict(zip(numbers[:half], numbers[half:], strict=True)))
