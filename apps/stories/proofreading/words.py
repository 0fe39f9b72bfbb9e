"""Words of a text: letters of two alphabets in one word, words said twice, and ё where it is certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from apps.core.morphology import analyzer
from apps.stories.proofreading.changes import Edit

WORD = re.compile(r"[^\W\d_]++")
TWICE = re.compile(r"(?<![\w/.°-])([^\W\d_]{1,30}+)([^\S\n]++)\1(?![\w/.-])", re.IGNORECASE)
LATIN, ALIKE = "aceopxyABCEHKMOPTXBy", "асеорхуАВСЕНКМОРТХВу"
TO_CYRILLIC = str.maketrans(LATIN, ALIKE)
TO_LATIN = str.maketrans("асеорхуАВСЕНКМОРТХ", "aceopxyABCEHKMOPTX")
# Words that mean nothing when said twice in a row; "что что" and "да да" may be meant.
RUSSIAN_LINKS = ("в", "во", "на", "с", "со", "и", "а", "по", "для", "из", "за", "к", "ко", "о", "об", "от", "у", "но")
ENGLISH_LINKS = ("the", "a", "an", "of", "to", "in", "and", "for", "with", "on", "at")
LINKS = frozenset((*RUSSIAN_LINKS, "при", "под", "над", "через", "между", *ENGLISH_LINKS))
COMPOSED = {"и\u0306": "й", "И\u0306": "Й", "е\u0308": "ё", "Е\u0308": "Ё"}
APART = re.compile("|".join(COMPOSED))
DOUBTFUL_ENDS = 4  # letters of a word before a full stop that may be an abbreviation


def is_cyrillic(letter: str) -> bool:
    """Whether it is a letter of the Russian alphabet."""
    return "а" <= letter <= "я" or "А" <= letter <= "Я" or letter in "ёЁ"


def composed_wanted(text: str) -> Iterator[Edit]:
    """й and ё in one character: typed on some machines as a letter and a mark above it."""
    for found in APART.finditer(text):
        yield Edit(*found.span(), COMPOSED[found.group()], "alphabet")


def mixed_wanted(text: str) -> Iterator[Edit]:
    """Words in which letters of the other alphabet stand for letters that look alike, where that is certain."""
    for found in WORD.finditer(text):
        word = found.group()
        if word.isascii() or not any(letter.isascii() for letter in word):
            continue
        if meant := unmixed(word):
            yield Edit(*found.span(), meant, "alphabet")


@lru_cache(maxsize=2_000)
def unmixed(word: str) -> str:
    """The word in one alphabet; empty where that is not certain."""
    if len(word) > 40:
        return ""
    russian, latin = word.translate(TO_CYRILLIC), word.translate(TO_LATIN)
    is_russian, is_latin = all(map(is_cyrillic, russian)), latin.isascii()
    if is_russian and is_latin:
        return russian if len(russian) > 1 and analyzer().word_is_known(russian) else ""
    if is_russian:
        own = sum(map(is_cyrillic, word))
        return russian if analyzer().word_is_known(russian) or own > len(word) / 2 else ""
    return latin if is_latin and sum(map(str.isascii, word)) > len(word) / 2 else ""


def twice_wanted(text: str) -> Iterator[Edit]:
    """A preposition or a conjunction said twice in a row, once."""
    for found in TWICE.finditer(text):
        if found.group(1).lower() in LINKS and text[found.end(2) : found.end()].islower():
            yield Edit(found.end(1), found.end(), "", "twice")


def yo_wanted(text: str) -> Iterator[Edit]:
    """ё in words that the dictionary knows with ё only; names in mid-sentence are left, people spell their own."""
    for found in WORD.finditer(text):
        word = found.group()
        lower = word.lower()
        if "е" not in lower or len(word) < 3 or len(word) > 40:
            continue
        if word != lower and not (word == word.capitalize() and begins_sentence(text, found.start())):
            continue
        if text[found.end() : found.end() + 1] == "." and len(word) <= DOUBTFUL_ENDS:
            continue
        wanted = with_yo(lower)
        if wanted != lower:
            yield Edit(*found.span(), wanted if word == lower else wanted.capitalize(), "yo")


@lru_cache(maxsize=20_000)
def with_yo(word: str) -> str:
    """The word with ё where every reading of the dictionary has it in the same place; else as it is."""
    if not analyzer().word_is_known(word):
        return word
    readings = analyzer().parse(word)
    spelled = {reading.word for reading in readings}
    if len(spelled) != 1 or any({"Name", "Surn", "Patr", "Geox"} & set(reading.tag.grammemes) for reading in readings):
        return word
    return str(spelled.pop())


def begins_sentence(text: str, at: int) -> bool:
    """Whether the word there is the first of a sentence or a line."""
    before = text[max(0, at - 8) : at].rstrip(' \u00a0"«„“(*_—–-')
    return not before or before[-1] in ".!?…\n:"
