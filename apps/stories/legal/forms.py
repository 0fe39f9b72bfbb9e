"""Forms of names: surnames by the rules of the language and by the dictionary, words of names of organisations."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.core.morphology import analyzer, folded, russian_forms

HER, HIS = re.compile(r"(?:вна|чна|шна|кызы)$"), re.compile(r"(?:вич|ьич|мич|кич|оглы)$")
FIXED = ("о", "е", "и", "у", "ю", "э", "ых", "их")
CYRILLIC = re.compile(r"[а-яё]+")


def patronymic_gender(word: str) -> str:
    """Whose patronymic the folded word is: "masc" or "femn"; empty where it is none."""
    if len(word) < 5 and word not in {"оглы", "кызы"}:
        return ""
    return "femn" if HER.search(word) else "masc" if HIS.search(word) else ""


@lru_cache(maxsize=5_000)
def first_name_gender(word: str) -> str:
    """Whose first name the folded word is by the dictionary: "masc", "femn" or "both"; empty where it is none."""
    found = {
        str(reading.tag.gender)
        for reading in analyzer().parse(word)
        if "Name" in reading.tag and "plur" not in reading.tag and analyzer().word_is_known(word)
    } & {"masc", "femn"}
    return "both" if len(found) > 1 else found.pop() if found else ""


@lru_cache(maxsize=20_000)
def surname_forms(word: str, gender: str) -> frozenset[str]:
    """Every form of a folded surname of a man ("masc"), a woman ("femn"), or of whoever it is ("")."""
    if "-" in word:
        first, _hyphen, rest = word.partition("-")
        ends = surname_forms(rest, gender)
        return frozenset(f"{one}-{other}" for one in surname_forms(first, gender) for other in ends if len(ends) < 200)
    if not CYRILLIC.fullmatch(word):
        return frozenset({word})
    genders = (gender,) if gender in {"masc", "femn"} else ("masc", "femn")
    forms = {word}
    for one in genders:
        forms |= his_forms(word) if one == "masc" else her_forms(word)
    for reading in analyzer().parse(word):
        if "Surn" in reading.tag and folded(reading.word) == word and reading.tag.gender in {*genders, "ms-f"}:
            forms |= {
                folded(form.word)
                for form in reading.lexeme
                if form.tag.gender == reading.tag.gender and "plur" not in form.tag
            }
    return frozenset(forms)


def his_forms(word: str) -> set[str]:
    """A man's surname in every case."""
    if word.endswith(("ов", "ев", "ин", "ын")):
        return with_endings(word, "а у ым е ом")
    if word.endswith(("ий", "ый", "ой")):
        return with_endings(word[:-2], "ого его ому ему ым им ом ем")
    if word.endswith(("а", "я")):
        return soft_forms(word)
    if word.endswith(("ь", "й")):
        return with_endings(word[:-1], "я ю ем е")
    if word.endswith(FIXED):
        return {word}
    forms = with_endings(word, "а у ом ем е")
    for ending, stem in (("ец", "ц"), ("ок", "к"), ("ек", "к"), ("ек", "ьк"), ("ел", "л")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            forms |= with_endings(word[: -len(ending)] + stem, "а у ом ем е")
    return forms


def her_forms(word: str) -> set[str]:
    """A woman's surname in every case; one that ends in a consonant does not change."""
    if word.endswith(("ова", "ева", "ина", "ына")):
        return {word} | with_endings(word[:-1], "ой у ою")
    if word.endswith(("ая", "яя")):
        return {word} | with_endings(word[:-2], "ой ей ую юю")
    return soft_forms(word) if word.endswith(("а", "я")) else {word}


def soft_forms(word: str) -> set[str]:
    """Words that end in а or я."""
    return {word} | with_endings(word[:-1], "ы и е у ю ой ей")


def with_endings(stem: str, endings: str) -> set[str]:
    """The stem with each ending, and bare."""
    return {stem, *(stem + ending for ending in endings.split())}


@lru_cache(maxsize=20_000)
def name_forms(word: str, gender: str) -> frozenset[str]:
    """Every form of a folded first name or patronymic."""
    known = russian_forms(word) if CYRILLIC.fullmatch(word) else frozenset({word})
    return known | (frozenset() if first_name_gender(word) or patronymic_gender(word) else surname_forms(word, gender))


@lru_cache(maxsize=20_000)
def word_forms(word: str) -> frozenset[str]:
    """Every form of a folded word of an organisation's name."""
    return russian_forms(word) if CYRILLIC.fullmatch(word) and len(word) > 2 else frozenset({word})


@lru_cache(maxsize=5_000)
def is_common_word(word: str) -> bool:
    """Whether the dictionary knows the folded word otherwise than as a name."""
    if not analyzer().word_is_known(word):
        return False
    proper = {"Name", "Surn", "Patr", "Geox", "Orgn", "Abbr"}
    return any(not proper & set(map(str, reading.tag.grammemes)) for reading in analyzer().parse(word))
