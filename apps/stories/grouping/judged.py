"""How well two texts are told to be of one story, against people's judgement."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.likeness import Told, likeness, nearness
from apps.stories.grouping.rarity import Rarity

FIELD_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, title and body, and what people say of them.

    Attributes:
        hours: how far apart they were published.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    is_same: bool
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How often the judgement was right.

    Attributes:
        precision: of the pairs called one story, how many are.
        recall: of the pairs that are one story, how many were called so.
        f1: the harmonic mean of the two.
        auc: how often a pair of one story is more alike than one of two; None where all pairs are of one kind.
    """

    pairs: int
    threshold: float
    precision: float
    recall: float
    f1: float
    auc: float | None = None


def pairs_read(file: TextIO) -> list[Pair]:
    """Pairs from a tab-separated file with first_title, first_text, second_title, second_text, same_story.

    Raises:
        KeyError: a column is missing.
    """
    csv.field_size_limit(FIELD_MAX)
    rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        Pair(
            (row["first_title"], row["first_text"]),
            (row["second_title"], row["second_text"]),
            row["same_story"].strip() == "1",
        )
        for row in rows
    ]


def similarities(pairs: Iterable[Pair], *, rarity: Rarity | None = None) -> list[float]:
    """The likeness of each pair, as grouping finds it; without the rarity of a stream, as on the first day of one."""
    lemmatiser, fixed = Lemmatiser(), (rarity or Rarity()).fixed()

    def told(title: str, text: str) -> Told:
        return Told(0, 0.0, fixed.weighed(lemmatiser.terms(title=title, text=text)[0]))

    return [likeness(told(*pair.first), told(*pair.second)) * nearness(pair.hours) for pair in pairs]


def judged(pairs: Iterable[Pair], scores: Iterable[float], *, threshold: float) -> Quality:
    """How right it is to call one story what is at least as similar as the threshold."""
    told = [(score, pair.is_same) for pair, score in zip(pairs, scores, strict=True)]
    called = [(score >= threshold, same) for score, same in told]
    right = sum(same for yes, same in called if yes)
    yes, same = sum(yes for yes, _same in called), sum(same for _yes, same in called)
    precision, recall = right / yes if yes else 0.0, right / same if same else 0.0
    f1 = 2 * right / (yes + same) if yes + same else 0.0
    return Quality(len(called), threshold, round(precision, 3), round(recall, 3), round(f1, 3), auc_of(told))


def auc_of(told: Sequence[tuple[float, bool]]) -> float | None:
    """The area under the curve of true against false positives; None where all pairs are of one kind."""
    ones = [score for score, same in told if same]
    twos = sorted(score for score, same in told if not same)
    if not ones or not twos:
        return None
    won = sum((bisect_left(twos, score) + bisect_right(twos, score)) / 2 for score in ones)
    return round(won / (len(ones) * len(twos)), 3)
