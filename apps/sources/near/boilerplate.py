"""Lines that a channel puts around its posts ("Subscribe | Send us news"): found by counting, cut when comparing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.sources.near.shingles import line_key, words_of

LINE_MAX = 300  # what is longer is content
EDGE_LINES = 2  # at the end; one at the beginning
CUT_LINES = 6
COUNTED_MAX = 200  # lines counted at a time, a voice
POSTS_MAX = 1000  # then all counts are halved, so that last year's signature fades
LEARN_POSTS = 6
LEARN_SHARE = 0.03

LAST_SENTENCE = re.compile(r"(?<=[.!?…])[ \t]+(?=[^.!?…]*[^\s.!?…][.!?…]*\s*$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of a text: a line, or the last sentence of one."""

    start: int
    end: int
    key: int
    text: str


def _lines(text: str) -> list[tuple[int, int]]:
    """Where the lines with anything in them stand."""
    found = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _line(text: str, start: int, end: int) -> Line | None:
    said = text[start:end].strip()
    return Line(start, end, line_key(said), said) if 0 < len(said) <= LINE_MAX else None


def _last_sentence(text: str, start: int, end: int) -> Line | None:
    for found in LAST_SENTENCE.finditer(text, start, end):
        return _line(text, found.end(), end)
    return None


def edges(text: str) -> list[Line]:
    """The lines worth counting: the first, the last two, the last sentence; nothing of a text of one sentence."""
    places = _lines(text)
    if not places:
        return []
    last = _last_sentence(text, *places[-1])
    whole = [_line(text, *place) for place in ([places[0], *places[1:][-EDGE_LINES:]] if len(places) > 1 else ())]
    found = {line.key: line for line in (*whole, last) if line is not None}
    return list(found.values())


def cut(text: str, learnt: Collection[int]) -> list[list[int]]:
    """The [start, end] pairs of learnt lines at both ends of a text; nothing where nothing would be left."""
    if not learnt:
        return []
    places = _lines(text)
    spans: list[list[int]] = []
    while places and len(spans) < CUT_LINES and _is_learnt(_line(text, *places[-1]), learnt):
        spans.append([*places.pop()])
    sentence = _last_sentence(text, *places[-1]) if places else None
    if sentence is not None and _is_learnt(sentence, learnt):
        spans.append([sentence.start, sentence.end])
        places.pop()
    for place in places[:CUT_LINES]:
        if not _is_learnt(_line(text, *place), learnt):
            break
        spans.append([*place])
    spans.sort()
    return spans if spans and words_of(without(text, spans)) else []


def _is_learnt(line: Line | None, learnt: Collection[int]) -> bool:
    return line is not None and line.key in learnt


def without(text: str, spans: Collection[Collection[int]]) -> str:
    """A text without these stretches."""
    if not spans:
        return text
    kept, place = [], 0
    for start, end in spans:
        kept.append(text[place:start])
        place = end
    return "".join([*kept, text[place:]]).strip()


def counted(known: Mapping[int, int], posts: int, seen: Counter[int], added: int) -> tuple[dict[int, int], int]:
    """The counts with what was seen since, and of how many posts; bounded, and never counting a line too often.

    Misra and Gries' summary, merged as Agarwal et al. (PODS 2012) do: a line in more than one of `COUNTED_MAX` lines
    stays, what is rarer may be forgotten.
    """
    merged = Counter(known)
    merged.update(seen)
    posts += added
    while posts > POSTS_MAX:
        posts //= 2
        merged = Counter({key: count // 2 for key, count in merged.items() if count > 1})
    if len(merged) > COUNTED_MAX:
        least = merged.most_common(COUNTED_MAX + 1)[-1][1]
        merged = Counter({key: count - least for key, count in merged.items() if count > least})
    return dict(merged), posts


def is_boilerplate(count: int, posts: int) -> bool:
    """Whether a line seen in so many of so many posts is the channel's own."""
    return count >= LEARN_POSTS and count >= LEARN_SHARE * posts
