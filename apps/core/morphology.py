"""Russian words and their forms: one copy of the dictionaries a process; the first word costs 0.1 s and 30 MB."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pymorphy3

PLAUSIBLE = 0.1  # a reading less likely than this share of the best one is left out
STRESS, SOFT_HYPHEN = "\u0301", "\u00ad"


@lru_cache(maxsize=1)
def analyzer() -> pymorphy3.MorphAnalyzer:
    """The dictionaries, loaded at the first word: a process that meets none never pays for them."""
    import pymorphy3

    return pymorphy3.MorphAnalyzer(lang="ru")


def folded(text: str) -> str:
    """Text for comparing words: case, the dots of ё, stress marks and soft hyphens do not count."""
    if not text.isascii():
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        text = text.replace(STRESS, "").replace(SOFT_HYPHEN, "")
    return text.casefold().replace("ё", "е")


@lru_cache(maxsize=20_000)
def russian_forms(word: str) -> frozenset[str]:
    """Every form of a folded Russian word, folded; itself among them.

    A word that is a dictionary form is read only as that ("выборы" is not "выбор"); of several readings the unlikely
    ones are left out, so that "стать" does not catch "статей". Words that the dictionary lacks are declined by their
    likeness to known ones.
    """
    readings = analyzer().parse(word)
    own = [one for one in readings if folded(one.normal_form) == word] or readings
    least = PLAUSIBLE * max(one.score for one in own)
    return frozenset({word} | {folded(form.word) for one in own if one.score >= least for form in one.lexeme})
