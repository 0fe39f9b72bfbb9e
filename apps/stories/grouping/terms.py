"""A post's terms: numbers for comparing, packed for storing.

A term is a 32-bit hash of a lemma; two lemmas with one hash are so rare (a vocabulary of 100,000 has about one pair)
that nothing guards against them.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime

BYTES_A_TERM = 5  # four of the hash, one of the weight
WEIGHT_MAX = 255


@dataclass(frozen=True, slots=True)
class Terms:
    """What a post is about, in the order of its words.

    Attributes:
        hashes: the terms.
        weights: how much each counts before its rarity, 1 to 255.
    """

    hashes: array[int]
    weights: bytes

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Document:
    """A post on its way into a story.

    Attributes:
        key: the post's id.
        at: when it was published, seconds since 1970.
        voice: who said it.
        words: the lemma of each term, for the reasons shown to an editor; empty for posts read back from storage.
    """

    key: int
    at: float
    terms: Terms
    voice: str = ""
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
    """Terms as bytes: all hashes, little-endian, then all weights."""
    return terms.hashes.tobytes() + terms.weights


def unpack(stored: bytes | memoryview) -> Terms:
    """Terms from what `pack` made."""
    raw = bytes(stored)
    cut = len(raw) // BYTES_A_TERM * 4
    return Terms(array("I", raw[:cut]), raw[cut:])
