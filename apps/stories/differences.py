"""What changed between two texts, word by word, in bounded time.

Lines are matched first, words only inside the stretches that differ. A stretch that is too long to be matched by words
is shown as replaced: `difflib` takes quadratic time, and cubic at its worst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

WORD = re.compile(r"\n|[^\S\n]*(?:\w+|[^\w\s])|[^\S\n]+")
LINE = re.compile(r"[^\n]*\n|[^\n]+")
WORDS_MOST = 1500  # on either side of a stretch that is matched by words
LINES_MOST = 1500
BUDGET = 3_000_000  # pairs of words looked at in one text, all stretches together

Kind = Literal["same", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both, only in the earlier one (`gone`), or only in the later one (`new`)."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of two versions; `pieces` are all of its text, in order."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything differs."""
        return any(piece.kind != "same" for piece in self.pieces)


def text_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces that make the later text out of the earlier one, whole words each."""
    if before == after:
        return (Piece("same", before),) if before else ()
    lines_before, lines_after = LINE.findall(before), LINE.findall(after)
    left = BUDGET
    pieces: list[Piece] = []
    for kind, old, new in _matched(lines_before, lines_after, most=LINES_MOST):
        if kind == "same":
            pieces.append(Piece("same", old))
            continue
        words_old, words_new = WORD.findall(old), WORD.findall(new)
        cost = len(words_old) * len(words_new)
        if cost > left:
            pieces += _replaced(old, new)
            continue
        left -= cost
        for inner, gone, fresh in _matched(words_old, words_new, most=WORDS_MOST):
            pieces += [Piece("same", gone)] if inner == "same" else _replaced(gone, fresh)
    return tuple(_joined(pieces))


def versions_difference(before: dict[str, Any], after: dict[str, Any]) -> list[FieldDifference]:
    """The four fields of two texts (`title`, `lead`, `body`, `tags`), each compared."""
    return [
        FieldDifference(name, text_difference(_plain(before.get(name)), _plain(after.get(name))))
        for name in ("title", "lead", "body", "tags")
    ]


def _plain(value: str | Sequence[str] | None) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else ", ".join(value)
    return text.replace("\r\n", "\n")


def _matched(old: list[str], new: list[str], *, most: int) -> Iterator[tuple[Literal["same", "other"], str, str]]:
    """Stretches that are the same and stretches that differ; more than `most` tokens that differ are one stretch."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head:
        yield "same", "".join(old[:head]), "".join(new[:head])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(middle_old) > most or len(middle_new) > most:
        yield "other", "".join(middle_old), "".join(middle_new)
    else:
        for tag, i, j, k, m in SequenceMatcher(None, middle_old, middle_new, autojunk=True).get_opcodes():
            yield "same" if tag == "equal" else "other", "".join(middle_old[i:j]), "".join(middle_new[k:m])
    if tail:
        yield "same", "".join(old[len(old) - tail :]), "".join(new[len(new) - tail :])


def _replaced(old: str, new: str) -> list[Piece]:
    return [Piece(kind, text) for kind, text in (("gone", old), ("new", new)) if text]  # type: ignore[arg-type]


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one; what is gone stands before what is new, also across a lone space."""
    gone = new = same = ""
    for place, piece in enumerate(pieces):
        if piece.kind == "same":
            following = any(later.kind != "same" for later in pieces[place + 1 : place + 2])
            if (gone or new) and following and not piece.text.strip(" "):
                gone, new = gone + piece.text, new + piece.text
                continue
            yield from _replaced(gone, new)
            gone = new = ""
            same += piece.text
            continue
        if same:
            yield Piece("same", same)
            same = ""
        if piece.kind == "gone":
            gone += piece.text
        else:
            new += piece.text
    if same:
        yield Piece("same", same)
    yield from _replaced(gone, new)
