"""Cuts a text that is too long for one message at ends of paragraphs, sentences or words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from apps.publishing import markup
from apps.publishing.markup import Run
from apps.publishing.telegram_text import utf16_units

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LINE = re.compile(r"\n\s*")
# The end of a sentence: its sign with whatever closes behind it, but no initial ("A. Smith") and no number ("3. May").
_SENTENCE = re.compile(r"(?<!\b\w)(?<!\d)[.!?…]+[\"'»”’)\]]*\s+")
_SPACE = re.compile(r"\s+")
# A paragraph's end is worth a part that is only this full.
FULL_ENOUGH = 0.4
JOINERS = frozenset("\u200d\ufe0f\ufe0e")
BETWEEN = "\n\n"


def split(html: str, *, limit: int, tail: str = "") -> list[str]:
    """Parts of at most `limit` UTF-16 units, tags closed and opened anew in each; `tail` ends the last one whole.

    A tail that fills a message by itself is cut like the rest.
    """
    ending = _stripped(list(markup.read(tail).runs))
    room = limit - _units(ending) - len(BETWEEN) if ending else limit
    if room <= 0:
        return split(BETWEEN.join(filter(None, (html, tail))), limit=limit)
    rest, parts = _stripped(list(markup.read(html).runs)), []
    while rest and _units(rest) > room:
        fits = _units(rest) <= limit
        if fits and not _soft_place(_words(rest), _window(_words(rest), room)):
            # It leaves no room for the tail, and can't be shortened without tearing a word: the tail stands alone.
            parts.append(rest)
            rest = []
        else:
            part, rest = _parted(rest, room if fits else limit)
            parts.append(part)
    last = [*rest, *([Run(BETWEEN)] if rest and ending else []), *ending]
    return [markup.write(part) for part in [*parts, last] if part]


def begun(html: str, *, limit: int) -> tuple[str, str]:
    """The first part of at most so many UTF-16 units, and the rest."""
    runs = _stripped(list(markup.read(html).runs))
    first, rest = (runs, list[Run]()) if _units(runs) <= limit else _parted(runs, limit)
    return markup.write(first), markup.write(rest)


def _parted(runs: list[Run], limit: int) -> tuple[list[Run], list[Run]]:
    """The longest beginning that fits and ends well, and the rest; white space between them is dropped."""
    text = _words(runs)
    window = _window(text, limit)
    at = _place(text, window)
    return _stripped(markup.cut(runs, 0, at)), _stripped(markup.cut(runs, at, len(text)))


def _window(text: str, limit: int) -> int:
    """How many characters fit into so many UTF-16 units; at least one, or nothing would ever end."""
    units = 0
    for number, sign in enumerate(text):
        units += 2 if ord(sign) > 0xFFFF else 1
        if units > limit:
            return max(number, 1)
    return len(text)


def _place(text: str, window: int) -> int:
    """Where to cut: at a soft place, or where it must be, but not inside of what is drawn as one sign."""
    if soft := _soft_place(text, window):
        return soft
    at = window
    while at > 1 and (unicodedata.combining(text[at]) or text[at] in JOINERS or text[at - 1] in JOINERS):
        at -= 1
    return at if at > 1 else window


def _soft_place(text: str, window: int) -> int:
    """Behind the last paragraph, sentence, line or word of the window; 0 where it is all one word."""
    # One sign more is looked at: a space that follows the window ends it well.
    for pattern, least in ((_PARAGRAPH, FULL_ENOUGH), (_SENTENCE, 0.0), (_LINE, 0.0), (_SPACE, 0.0)):
        ends = [found.start() + len(found[0].rstrip()) for found in pattern.finditer(text, 0, window + 1)]
        fit = [end for end in ends if window * least < end <= window]
        if fit:
            return fit[-1]
    return 0


def _stripped(runs: list[Run]) -> list[Run]:
    text = _words(runs)
    start = len(text) - len(text.lstrip())
    return markup.cut(runs, start, max(start, len(text.rstrip())))


def _words(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


def _units(runs: Sequence[Run]) -> int:
    return utf16_units(_words(runs))
