"""Words and sentences of a text with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.ai.extract.sentences import LEADING
from apps.ai.extract.words import STOP, stem
from apps.core.morphology import folded
from apps.stories.factcheck.findings import Span

WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
TOKEN = re.compile(r"[^\W_]+")
SENTENCE_END = re.compile(r"[.!?…]+[»”\"’)\]]*\s+|\n+")
OPENING = " \t\u00a0«“„\"'(\\[—–-•·*‘"
SENTENCE_MARKS = ".!?…:;\n|/"
LONGEST = 1_500  # a stretch without a full stop is cut here


def sentence_spans(text: str) -> list[Span]:
    """Where the sentences of a text stand; no full stop after an initial or a short form ends one."""
    spans, begin = [], 0
    for match in SENTENCE_END.finditer(text):
        if match[0][0] == "." and "\n" not in match[0] and _is_short(text, match.start()):
            continue
        if match.end() - begin > 1:
            spans.append(Span(begin, match.end()))
        begin = match.end()
    if begin < len(text):
        spans.append(Span(begin, len(text)))
    return [Span(at, min(at + LONGEST, span.end)) for span in spans for at in range(span.start, span.end, LONGEST)]


def _is_short(text: str, dot: int) -> bool:
    """Whether the full stop at this place ends an initial or a short form like "г."."""
    begin = dot
    while begin > 0 and dot - begin < 6 and text[begin - 1].isalpha():
        begin -= 1
    word = text[begin:dot]
    return bool(word) and ((len(word) == 1 and word.isupper()) or word.lower() in LEADING)


def begins_sentence(text: str, place: int) -> bool:
    """Whether a word here may be capitalised for standing first: in a sentence, a line, a quotation, after a sign."""
    at = place
    while at > 0 and text[at - 1] in OPENING:
        if text[at - 1] in "«“„\"'‘" or (text[at - 1] in "—–" and at < place):
            return True
        at -= 1
    if at == 0:
        return True
    before = text[at - 1]
    if before == ".":
        return not _is_short(text, at - 1)
    return before in SENTENCE_MARKS or not (before.isalnum() or before in ",)»”%№°$€₽&+’")


def content_stems(text: str) -> frozenset[str]:
    """The stems of a text's own words, for telling what it is about; numbers left out."""
    return frozenset(
        stem(word) for word in (folded(match[0]) for match in TOKEN.finditer(text))
        if len(word) > 2 and word not in STOP and not word[0].isdigit()
    )  # fmt: skip


def plain(text: str) -> str:
    """A text as its folded words alone, with a space around each: for looking up what was said word for word."""
    return f" {' '.join(TOKEN.findall(folded(text)))} "


def words(text: str) -> Iterator[re.Match[str]]:
    """The words of a text, those with hyphens and apostrophes whole."""
    return WORD.finditer(text)
