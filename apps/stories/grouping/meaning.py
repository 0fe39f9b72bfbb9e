"""Close calls, and what vectors say of them: the one rule that the second look and its evaluation share.

By their words two posts are together where their likeness reaches what the story asks for. Where it does so hardly, or
hardly fails to, the likeness of their vectors is weighed in.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import sqrt
from operator import mul

# How far from what is needed a likeness is a close call. Vectors would have to be further from NEUTRAL than 0.14 to
# turn the call at its edge, 0.06 * 0.7 / 0.3.
BAND = 0.06
# The share of vectors: what was best of lemmas and vectors on judged pairs of Russian news (0.7 and 0.3).
WEIGHT = 0.3
# On the scale from any two posts of the stream (0) to one and the same (1): where one event begins.
NEUTRAL = 0.5
BACKGROUND_LEAST = 12  # vectors without which it is not known how alike any two are
BACKGROUND_MOST = 200


def is_close(margin: float) -> bool:
    """Whether a likeness is so near to what is needed that vectors are asked."""
    return abs(margin) <= BAND


def margin_with(margin: float, *, cosine: float, background: float) -> float:
    """The margin of a likeness with the vectors weighed in; not below nought is together.

    Models differ in how alike they find any two texts, some say 0.1 and some 0.8: so the cosine counts by how far it
    lies between that background and 1.
    """
    meant = (cosine - background) / max(1.0 - background, 0.01)
    return (1 - WEIGHT) * margin + WEIGHT * (meant - NEUTRAL)


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is stored: brought to length one, four bytes a number."""
    length = sqrt(sum(value * value for value in vector)) or 1.0
    return array("f", [value / length for value in vector]).tobytes()


def unpacked(stored: bytes | memoryview) -> array[float]:
    """A vector from what `packed` made."""
    return array("f", bytes(stored))


def cosine(first: Sequence[float], second: Sequence[float]) -> float:
    """How alike two vectors of length one are."""
    return float(sum(map(mul, first, second)))


def background_of(vectors: Sequence[Sequence[float]]) -> float | None:
    """How alike any two of these vectors of length one are, in the mean; None of too few.

    The square of the length of their sum is the sum of the cosines of all pairs, each vector with itself included.
    """
    many = len(vectors)
    if many < BACKGROUND_LEAST:
        return None
    sums = [0.0] * len(vectors[0])
    for vector in vectors:
        for place, value in enumerate(vector):
            sums[place] += value
    together = float(sum(map(mul, sums, sums)))
    return min(max((together - many) / (many * (many - 1)), 0.0), 0.99)
