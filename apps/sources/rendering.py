"""Posts' text as HTML: its formatting, spoilers closed, links safe, and what has changed between two wordings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.sources.parsers.entities import LINKS
from apps.sources.ports import Entity

TAGS = {"bold": "b", "italic": "i", "underline": "u", "strike": "s", "code": "code", "pre": "code"}
CLASSES = {"quote": "pult-quote", "pre": "pult-pre", "left-out": "pult-text__left-out"}
TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
TOKENS_MAX = 4000  # longer texts are compared by lines


def text_html(text: str, entities: Iterable[Entity], *, left_out: Iterable[Sequence[int]] = ()) -> SafeString:
    """A text with its formatting; stretches of `left_out` ([start, end]) are dimmed. Nothing of the text is markup."""
    spans = [*entities, *(Entity("left-out", start, end - start) for start, end in left_out)]
    secrets = sorted((span for span in spans if span.kind == "spoiler"), key=lambda span: span.offset)
    others = [span for span in spans if span.kind != "spoiler"]
    parts: list[SafeString] = []
    place = 0
    for secret in secrets:
        if secret.offset < place:
            continue
        end = secret.offset + secret.length
        parts.append(_formatted(text, place, secret.offset, others))
        parts.append(
            format_html(
                '<label class="pult-spoiler"><input type="checkbox"><span>{}</span></label>',
                format_html("<span>{}</span>", _formatted(text, secret.offset, end, others)),
            )
        )
        place = end
    parts.append(_formatted(text, place, len(text), others))
    return _joined(parts)


def _formatted(text: str, start: int, end: int, spans: Sequence[Entity]) -> SafeString:
    here = [span for span in spans if span.offset < end and span.offset + span.length > start]
    cuts = {start, end}
    for span in here:
        cuts |= {max(span.offset, start), min(span.offset + span.length, end)}
    edges = sorted(cuts)
    pieces = []
    for begin, stop in pairwise(edges):
        piece = escape(text[begin:stop])
        for span in here:
            if span.offset <= begin and span.offset + span.length >= stop:
                piece = _wrapped(piece, span)
        pieces.append(piece)
    return _joined(pieces)


def _wrapped(piece: SafeString, span: Entity) -> SafeString:
    if span.kind == "link" and LINKS.match(span.value):
        return format_html(
            '<a class="pult-link" href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>',
            span.value,
            piece,
        )
    if tag := TAGS.get(span.kind):
        return format_html("<{}{}>{}</{}>", tag, _class(span.kind), piece, tag)
    return format_html("<span{}>{}</span>", _class(span.kind), piece) if span.kind in CLASSES else piece


def _class(kind: str) -> SafeString | str:
    return format_html(' class="{}"', CLASSES[kind]) if kind in CLASSES else ""


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of a comparison: "same", "added" or "removed"."""

    kind: str
    words: str


def changes_between(before: str, after: str) -> list[Change]:
    """How one wording became another, by words; very long ones by lines."""
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if len(old) + len(new) > TOKENS_MAX:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Change] = []
    for what, begin, end, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(Change("same", "".join(old[begin:end])))
            continue
        if begin < end:
            found.append(Change("removed", "".join(old[begin:end])))
        if start < stop:
            found.append(Change("added", "".join(new[start:stop])))
    return found


def changes_html(before: str, after: str) -> SafeString:
    """The comparison as HTML: what went is struck out, what came is underlined."""
    tags = {"same": "span", "added": "ins", "removed": "del"}
    return format_html_join(
        "", "<{0}>{1}</{0}>", ((tags[change.kind], change.words) for change in changes_between(before, after))
    )
