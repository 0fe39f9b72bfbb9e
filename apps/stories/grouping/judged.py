"""How well two texts are told to be of one story, against people's judgement."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TextIO

from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.rarity import Rarity
from apps.stories.grouping.terms import Terms

FIELD_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts and what people say of them."""

    first: tuple[str, str]
    second: tuple[str, str]
    is_same: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """How often the judgement was right.

    Attributes:
        precision: of the pairs called one story, how many are.
        recall: of the pairs that are one story, how many were called so.
        f1: the harmonic mean of the two.
    """

    pairs: int
    threshold: float
    precision: float
    recall: float
    f1: float


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


def similarities(pairs: Sequence[Pair]) -> list[float]:
    """The similarity of each pair; the rarity of terms is counted over the texts of all pairs."""
    lemmatiser, rarity = Lemmatiser(), Rarity()
    terms = [
        tuple(lemmatiser.terms(title=title, text=text)[0] for title, text in (pair.first, pair.second))
        for pair in pairs
    ]
    for first, second in terms:
        rarity.count(first)
        rarity.count(second)
    return [similarity(rarity, first, second) for first, second in terms]


def similarity(rarity: Rarity, first: Terms, second: Terms) -> float:
    """The cosine of two texts, weighed as things stand."""
    weights = [weight * rare for weight, rare in zip(first.weights, rarity.of(first), strict=True)]
    length = sqrt(sum(weight * weight for weight in weights)) or 1.0
    query = {term: weight / length for term, weight in zip(first.hashes, weights, strict=True)}
    return rarity.cosine(query, second)


def judged(pairs: Iterable[Pair], scores: Iterable[float], *, threshold: float) -> Quality:
    """How right it is to call one story what is at least as similar as the threshold."""
    called = [(score >= threshold, pair.is_same) for pair, score in zip(pairs, scores, strict=True)]
    right = sum(same for yes, same in called if yes)
    yes, same = sum(yes for yes, _same in called), sum(same for _yes, same in called)
    precision, recall = right / yes if yes else 0.0, right / same if same else 0.0
    f1 = 2 * right / (yes + same) if yes + same else 0.0
    return Quality(len(called), threshold, round(precision, 3), round(recall, 3), round(f1, 3))
