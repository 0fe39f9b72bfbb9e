"""Why two texts were found alike, in words that an editor can check."""

from __future__ import annotations

from math import sqrt
from typing import TypedDict

from apps.stories.grouping.lemmas import LINK, Lemmatiser, parts
from apps.stories.grouping.likeness import Told
from apps.stories.grouping.terms import NAME, NUMBER, Document

TERMS_MAX, NAMES_MAX, NUMBERS_MAX, PHRASES_MAX = 6, 5, 5, 3
PHRASE_CHARACTERS = 80


class Reasons(TypedDict):
    """What binds a post to another, each list with the weightiest or the first told at its head.

    Attributes:
        terms: lemmas, each with its part in the cosine of the two.
        names: names that both have, as the post writes them.
        numbers: numbers that both have.
        phrases: runs of words of the post that the other has in the same order.
    """

    terms: list[list[str | float]]
    names: list[str]
    numbers: list[str]
    phrases: list[str]


def reasons(lemmatiser: Lemmatiser, document: Document, other: Told, *, title: str, text: str) -> Reasons:
    """What binds a weighed document, read from this title and text, to another."""
    told = LINK.sub(" ", "\n".join(parts(title, text)))
    spans = lemmatiser.spans(told)
    marks = dict(zip(document.terms.hashes, document.terms.marks, strict=True))
    return Reasons(
        terms=_terms(document, other),
        names=_names(told, spans, marks, other),
        numbers=_distinct(
            [told[begin:end] for term, begin, end in spans if term in other.weights and marks.get(term, 0) & NUMBER],
            NUMBERS_MAX,
        ),
        phrases=_phrases(told, spans, other),
    )


def _terms(document: Document, other: Told) -> list[list[str | float]]:
    terms, weights = document.terms, other.weights
    length = sqrt(sum([weight * weight for weight in terms.weights])) * other.length or 1.0
    shared = [
        (weight * weights[term] / length, word)
        for term, weight, word in zip(terms.hashes, terms.weights, document.words, strict=True)
        if term in weights
    ]
    shared.sort(key=lambda found: -found[0])
    return [[word, round(part, 3)] for part, word in shared[:TERMS_MAX]]


def _names(told: str, spans: list[tuple[int, int, int]], marks: dict[int, int], other: Told) -> list[str]:
    """Names that stand side by side are one."""
    found: list[tuple[int, int]] = []
    for term, begin, end in spans:
        if term in other.weights and marks.get(term, 0) & NAME:
            if found and told[found[-1][1] : begin] in {" ", "-"}:
                found[-1] = (found[-1][0], end)
            else:
                found.append((begin, end))
    return _distinct([told[begin:end] for begin, end in found], NAMES_MAX)


def _phrases(told: str, spans: list[tuple[int, int, int]], other: Told) -> list[str]:
    """Runs of at least two words that follow each other in the other text too, the weightiest first."""
    place = {term: number for number, term in enumerate(other.weights)}
    runs: list[tuple[int, int, int, int]] = []  # weight, words, beginning, end
    before = -2
    for term, begin, end in spans:
        here = place.get(term, -2)
        weight = other.weights.get(term, 0)
        if (
            here >= 0
            and here == before + 1
            and end - runs[-1][2] <= PHRASE_CHARACTERS
            and "\n" not in told[runs[-1][3] : begin]
        ):
            runs[-1] = (runs[-1][0] + weight, runs[-1][1] + 1, runs[-1][2], end)
        elif here >= 0:
            runs.append((weight, 1, begin, end))
        before = here
    runs = sorted((run for run in runs if run[1] > 1), key=lambda run: (-run[0], run[2]))
    return _distinct([told[begin:end] for _weight, _words, begin, end in runs], PHRASES_MAX)


def _distinct(found: list[str], most: int) -> list[str]:
    seen: dict[str, str] = {}
    for one in found:
        seen.setdefault(one.lower(), one)
    return list(seen.values())[:most]
