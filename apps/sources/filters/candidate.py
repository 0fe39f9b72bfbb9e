"""What filters look at, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from apps.sources.models import FilterRule

Kind, Effect = FilterRule.Kind, FilterRule.Effect


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post as filters see it, stored or not.

    Attributes:
        kind: one of `Post.Kind`; `media` are the kinds of what it carries, where more is known.
        links: addresses behind its words, which the text does not show.
    """

    title: str = ""
    text: str = ""
    language: str = ""
    author: str = ""
    kind: str = "text"
    media: tuple[str, ...] = ()
    forwarded_from: str = ""
    forwarded_url: str = ""
    links: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The title and the text, apart from each other."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule apart from its row.

    Attributes:
        value: as `kinds.value_checked` tidied it.
        key: the id of its row; None while it is not saved.
    """

    kind: str
    effect: str
    value: str = ""
    key: int | None = None


Rules = tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found.

    Attributes:
        detail: the word, marker or figure, for a person.
        spans: [start, end) pairs of `Candidate.words`; none where it looked elsewhere.
    """

    detail: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules decided.

    Attributes:
        dropped_by: the reason as `Post.dropped_by` stores it; empty keeps the post.
        number: the place in the rules of the one that decided; None where none did.
        rule: that rule's key.
        slow: keys of the rules that took too long and so decided nothing.
    """

    dropped_by: str = ""
    number: int | None = None
    rule: int | None = None
    slow: tuple[int | None, ...] = ()
