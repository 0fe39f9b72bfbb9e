"""What the fact check is given and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["number", "date", "time", "name", "quote", "link"]
Why = Literal["not_there", "rounded", "other_noun", "other_words"]
Field = Literal["title", "lead", "body"]
FIELDS: tuple[Field, ...] = ("title", "lead", "body")


class CheckTooLongError(Exception):
    """The texts could not be checked in the time given."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to check, as its three fields."""

    title: str = ""
    lead: str = ""
    body: str = ""

    @property
    def fields(self) -> Mapping[Field, str]:
        """The texts by field, in reading order."""
        return {"title": self.title, "lead": self.lead, "body": self.body}

    def __len__(self) -> int:
        return len(self.title) + len(self.lead) + len(self.body)


@dataclass(frozen=True, slots=True)
class Source:
    """A text that the draft may rest on.

    Attributes:
        published_at: what "yesterday" counts from, in the zone that its readers live in.
        also: what is known beside the text: its voice, author, addresses of its links.
    """

    text: str
    title: str = ""
    published_at: datetime | None = None
    also: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Title and text, the title once."""
        if not self.title or self.text.startswith(self.title):
            return self.text
        return f"{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of the draft that no source bears out.

    Attributes:
        start: first character of the place in its field.
        end: the character after its last.
        why: `not_there`, or for a number `rounded` (a source has one close by) and `other_noun` (the sources have
            the number, of something else), or for a quote `other_words` (a source has nearly the same).
        nearest: the sentence of the sources that is nearest to the draft's; empty where none is near.
        source: the number of its source, from 0; None where none is near.
    """

    kind: Kind
    field: Field
    start: int
    end: int
    text: str
    why: Why = "not_there"
    nearest: str = ""
    source: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a check.

    Attributes:
        findings: in reading order.
        checked: how many names, numbers, dates, times, quotes and links were looked at.
    """

    findings: tuple[Finding, ...]
    checked: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text."""

    start: int
    end: int
