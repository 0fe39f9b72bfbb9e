"""Quotation marks: which opens, which closes, and what they look like; what stands between them is somebody's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.stories.proofreading.changes import Edit
from apps.stories.proofreading.guarded import Spans

MARKS = frozenset('"“”„‟«»')
EMPHASIS = "*_~|"
BEFORE = frozenset('([{—–-/«„“"…¿¡>') | frozenset(EMPHASIS)
AFTER = frozenset(')]},.;:!?…—–-/»”“"<') | frozenset(EMPHASIS)
FAR = 8  # signs of emphasis that are looked past
RUSSIAN = (("«", "»"), ("„", "“"))
ENGLISH = (("“", "”"), ("‘", "’"))


@dataclass(frozen=True)
class Pair:
    """Two marks that belong together; `depth` 0 is the outer pair."""

    start: int
    end: int
    depth: int


def pairs_of(text: str, fixed: Spans) -> tuple[list[Pair], list[tuple[int, int]]]:
    """The pairs of marks, and the stretches where marks do not pair and nobody can say what is quoted."""
    marks = [at for at, letter in enumerate(text) if letter in MARKS and not fixed.touch(at, at + 1)]
    whole = matched(text, marks)
    if whole is not None:
        return whole, []
    pairs: list[Pair] = []
    unclear: list[tuple[int, int]] = []
    for start, end, inside in lines_with(text, marks):
        found = matched(text, inside)
        if found is None:
            unclear.append((start, end))
        else:
            pairs += found
    return pairs, unclear


def lines_with(text: str, marks: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Lines that have marks: start, end, and where in the text the marks are."""
    at = 0
    while at < len(marks):
        start = text.rfind("\n", 0, marks[at]) + 1
        end = text.find("\n", marks[at])
        end = len(text) if end < 0 else end
        upto = at
        while upto < len(marks) and marks[upto] < end:
            upto += 1
        yield start, end, list(marks[at:upto])
        at = upto


def matched(text: str, marks: Sequence[int]) -> list[Pair] | None:
    """The pairs, or None where a mark has no partner or could be either."""
    waiting: list[int] = []
    pairs: list[Pair] = []
    for at in marks:
        opens = is_opening(text, at, open_mark=text[waiting[-1]] if waiting else "")
        if opens is None:
            return None
        if opens:
            waiting.append(at)
        elif waiting:
            pairs.append(Pair(waiting.pop(), at, len(waiting)))
        else:
            return None
    return None if waiting else sorted(pairs, key=lambda pair: pair.start)


def is_opening(text: str, at: int, *, open_mark: str) -> bool | None:
    """Whether the mark opens; None where that cannot be told. `open_mark` is the mark that waits for a partner."""
    mark = text[at]
    if mark in "«„‟":
        return True
    if mark == "»":
        return False
    if mark == "“" and open_mark == "„":
        return False
    if mark == "”":
        return False
    before, after = beside(text, at, -1), beside(text, at, 1)
    left = before == "" or before.isspace() or before in BEFORE
    right = after == "" or after.isspace() or after in AFTER
    if left and right:
        # both sides are open: `"` after a space at the end closes nothing that was begun
        return None if not open_mark else not (after == "" or after.isspace() or after in ".,;:!?)")
    if left != right:
        return left
    return None


def beside(text: str, at: int, step: int) -> str:
    """The next character in a direction, past signs of emphasis; empty at an end."""
    at += step
    for _ in range(FAR):
        if not (0 <= at < len(text) and text[at] in EMPHASIS):
            break
        at += step
    return text[at] if 0 <= at < len(text) else ""


def quotes_wanted(text: str, pairs: Sequence[Pair], *, is_russian: bool) -> Iterator[Edit]:
    """The marks as they should look: «outer „inner“», or “outer ‘inner’” in English."""
    style = RUSSIAN if is_russian else ENGLISH
    for pair in pairs:
        opening, closing = style[min(pair.depth, len(style) - 1)]
        if text[pair.start] != opening:
            yield Edit(pair.start, pair.start + 1, opening, "quotes")
        if text[pair.end] != closing:
            yield Edit(pair.end, pair.end + 1, closing, "quotes")
