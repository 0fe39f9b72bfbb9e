"""How rare a term is: its inverse document frequency in a workspace's own stream, over that of news at large.

The stream is counted post by post, in the order of grouping. A day's rarity is fixed when the first post published on
that day is weighed: the posts of one day are weighed alike, however they come in, and so is one that comes late.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import log
from pathlib import Path

from apps.stories.grouping.terms import WEIGHT_MAX, Terms

# When so many posts are counted, all counts are halved: what a month ago was news does not make today's words common.
POSTS_MAX = 20_000
# A term in fewer posts is as rare as one in none; it keeps a day's counts small.
COUNT_LEAST = 2
COUNT_MAX = 65_535
# The weightiest term, a rare name said four times, just fits: 4 x 18 tenths x log(31,000) x 0.34 is 253.
SCALE = 0.34
LOGS = [log(max(count, 0.5)) for count in range(POSTS_MAX + COUNT_MAX + 1)]
BACKGROUND = Path(__file__).with_name("background.bin")


class Rarity:
    """Counts of posts by term, as far as the stream has come."""

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

    def fixed(self) -> DayRarity:
        """How things stand now."""
        return DayRarity(self.documents, {term: count for term, count in self._counts.items() if count >= COUNT_LEAST})

    def packed(self) -> bytes:
        """The counts as bytes."""
        return array("I", self._counts.keys()).tobytes() + array("I", self._counts.values()).tobytes()

    @classmethod
    def unpacked(cls, stored: bytes | memoryview, *, documents: int) -> Rarity:
        """What `packed` made."""
        numbers = array("I", bytes(stored))
        half = len(numbers) // 2
        return cls(documents=documents, counts=dict(zip(numbers[:half], numbers[half:], strict=True)))


class DayRarity:
    """The rarity by which the posts of one day are weighed."""

    def __init__(self, documents: int, counts: dict[int, int]) -> None:
        self.documents = documents
        self._counts = counts
        self._known_documents, self._known = background()
        self._ceiling = log(documents + self._known_documents + 1)

    def weighed(self, terms: Terms) -> Terms:
        """The same terms, each weight times its rarity."""
        counts, known, ceiling, logs = self._counts, self._known, self._ceiling, LOGS
        weights = [
            weight * SCALE * (ceiling - logs[counts.get(term, 1) + known.get(term, 0)])
            for term, weight in zip(terms.hashes, terms.weights, strict=True)
        ]
        return Terms(terms.hashes, bytes([min(int(weight) or 1, WEIGHT_MAX) for weight in weights]), terms.marks)

    def packed(self) -> bytes:
        """The counts as bytes: the terms, then two bytes for each one's count."""
        return array("I", self._counts.keys()).tobytes() + array("H", self._counts.values()).tobytes()

    @classmethod
    def unpacked(cls, stored: bytes | memoryview, *, documents: int) -> DayRarity:
        """What `packed` made."""
        return cls(documents, counts_read(bytes(stored)))


def counts_read(raw: bytes) -> dict[int, int]:
    """Terms with their counts, from four bytes of each term and then two of each count."""
    many = len(raw) // 6
    return dict(zip(array("I", raw[: 4 * many]), array("H", raw[4 * many :]), strict=True))


@lru_cache(maxsize=1)
def background() -> tuple[int, dict[int, int]]:
    """In how many of how many posts of news at large a term is found, so that a new stream is not taken for all words.

    Made by `manage.py count_background`; only terms of several posts are in it.
    """
    raw = BACKGROUND.read_bytes() if BACKGROUND.exists() else b""
    return int.from_bytes(raw[:4], "little"), counts_read(raw[4:])
