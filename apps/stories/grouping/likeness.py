"""Whether two texts tell of one event: the one judgement that grouping, its tests and its reasons share."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from apps.stories.grouping.terms import HEAD, NAME, Terms

# What two heads lose that each name somebody or something that the other text knows nothing of. On the judged pairs
# that is so of half of those of two stories and of one in fifty of those of one.
STRANGERS = 0.15
# Of posts alike within three hours nearly all tell of one event; two days apart it is mostly another day of the same.
FRESH_HOURS, FADED_HOURS, FADES = 6.0, 72.0, 0.35


class Told:
    """A post as it is compared.

    Attributes:
        key: its id.
        at: when it was published, seconds since 1970.
        weights: of each term, its rarity counted in.
        head: the terms of its head.
        names: those of them that are names.
    """

    __slots__ = ("at", "head", "head_weight", "key", "length", "names", "weights")

    def __init__(self, key: int, at: float, terms: Terms, hashes: Sequence[int] = ()) -> None:
        hashes = hashes or terms.hashes
        self.key = key
        self.at = at
        self.weights: dict[int, int] = dict(zip(hashes, terms.weights, strict=True))
        self.length = sqrt(sum([weight * weight for weight in terms.weights])) or 1.0
        marked = [(term, mark) for term, mark in zip(hashes, terms.marks, strict=True) if mark & HEAD]
        self.head = tuple([term for term, _mark in marked])
        self.names = frozenset([term for term, mark in marked if mark & NAME])
        self.head_weight = sum([self.weights[term] for term in self.head]) or 1


def likeness(first: Told, second: Told) -> float:
    """How alike two texts are, 0 to 1, whichever comes first.

    The mean of two things: the cosine of all their terms, and how much of each one's head the other tells as well;
    less `STRANGERS` where each head has a name that the other text has not.
    """
    ours, theirs = first.weights, second.weights
    if len(ours) > len(theirs):
        ours, theirs = theirs, ours
    shared = 0
    for term, weight in ours.items():
        if term in theirs:
            shared += weight * theirs[term]
    if not shared:
        return 0.0
    heads = _found(first, second.weights) + _found(second, first.weights)
    score = (shared / (first.length * second.length) + heads / 2) / 2
    if not first.names <= second.weights.keys() and not second.names <= first.weights.keys():
        score -= STRANGERS
    return max(score, 0.0)


def _found(one: Told, other: dict[int, int]) -> float:
    """The share of a head that another text tells."""
    weights = one.weights
    return sum([weights[term] for term in one.head if term in other]) / one.head_weight


def nearness(hours: float) -> float:
    """What distance in time leaves of a likeness: all of it within six hours, then less, 0.65 after three days."""
    return 1.0 - FADES * min(max(hours - FRESH_HOURS, 0.0) / (FADED_HOURS - FRESH_HOURS), 1.0)
