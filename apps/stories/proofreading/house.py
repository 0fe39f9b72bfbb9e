"""A workspace's house rules, as proofreading reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from apps.core.morphology import analyzer, folded, russian_forms
from apps.stories.proofreading.changes import Edit
from apps.stories.proofreading.words import WORD, begins_sentence, is_cyrillic

LINKS_MAX = 5  # rules that lead from one to the next
ALIKE_END = 2  # letters that two words must share at their ends, for one to be declined as the other


@dataclass(frozen=True)
class House:
    """What a workspace wants beyond what is always right.

    Attributes:
        words: as it is written → as it should be; the same on both sides means that it is right as it stands.
        yo: "leave", or "certain" to put ё wherever it is certain.
        thousands: "leave", "space" or "thin".
        spelling: whether unknown words are doubted.
        known: folded words that are not doubted, such as those of the story's sources.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    yo: str = "leave"
    thousands: str = "leave"
    spelling: bool = True
    known: frozenset[str] = frozenset()


class HouseWords:
    """The house dictionary, laid out for reading texts: single Russian words by their forms, the rest as it stands."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.forms: dict[str, tuple[str, str]] = {}
        self.phrases: dict[str, str] = {}
        for written, last in words.items():
            wanted = followed(words, written, last)
            if wanted is None:
                continue
            if is_single(written) and is_single(wanted):
                for form in russian_forms(folded(written)):
                    self.forms.setdefault(form, (written, wanted))
                self.forms[folded(written)] = (written, wanted)
            else:
                self.phrases[" ".join(written.split()).casefold()] = wanted
        longest = sorted(self.phrases, key=len, reverse=True)
        spelled = "|".join(re.escape(one).replace(r"\ ", r"[^\S\n]+") for one in longest)
        self.pattern = re.compile(rf"(?<!\w)(?:{spelled})(?!\w)", re.IGNORECASE) if spelled else None

    def found(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """Where the dictionary's words stand: start, end, the word in the dictionary, and how it is wanted."""
        if self.forms:
            for one in WORD.finditer(text):
                pair = self.forms.get(folded(one.group()))
                if pair is not None:
                    yield one.start(), one.end(), *pair
        if self.pattern is not None:
            for one in self.pattern.finditer(text):
                key = " ".join(one.group().split()).casefold()
                yield one.start(), one.end(), key, self.phrases[key]

    def right_spans(self, text: str) -> list[tuple[int, int]]:
        """Where words stand that are right as they are."""
        return [
            (start, end)
            for start, end, written, wanted in self.found(text)
            if (is_single(wanted) and written == wanted) or text[start:end] == wanted
        ]

    def wanted(self, text: str) -> Iterator[Edit]:
        """Words that the house writes otherwise."""
        for start, end, written, wanted in self.found(text):
            word = text[start:end]
            becomes = phrase_for(text, start, end, wanted)
            if is_single(written) and is_single(wanted):
                becomes = form_for(word, written, wanted, starts=begins_sentence(text, start))
            if becomes != word:
                yield Edit(start, end, becomes, "house")


def followed(words: Mapping[str, str], written: str, wanted: str) -> str | None:
    """Where the rules lead from a word in the end; None where they go round."""
    for _ in range(LINKS_MAX):
        further = words.get(wanted)
        if further is None or further == wanted:
            return wanted
        if further == written:
            return None
        wanted = further
    return None


def is_single(text: str) -> bool:
    """Whether it is one word of Russian letters."""
    return bool(text) and all(map(is_cyrillic, text))


def phrase_for(text: str, start: int, end: int, wanted: str) -> str:
    """What a phrase becomes; itself where the wanted words stand around it already."""
    was = text[start:end]
    offset = wanted.casefold().find(was.casefold())
    if offset >= 0 and text[max(0, start - offset) :].startswith(wanted):
        return was
    if was[:1].isupper() and wanted[:1].islower() and begins_sentence(text, start):
        return wanted[:1].upper() + wanted[1:]
    return wanted


def form_for(word: str, written: str, wanted: str, *, starts: bool) -> str:
    """The wanted word in the form and with the capitals of the one that stands; the word itself where it has none."""
    if folded(written) == folded(wanted) and written != wanted:
        made = declined(word.lower(), written.lower(), wanted.lower())
        if word.isupper() and len(word) > 1:
            return made.upper() if made else word
        lowered = written[:1].isupper() and wanted[:1].islower()
        if not made or (lowered and (starts or not word[:1].isupper())):
            return word
        upper = wanted[:1].isupper() or (word[:1].isupper() and not lowered)
        return made.capitalize() if upper else made
    made = declined(word.lower(), written.lower(), wanted.lower())
    if not made or written == wanted:
        return word
    if word.isupper() and len(word) > 1:
        return made.upper()
    if wanted[1:] != wanted[1:].lower():
        return wanted if folded(word) == folded(written) else word
    return made.capitalize() if wanted[:1].isupper() or word[:1].isupper() else made


@lru_cache(maxsize=5_000)
def declined(word: str, written: str, wanted: str) -> str:
    """The wanted word in the form in which the written one stands; empty where there is none. All in small letters."""
    if folded(word) == folded(written):
        return wanted
    head = 0
    while head < min(len(written), len(wanted)) and written[head] == wanted[head]:
        head += 1
    tail = 0
    while tail < min(len(written), len(wanted)) - head and written[-1 - tail] == wanted[-1 - tail]:
        tail += 1
    stem, exchanged = written[: len(written) - tail], wanted[: len(wanted) - tail]
    if tail >= ALIKE_END and folded(word).startswith(folded(stem)):
        return exchanged + word[len(stem) :]
    lemmas = {reading.normal_form for reading in analyzer().parse(written)}
    target = analyzer().parse(wanted)[0]
    for reading in analyzer().parse(word):
        if reading.normal_form in lemmas and (reading.tag.case or reading.tag.number):
            asked = {str(one) for one in (reading.tag.case, reading.tag.number) if one}
            form = target.inflect(frozenset(asked))
            if form is not None:
                return str(form.word)
    return ""
