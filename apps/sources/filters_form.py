"""Rules as an editor typed them: read from the form, and given back with what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.sources.filters import Effect, Kind
from apps.sources.filters.stored import media_choices
from apps.sources.models import FilterRule
from apps.sources.services.filters import Draft, draft_checked

FIELDS = ("key", "kind", "effect", "value", "active")
LANGUAGES_OFFERED = ("ru", "en", "uk", "be", "kk")


@dataclass(frozen=True, slots=True)
class TypedRule:
    """One line of the form.

    Attributes:
        problem: why it can't be understood; empty where it can.
    """

    kind: str = Kind.WORDS
    effect: str = Effect.DROP
    value: str = ""
    is_active: bool = True
    key: int | None = None
    problem: str = ""

    @classmethod
    def of(cls, rule: FilterRule) -> TypedRule:
        """A saved rule."""
        return cls(rule.kind, rule.effect, rule.value, rule.is_active, rule.pk)

    @property
    def draft(self) -> Draft:
        """The rule for the service."""
        return Draft(self.kind, self.effect, self.value, self.is_active, self.key)

    @property
    def lines(self) -> int:
        """How high its field is at first."""
        return min(8, 1 + self.value.count("\n") + len(self.value) // 60)


def rules_typed(data: QueryDict) -> list[TypedRule]:
    """The lines of the form in their order; those that were left empty are no rules."""
    columns = [data.getlist(name) for name in FIELDS]
    return [_typed(*line) for line in zip(*columns, strict=False) if not _is_empty(line)]


def _is_empty(line: tuple[str, ...]) -> bool:
    key, kind, _effect, value, _active = line
    return not key and not value.strip() and kind in {Kind.WORDS, Kind.PATTERN}


def _typed(key: str, kind: str, effect: str, value: str, active: str) -> TypedRule:
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else None
    draft = Draft(kind, effect, value, active == "1", number)
    try:
        checked = draft_checked(draft)
    except ValueError as exc:
        return TypedRule(kind, effect, value, draft.is_active, number, str(exc))
    return TypedRule(checked.kind, checked.effect, checked.value, checked.is_active, number)


def screen_words() -> dict[str, Any]:
    """The choices and the hints of the form."""
    return {
        "kinds": list(Kind.choices),
        "effects": list(Effect.choices),
        "hints": hints(),
        "media": list(media_choices().items()),
        "languages": LANGUAGES_OFFERED,
    }


def hints() -> dict[str, str]:
    """How to write the value of each kind."""
    return {
        "words": _(
            "Words or phrases, by commas or lines: every form of each word is found. In “quotes”: exactly as written."
        ),
        "pattern": _("For those who know regular expressions; case does not count."),
        "language": _("Tap, or write codes by commas: ru, en."),
        "length": _("< 100, > 3000 or 100-3000 characters of title and text."),
        "media": _("Tap what the post carries."),
        "author": _("Names by commas. Empty: any author."),
        "forwarded": _("Channels by commas: names or @addresses. Empty: forwarded from anywhere."),
        "advert": _(
            "Finds the marks of advertising by itself: erid, “на правах рекламы”, #реклама, “Реклама. ООО …, ИНН …”."
        ),
    }
