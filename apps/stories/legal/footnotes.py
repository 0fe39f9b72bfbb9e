"""Puts legal marks into a text: an asterisk after the first mention, footnotes at the end, each once. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from apps.core.morphology import folded
from apps.stories.legal.entries import Entry
from apps.stories.legal.matching import CLOSING, Mark, marks

FIELDS = ("title", "lead", "body")
NOTE = re.compile(r"^(\*{1,3}\d{0,3})[^\S\n]*(?=[^\s*])(.*)$", re.MULTILINE)
SIGN = re.compile(r"\*{1,3}\d{0,3}")
NUMBERED = re.compile(r"(?<=[\w.»”\"])(?<!\d)\*\d{1,3}(?!\w)")
PAID_LINE = re.compile(r"^Реклама\. .*\berid: ?\S+.*$", re.MULTILINE)
UNLIKE = re.compile(r"[\s\u00a0\u202f]+|[«»\"“”„‟‘’'`*.]|[-–—−]")


@dataclass(frozen=True)
class DraftText:
    """A text in its parts, as they are read."""

    title: str
    lead: str
    body: str


@dataclass(frozen=True)
class Mention:
    """An entry that a text mentions.

    Attributes:
        mark: its first mention; `field` is the part of the text where that is.
        count: how many mentions there are.
        has_sign: an asterisk stands behind one of them.
        has_note: the footnote stands under the text.
    """

    entry: Entry
    mark: Mark
    field: str
    count: int
    has_sign: bool
    has_note: bool

    @property
    def is_marked(self) -> bool:
        """Whether nothing is missing."""
        return self.has_sign and self.has_note


def mentions(text: DraftText, entries: Iterable[Entry], on: date) -> list[Mention]:
    """Who is mentioned on a day, in the order of the text; for each entry its first mention, a certain one if any."""
    known = tuple(entries)
    notes = {plain(note) for _sign, note in notes_of(text.body)}
    found: dict[int, Mention] = {}
    for field in FIELDS:
        value = without_notes(getattr(text, field), known)
        for one in marks(value, known, on):
            signed = SIGN.match(value, behind(value, one)) is not None
            earlier = found.get(one.entry.pk)
            if earlier is None or (one.is_certain and not earlier.mark.is_certain):
                has_note = plain(one.footnote) in notes
                sign = signed or (earlier.has_sign if earlier else False)
                count = 1 + (earlier.count if earlier else 0)
                found[one.entry.pk] = Mention(one.entry, one, field, count, sign, has_note)
            else:
                found[one.entry.pk] = replace(earlier, count=earlier.count + 1, has_sign=earlier.has_sign or signed)
    return sorted(found.values(), key=lambda one: (FIELDS.index(one.field), one.mark.start))


def missing(text: DraftText, entries: Iterable[Entry], on: date) -> list[Mention]:
    """Certain mentions that are not marked."""
    return [one for one in mentions(text, entries, on) if one.mark.is_certain and not one.is_marked]


def marked(text: DraftText, entries: Iterable[Entry], on: date, *, only: Collection[int] | None = None) -> DraftText:
    """The text with the marks that it lacks; what is marked already is left.

    Args:
        only: keys of entries to mark, doubts among them; all certain ones where it is None.
    """
    found = mentions(text, entries, on)
    chosen = [one for one in found if (one.mark.is_certain if only is None else one.entry.pk in only)]
    signs = {plain(note): sign for sign, note in notes_of(text.body)}
    parts = {field: getattr(text, field) for field in FIELDS}
    added: list[str] = []
    inserts: list[tuple[str, int, str]] = []
    for one in chosen:
        if one.is_marked:
            continue
        key = plain(one.mark.footnote)
        if key not in signs:
            signs[key] = next_sign(signs.values())
            added.append(f"{signs[key]} {one.mark.footnote}")
        if not one.has_sign:
            inserts.append((one.field, behind(parts[one.field], one.mark), signs[key]))
    for field, at, sign in sorted(inserts, key=lambda insert: insert[1], reverse=True):
        parts[field] = parts[field][:at] + sign + parts[field][at:]
    return DraftText(parts["title"], parts["lead"], with_notes(parts["body"], added))


def with_notes(body: str, added: Sequence[str]) -> str:
    """The body with footnotes under it, after those that are there."""
    if not added:
        return body
    bare = body.rstrip()
    last = bare.rpartition("\n")[2]
    joint = "" if not bare else "\n" if NOTE.match(last) else "\n\n"
    return bare + joint + "\n".join(added)


def notes_of(body: str) -> list[tuple[str, str]]:
    """Footnotes of a body: their signs and texts."""
    return [(found.group(1), found.group(2)) for found in NOTE.finditer(body)]


def has_notes(text: str) -> bool:
    """Whether a line of the text looks like a footnote."""
    return NOTE.search(text) is not None


def without_notes(text: str, entries: Iterable[Entry]) -> str:
    """The text with the footnotes of these entries blanked out, as long as before: names in them are no mentions.

    Other lines that begin with an asterisk stay: they may be a list.
    """
    if not has_notes(text):
        return text
    known = {plain(entry.note) for entry in entries}
    return NOTE.sub(lambda found: blank(found) if plain(found.group(2)) in known else found.group(), text)


def without_marks(text: str, entries: Iterable[Entry]) -> str:
    """The text with all that marking put into it blanked out, as long as before: it is not the story's own words."""
    return PAID_LINE.sub(blank, NUMBERED.sub(blank, without_notes(text, entries)))


def blank(found: re.Match[str]) -> str:
    """Spaces in the place of what was found."""
    return " " * len(found.group())


def behind(text: str, mark: Mark) -> int:
    """Where the asterisk of a mention belongs: behind a quotation mark that closes there."""
    at = mark.end
    while at < len(text) and text[at] in CLOSING:
        at += 1
    return at


def next_sign(taken: Iterable[str]) -> str:
    """The next free sign: *, **, ***, *4, *5…"""
    number = len(set(taken)) + 1
    while (sign := "*" * number if number <= 3 else f"*{number}") in set(taken):
        number += 1
    return sign


def plain(text: str) -> str:
    """A footnote for comparing: spaces, quotation marks and dashes may have been set otherwise."""
    return UNLIKE.sub("", folded(text))
