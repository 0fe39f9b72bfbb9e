"""What stands between quotation marks, and whether somebody said it so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.stories.factcheck.findings import Span
from apps.stories.factcheck.forms import stems
from apps.stories.factcheck.words import TOKEN, plain

WORDS_LEAST = 4  # shorter ones are names of things and single words held at arm's length
TITLE_WORDS = 7  # up to so many the words may be in other forms: «Ночи перед Рождеством»
LONGEST = 1_500
PAIRS = {"«": "»", "“": "”", "„": "“"}
MARK = re.compile("[«»“”„]")
STRAIGHT = re.compile('"')
LOOKS_MOST = 20  # places of a source where the words are compared
ELISION = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|[(<]\s*(?:…|\.\.\.)\s*[)>]|…|\.\.\.)\s*")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words between quotation marks; the span is without the marks."""

    span: Span
    words: int


def quotes(text: str) -> list[Quote]:
    """The quotations of a text, outer ones only; marks that do not close soon are no quotation."""
    closed = sorted([*_paired(text), *_straight(text)])
    found: list[Quote] = []
    for start, end in closed:
        if not found or start > found[-1].span.end:
            found.append(Quote(Span(start, end), len(TOKEN.findall(text[start:end]))))
    return found


def _paired(text: str) -> Iterator[tuple[int, int]]:
    """Places between marks that have a left and a right form."""
    open_marks: list[tuple[str, int]] = []
    for match in MARK.finditer(text):
        mark, at = match[0], match.start()
        if open_marks and mark == PAIRS[open_marks[-1][0]]:
            start = open_marks.pop()[1] + 1
            if at - start <= LONGEST:
                yield start, at
        elif mark in PAIRS:
            open_marks.append((mark, at))


def _straight(text: str) -> Iterator[tuple[int, int]]:
    """Places between straight marks: one that opens, then the next."""
    start = -1
    for match in STRAIGHT.finditer(text):
        at = match.start()
        if start >= 0 and at - start <= LONGEST:
            yield start, at
            start = -1
        else:
            start = at + 1 if at == 0 or not text[at - 1].isalnum() else -1


def is_said(quote: str, said: Sequence[str]) -> bool:
    """Whether one source (as `words.plain` gives it) has the quotation, its parts between elisions in their order."""
    parts = [part for part in (plain(piece) for piece in ELISION.split(quote)) if part.strip()]
    return not parts or any(_has(source, parts) for source in said) or _in_other_forms(parts, said)


def _has(source: str, parts: Sequence[str]) -> bool:
    at = 0
    for part in parts:
        found = source.find(part, at)
        if found < 0:
            return False
        at = found + len(part) - 1
    return True


def _in_other_forms(parts: Sequence[str], said: Sequence[str]) -> bool:
    """Whether a short quotation stands in a source in other grammatical forms."""
    words = [word for part in parts for word in part.split()]
    if len(words) > TITLE_WORDS:
        return False
    anchor = f" {max(words, key=len)[:4]}"
    reach = 2 * len(" ".join(words)) + 20
    for source in said:
        at = source.find(anchor)
        for _look in range(LOOKS_MOST):
            if at < 0:
                break
            theirs = source[max(at - reach, 0) : at + reach].split()
            for start in range(len(theirs) - len(words) + 1):
                if all(map(_inflected, words, theirs[start : start + len(words)])):
                    return True
            at = source.find(anchor, at + 1)
    return False


def _inflected(one: str, other: str) -> bool:
    return one == other or (
        len(one) > 3 and len(other) > 3 and one[0] == other[0] and not stems(one).isdisjoint(stems(other))
    )
