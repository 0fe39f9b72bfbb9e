"""Whether one text is a near-copy of another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from apps.sources.near.shingles import WORDS_LEAST, WORDS_SHORT, jaccard, runs_of, without_links, words_of

ALIKE = 0.5
WORDS_NAMES = 40  # in texts shorter than this a name that differs is what the news is about
STEM = 5  # letters of a name that its cases have in common
HOURS_SHORT = 6.0

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
NAME = re.compile(r"(?<=[\w,] )[A-ZА-ЯЁ][^\W\d_]+")  # the first word of a sentence may be capitalised for that alone


@dataclass
class Text:
    """A text as it is compared.

    Attributes:
        told: title and text without boilerplate.
        voice: who said it.
        at: when it was published, seconds since 1970.
    """

    told: str
    voice: str
    at: float

    @cached_property
    def words(self) -> list[str]:
        """Its words."""
        return words_of(self.told)

    @cached_property
    def runs(self) -> frozenset[int]:
        """Its runs of words."""
        return runs_of(self.words)

    @property
    def is_comparable(self) -> bool:
        """Whether it says enough to be anybody's copy."""
        return len(self.words) >= WORDS_LEAST

    @property
    def is_short(self) -> bool:
        """Whether others may well say the same by themselves on another day."""
        return len(self.words) < WORDS_SHORT

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The numbers in it."""
        return frozenset(number.replace(",", ".") for number in NUMBER.findall(without_links(self.told)))

    @cached_property
    def names(self) -> frozenset[str]:
        """The beginnings of capitalised words inside its sentences."""
        return frozenset(name[:STEM].lower().replace("ё", "е") for name in NAME.findall(without_links(self.told)))


def alike(first: Text, second: Text) -> float:
    """How much two texts have in common, 0 to 1; 0 where one is no copy of the other.

    Each naming a number (in a short text, also a name) that the other lacks, they tell of two things in the same words:
    two villages, two rates. A short text is a copy only within hours, and never of its own voice: who says a short
    thing twice means it anew.
    """
    is_short = first.is_short or second.is_short
    if is_short and (first.voice == second.voice or abs(first.at - second.at) > HOURS_SHORT * 3600):
        return 0.0
    score = jaccard(first.runs, second.runs)
    if score < ALIKE or _differ(first.numbers, second.numbers):
        return 0.0
    if min(len(first.words), len(second.words)) < WORDS_NAMES and _differ(
        first.names - _stems(second), second.names - _stems(first)
    ):
        return 0.0
    return score


def _differ(first: frozenset[str], second: frozenset[str]) -> bool:
    return bool(first - second) and bool(second - first)


def _stems(text: Text) -> frozenset[str]:
    return frozenset(word[:STEM] for word in text.words)
