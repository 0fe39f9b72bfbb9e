"""A post's terms: numbers for comparing, packed for storing.

A term is a 32-bit hash of a lemma; two lemmas with one hash are so rare (a vocabulary of 100,000 has about one pair)
that nothing guards against them.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime

BYTES_A_TERM = 6  # four of the hash, one of the weight, one of the marks
WEIGHT_MAX = 255
HEAD, NAME, NUMBER = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Terms:
    """What a post is about, in the order of its words.

    Attributes:
        hashes: the terms.
        weights: how much each counts, 1 to 255.
        marks: what each is: in the head, a name, a number; the sum of `HEAD`, `NAME`, `NUMBER`.
    """

    hashes: array[int]
    weights: bytes
    marks: bytes

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Document:
    """A post on its way into a story.

    Attributes:
        key: the post's id.
        at: when it was published, seconds since 1970.
        terms: weighed by the words alone when a text has just been read; by their rarity too when it is compared.
        words: the lemma of each term, for the reasons shown to an editor; empty for posts read back from storage.
    """

    key: int
    at: float
    terms: Terms
    words: tuple[str, ...] = ()

    @property
    def day(self) -> int:
        """The day of the stream, counted since 1970 in UTC."""
        return day_of(self.at)


def day_of(at: float) -> int:
    """The day, counted since 1970 in UTC, of a moment."""
    return int(at // 86_400)


def day_start(day: int) -> datetime:
    """The first moment of a day counted since 1970."""
    return datetime.fromtimestamp(day * 86_400, tz=UTC)


def pack(terms: Terms) -> bytes:
    """Terms as bytes: all hashes, little-endian, then all weights, then all marks."""
    return terms.hashes.tobytes() + terms.weights + terms.marks


def unpack(stored: bytes | memoryview) -> Terms:
    """Terms from what `pack` made."""
    raw = bytes(stored)
    many = len(raw) // BYTES_A_TERM
    return Terms(array("I", raw[: 4 * many]), raw[4 * many : 5 * many], raw[5 * many :])
