"""Names across alphabets: a skeleton of consonants that Musk and Маск, Moscow and Москва share."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
LATIN = "a b v g d e e j z i y k l m n o p r s t u f h ts ch sh sh - i - e u a"
LETTERS = {letter: latin.strip("-") for letter, latin in zip(CYRILLIC, LATIN.split(), strict=True)}
ALIKE = (
    (re.compile("ght"), "t"),
    (re.compile("sch|sh|zh|ch|tsh|dzh|j|ts|tz|cz"), "s"),
    (re.compile("ph"), "f"),
    (re.compile("th"), "t"),
    (re.compile("ck|qu|q"), "k"),
    (re.compile("kh"), "h"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("c"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("w"), "v"),
    (re.compile("z"), "s"),
    (re.compile("[aeiouyh]"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


LIKE = 0.5, 0.7  # of the letters, for names of many consonants and of few
FEW = 2
ENDINGS = "mvgn"  # Маском, Маскам, Маского: what a Russian ending adds to a skeleton


def latin(word: str) -> str:
    """A folded word in Latin letters."""
    return "".join(LETTERS.get(letter, letter) for letter in word)


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> str:
    """The consonants of a folded word in Latin letters, alike sounds as one; doubled ones once."""
    made = latin(word)
    for pattern, letter in ALIKE:
        made = pattern.sub(letter, made)
    return made


def skeletons(word: str) -> list[str]:
    """What a name of the other alphabet may sound like, with and without a Russian ending."""
    own = skeleton(word)
    if not own:
        return []
    shorter = [own[:-1]] if own[-1] in ENDINGS and len(own) > 1 else []
    return [own, *(own + ending for ending in ENDINGS), *shorter]


def sounds_alike(one: str, other: str) -> bool:
    """Whether two folded words of different alphabets and one skeleton have enough letters in common."""
    least = LIKE[len(skeleton(one)) <= FEW]
    return SequenceMatcher(None, latin(one), latin(other), autojunk=False).ratio() >= least
