"""Whether two words are forms of one, by their endings; whether a word is a name, by the dictionary."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.ai.extract.sentences import word_set
from apps.core.morphology import analyzer

# Endings of Russian nouns and adjectives. "ов" and "ев" are left out: they end surnames more often than plurals.
ENDINGS = word_set(
    """
    ами ями ого его ому ему ыми ими ией ием иям иях ой ей ою ею ом ем ам ям ах ях ия ию ии ие ье ья ью ый ий ая яя ое ее
    ые ым им ых их ую юю а я у ю е о ы и й ь
    """
)
ENGLISH_ENDINGS = ("'s", "’s", "ian", "ese", "ish", "an", "es", "s", "n", "i")
ADJECTIVE = re.compile(r"(.{2,})ск(?:ий|ого|ому|им|ом|ая|ой|ую|ое|ие|их|ими|и)$")
NAMES = frozenset({"Surn", "Name", "Patr", "Geox", "Orgn", "Trad", "Abbr"})
NAME_LIKELY, COMMON_LIKELY = 0.3, 0.05
STEM_LEAST = 3


@lru_cache(maxsize=50_000)
def stems(word: str) -> frozenset[str]:
    """What may be left of a folded word without its ending, itself included."""
    endings = ENGLISH_ENDINGS if word.isascii() else ENDINGS
    least = min(STEM_LEAST, max(len(word) - 1, 2))
    return frozenset(
        {word, *(word[: -len(end)] for end in endings if word.endswith(end) and len(word) - len(end) >= least)}
    )


@lru_cache(maxsize=20_000)
def is_name(word: str) -> bool:
    """Whether a Russian word is by itself a name of somebody or something, whatever its case."""
    likely: float = sum(one.score for one in analyzer().parse(word) if NAMES & one.tag.grammemes)
    return likely >= NAME_LIKELY


@lru_cache(maxsize=20_000)
def begins_as_common(word: str) -> bool:
    """Whether a Russian word may begin a sentence as no name: Надежда, Мороз; not Воробьёв, which is a plural else."""
    return any(
        one.is_known and not NAMES & one.tag.grammemes and (one.tag.POS != "NOUN" or "nomn" in one.tag)
        and one.score >= COMMON_LIKELY
        for one in analyzer().parse(word)
    )  # fmt: skip


def one_word(one: str, other: str) -> bool:
    """Whether two folded words are forms of one word, or a place and its adjective."""
    if one == other or not stems(one).isdisjoint(stems(other)):
        return True
    if one.isascii() or other.isascii():
        return False
    return of_place(one, other) or of_place(other, one)


def of_place(adjective: str, name: str) -> bool:
    """Whether an adjective in -ский is made of a name: московский of Москва, французский of Франция."""
    match = ADJECTIVE.fullmatch(adjective)
    if match is None:
        return False
    root = match[1].rstrip("ь")
    shared = min((len(stem) for stem in stems(name)), default=0)
    shared = max(shared - 1, STEM_LEAST)
    return len(root) >= STEM_LEAST and root[:shared] == name[:shared] and len(root) - shared <= 3
