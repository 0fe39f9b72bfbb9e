"""Text with its formatting, kept together while the text is cleaned, cut and converted.

Offsets are counted in code points of the text, from its first character.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from apps.sources.ports import Entity

ENTITIES_MAX = 500
VALUE_MAX = 1000
LINKS = re.compile(r"(?:https?://|tg://|mailto:|tel:)", re.IGNORECASE)
LINE_ENDS, PARAGRAPH_ENDS = re.compile("\r\n|[\r\u2028]"), re.compile("\u2029")
SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
LINE_EDGES = re.compile(r" \n ?|\n ")
GAPS = re.compile(r"\n{3,}")
# Control characters and lone surrogates (a database refuses them), soft hyphens, zero-width spaces,
# marks of direction.
INVISIBLE = re.compile(
    "\u200c{2,}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]"
)


class Rich:
    """A text under change, and the stretches of it that follow every change.

    Attributes:
        text: what it is now.
    """

    __slots__ = ("_kinds", "_marks", "text")

    def __init__(self, text: str, entities: Iterable[Entity] = ()) -> None:
        self.text = text
        self._kinds: list[tuple[str, str]] = []
        self._marks: list[int] = []  # where each begins and ends, by turns
        for entity in entities:
            self.note(entity.kind, entity.offset, entity.offset + entity.length, entity.value)

    def note(self, kind: str, start: int, end: int, value: str = "") -> None:
        """Format a stretch of the text as it is now; an empty one is left out."""
        start, end = max(start, 0), min(end, len(self.text))
        if start < end and len(self._kinds) < ENTITIES_MAX and (kind != "link" or LINKS.match(value)):
            self._kinds.append((kind, value[:VALUE_MAX] if kind != "link" or len(value) <= VALUE_MAX else ""))
            self._marks += (start, end)

    def replace(self, pattern: re.Pattern[str], replacement: str) -> None:
        """Replace every occurrence by the same characters."""
        if not self._marks:
            self.text = pattern.sub(replacement, self.text)
        else:
            self.cut([found.span() for found in pattern.finditer(self.text)], replacement)

    def cut(self, spans: Sequence[tuple[int, int]], replacement: str = "") -> None:
        """Put the same characters in place of each of these stretches, which stand in order and do not overlap."""
        if not spans:
            return
        pieces: list[str] = []
        place = 0
        for start, end in spans:
            pieces += (self.text[place:start], replacement)
            place = end
        self.text = "".join([*pieces, self.text[place:]])
        width = len(replacement)
        gains = [0, *accumulate(width - (end - start) for start, end in spans)]
        starts = [start for start, _end in spans]
        self._marks = [_moved(mark, spans, starts, gains, width) for mark in self._marks]

    def tidy(self) -> None:
        """One kind of line end and space, no invisible characters, at most one empty line in a row."""
        if not self._marks:
            self.text = tidy(self.text)
            return
        self.replace(LINE_ENDS, "\n")
        self.replace(PARAGRAPH_ENDS, "\n\n")
        self.replace(INVISIBLE, "")
        self._compose()
        self.replace(SPACES, " ")
        self.replace(LINE_EDGES, "\n")
        self.replace(GAPS, "\n\n")
        whole = len(self.text)
        self.text = self.text.lstrip()
        ahead = whole - len(self.text)
        self.text = self.text.rstrip()
        self._marks = [min(max(mark - ahead, 0), len(self.text)) for mark in self._marks]

    def _compose(self) -> None:
        if not unicodedata.is_normalized("NFC", self.text):
            self._marks = [len(unicodedata.normalize("NFC", self.text[:mark])) for mark in self._marks]
            self.text = unicodedata.normalize("NFC", self.text)

    def shorten(self, longest: int) -> None:
        """Cut the text; what lies behind the cut loses its formatting."""
        if len(self.text) > longest:
            self.text = self.text[:longest].rstrip()

    def entities(self) -> tuple[Entity, ...]:
        """The formatting of the text as it is now, in its order; edges that are only space are trimmed off."""
        return tuple(sorted(set(self._trimmed()), key=lambda one: (one.offset, -one.length, one.kind, one.value)))

    def _trimmed(self) -> Iterator[Entity]:
        for (kind, value), start, end in zip(self._kinds, self._marks[::2], self._marks[1::2], strict=True):
            words = self.text[start:end]
            begin = start + len(words) - len(words.lstrip())
            length = len(words.strip())
            if length and (kind != "link" or value):
                yield Entity(kind, begin, length, value)


def tidy(text: str) -> str:
    """One kind of line end and space, no invisible characters, at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return GAPS.sub("\n\n", LINE_EDGES.sub("\n", SPACES.sub(" ", text))).strip()


def _moved(mark: int, spans: Sequence[tuple[int, int]], starts: list[int], gains: list[int], width: int) -> int:
    before = bisect_left(starts, mark)  # how many of the stretches begin before it
    if before and mark < spans[before - 1][1]:  # it lies inside one
        return spans[before - 1][0] + gains[before - 1] + min(mark - spans[before - 1][0], width)
    return mark + gains[before]


def code_points(text: str, *, offset: int, length: int) -> tuple[int, int]:
    """Offset and length in code points of a stretch that was counted in UTF-16 units, as Telegram counts.

    Past the end of the text they are cut to it; inside a pair they take the whole character.
    """
    if text.isascii() or max(text, default="") <= "\uffff":
        start = min(max(offset, 0), len(text))
        return start, max(0, min(length, len(text) - start))
    units, start, end = 0, len(text), len(text)
    for place, sign in enumerate(text):
        if units >= offset and start == len(text):
            start = place
        if units >= offset + length:
            end = place
            break
        units += 2 if sign > "\uffff" else 1
        if units > offset and start == len(text):
            start = place
    return start, max(0, end - start)


def written(entities: Iterable[Entity]) -> list[list[Any]]:
    """Entities as rows keep them: `[kind, offset, length]`, and the value where there is one."""
    return [
        [one.kind, one.offset, one.length, one.value] if one.value else [one.kind, one.offset, one.length]
        for one in entities
    ]


def read(stored: object) -> tuple[Entity, ...]:
    """Entities from what `written` made."""
    rows = stored if isinstance(stored, list) else []
    return tuple(Entity(str(kind), int(offset), int(length), *map(str, value)) for kind, offset, length, *value in rows)
