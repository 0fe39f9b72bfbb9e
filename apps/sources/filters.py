"""The filters of a source: which posts are dropped, and by which rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from apps.sources.models import Source

EXCLUDED, NOT_INCLUDED, TOO_SHORT = "excluded", "not_included", "too_short"
DROPPED_BY_MAX = 120


@dataclass(frozen=True, slots=True)
class Rules:
    """A source's filters, apart from its row."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_length: int = 0


def rules_of(source: Source) -> Rules:
    """The filters that a source has now."""
    return Rules(_lines(source.include_words), _lines(source.exclude_words), source.min_length)


def dropped_by(rules: Rules, *, title: str, text: str) -> str:
    """The rule that drops a post with this title and text, as stored; an empty string keeps it."""
    if len(text) + len(title) < rules.min_length:
        return f"{TOO_SHORT}:{rules.min_length}"
    if rules.exclude or rules.include:
        words = folded(f"{title}\n{text}")
        if rules.exclude and (found := _pattern(rules.exclude).search(words)):
            return f"{EXCLUDED}:{' '.join(found.group().split())}"[:DROPPED_BY_MAX]
        if rules.include and not _pattern(rules.include).search(words):
            return NOT_INCLUDED
    return ""


def rule_words(stored: str) -> str:
    """What `dropped_by` stored, for a person."""
    rule, _colon, detail = stored.partition(":")
    if rule == TOO_SHORT:
        return _("Shorter than %(length)s characters") % {"length": detail}
    if rule == EXCLUDED:
        return _("Has the excluded word “%(word)s”") % {"word": detail}
    return _("Has none of the wanted words") if rule == NOT_INCLUDED else stored


def folded(text: str) -> str:
    """Text for comparing words: case and the dots of ё do not count."""
    return text.casefold().replace("ё", "е")


def _lines(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for line in words.splitlines() if (word := " ".join(folded(line).split()))))


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(r"\s+".join(re.escape(part) for part in word.split(" ")) for word in words)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")
