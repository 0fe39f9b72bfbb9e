"""Changes of a text: how they are put together, shown against what was typed, and applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """A replacement that a rule wants in the text before it; offsets in characters."""

    start: int
    end: int
    becomes: str
    rule: str


@dataclass(frozen=True)
class Change:
    """One thing to change in the text as it was typed.

    Attributes:
        start, end: where, in characters of the typed text.
        rule: the name of the rule; `why` says it in words.
        certain: False for a doubt, which nobody but an editor may apply.
        suggestions: for a doubt, what may have been meant, the likeliest first; `becomes` is the first of them.
    """

    start: int
    end: int
    was: str
    becomes: str
    rule: str
    why: str
    certain: bool = True
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A stretch of the typed text and what has become of it so far."""

    start: int
    end: int
    becomes: str
    rules: tuple[str, ...]

    @property
    def growth(self) -> int:
        """How much longer the text has become by it."""
        return len(self.becomes) - (self.end - self.start)


class Draft:
    """A text under work: as it was typed, as it is now, and what lies between."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        self.text = typed
        self.pieces: list[Piece] = []

    def edit(self, edits: Iterable[Edit]) -> bool:
        """Apply edits of the present text, the earlier first; one that overlaps another is left out.

        Returns:
            Whether anything changed.
        """
        wanted = [one for one in in_order(edits) if self.text[one.start : one.end] != one.becomes]
        if not wanted:
            return False
        self.pieces = compose(self.pieces, wanted, self.text)
        self.text = replaced(self.text, [(one.start, one.end, one.becomes) for one in wanted])
        return True

    def shortened(self) -> list[Piece]:
        """The pieces without what is the same before and after; those that came to nothing are left out."""
        return [short for piece in self.pieces if (short := trimmed(piece, self.typed)) is not None]


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Edits by place; of two that meet, the one that begins first."""
    kept: list[Edit] = []
    for one in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not kept or one.start > kept[-1].end or (one.start == kept[-1].end and one.start < one.end):
            kept.append(one)
    return kept


def compose(pieces: Sequence[Piece], edits: Sequence[Edit], text: str) -> list[Piece]:
    """What was done before, and edits of what came of it, as one list against the typed text."""
    shift = 0
    spans: list[tuple[int, int, Piece | Edit]] = []
    for piece in pieces:
        spans.append((piece.start + shift, piece.start + shift + len(piece.becomes), piece))
        shift += piece.growth
    spans.extend((edit.start, edit.end, edit) for edit in edits)
    spans.sort(key=lambda span: (span[0], span[1]))
    made: list[Piece] = []
    shift = 0
    for begin, end, members in groups(spans):
        inside = [one for one in members if isinstance(one, Piece)]
        growth = sum(piece.growth for piece in inside)
        wanted = [(one.start - begin, one.end - begin, one.becomes) for one in members if isinstance(one, Edit)]
        rules = tuple(dict.fromkeys(rule for one in members for rule in rules_of(one)))
        made.append(
            Piece(begin - shift, end - shift - growth, replaced(text[begin:end], wanted), rules)
            if wanted or len(inside) > 1
            else inside[0]
        )
        shift += growth
    return made


def groups(spans: Sequence[tuple[int, int, Piece | Edit]]) -> list[tuple[int, int, list[Piece | Edit]]]:
    """Spans that overlap, or of which an empty one touches another, put together."""
    found: list[tuple[int, int, list[Piece | Edit]]] = []
    for start, end, one in spans:
        if found:
            begin, until, members = found[-1]
            touches = start == until and (start == end or begin == until)
            if start < until or touches:
                members.append(one)
                found[-1] = (begin, max(until, end), members)
                continue
        found.append((start, end, [one]))
    return found


def rules_of(one: Piece | Edit) -> tuple[str, ...]:
    """The names of the rules behind it."""
    return one.rules if isinstance(one, Piece) else (one.rule,)


def replaced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """The text with stretches exchanged; they are in order and do not overlap."""
    parts: list[str] = []
    at = 0
    for start, end, becomes in changes:
        parts += [text[at:start], becomes]
        at = end
    return "".join([*parts, text[at:]])


def trimmed(piece: Piece, typed: str) -> Piece | None:
    """The piece without a beginning and an end that did not change; None where nothing did."""
    was, becomes = typed[piece.start : piece.end], piece.becomes
    if was == becomes:
        return None
    least = min(len(was), len(becomes))
    head = next((at for at in range(least) if was[at] != becomes[at]), least)
    least -= head
    tail = next((at for at in range(least) if was[-1 - at] != becomes[-1 - at]), least)
    return Piece(piece.start + head, piece.end - tail, becomes[head : len(becomes) - tail], piece.rules)


def apply(text: str, changes: Iterable[Change]) -> str:
    """The text with these changes made.

    Raises:
        ValueError: they were found in another text, or two of them overlap.
    """
    at = 0
    wanted = []
    for one in sorted(changes, key=lambda change: (change.start, change.end)):
        if one.start < at or text[one.start : one.end] != one.was:
            raise ValueError(f"the text has no {one.was!r} at {one.start}")
        wanted.append((one.start, one.end, one.becomes))
        at = one.end
    return replaced(text, wanted)
