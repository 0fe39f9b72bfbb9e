"""Words and phrases in all their forms, found in a text by looking its words up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from apps.core.morphology import folded, russian_forms
from apps.sources.filters.budget import clock
from apps.sources.filters.candidate import Hit

WORD = re.compile(r"\w+")
QUOTED = re.compile(r'"([^"\n]*)"|«([^»\n]*)»|“([^”\n]*)”')
SEPARATORS = re.compile(r"[\n,;]+")
# What may stand between two words of a phrase: no end of a sentence, no new paragraph.
BETWEEN = re.compile(r"(?![^\n]*\n[^\S\n]*\n)[\s«»\"“”„'’()\-‐‑–—]*")
RUSSIAN = re.compile(r"[а-яё]+")
ENGLISH = re.compile(r"[a-z]{2,}")
FORMS_OF_ANOTHER = {"new": {"news"}, "good": {"goods"}, "mean": {"means"}, "custom": {"customs"}, "arm": {"arms"}}
VOWELS = frozenset("aeiouy")
SIMPLE = re.compile(r"[\w\s\-‐‑]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of a rule.

    Attributes:
        typed: as the editor wrote it.
        steps: the forms of each of its words, in their order.
        literal: what has to stand in the text sign by sign; empty where the words are enough.
    """

    typed: str
    steps: tuple[frozenset[str], ...]
    literal: str = ""


def typed_terms(value: str) -> list[tuple[str, bool]]:
    """The words and phrases of a rule's value, each with whether it was in quotes; doubles are left out."""
    found: dict[tuple[str, bool], None] = {}
    end = 0
    for quoted in [*QUOTED.finditer(value), None]:
        for part in SEPARATORS.split(value[end : quoted.start() if quoted else None]):
            if tidy := " ".join(part.split()):
                found[(tidy, False)] = None
        if quoted:
            end = quoted.end()
            if exact := " ".join("".join(quoted.groups("")).split()):
                found[(exact, True)] = None
    return list(found)


@lru_cache(maxsize=10_000)
def term_of(typed: str, exact: bool) -> Term:
    """A word or phrase with its forms; in quotes, or with signs other than hyphens in it, exactly as it stands."""
    text = folded(typed)
    words = WORD.findall(text)
    if not SIMPLE.fullmatch(text):
        return Term(typed, tuple(frozenset({word}) for word in words), text)
    return Term(typed, tuple(frozenset({word}) if exact else forms_of(word) for word in words))


def forms_of(word: str) -> frozenset[str]:
    """The forms of a folded word: Russian by the dictionary, English by the regular endings, others none."""
    if RUSSIAN.fullmatch(word):
        return russian_forms(word)
    return english_forms(word) if ENGLISH.fullmatch(word) else frozenset({word})


def english_forms(word: str) -> frozenset[str]:
    """The regular plural and, of words longer than three letters, -ed and -ing; irregular ones are not known."""
    short = word[-1] == "y" and word[-2] not in VOWELS
    ends = word[:-1] + "ies" if short else word + ("es" if re.search("(?:[sxz]|ch|sh)$", word) else "s")
    forms = {word, ends}
    if len(word) > 3:
        doubled = word + word[-1] if re.search("[^aeiouy][aeiou][bdgmnprt]$", word) else word
        past = word + "d" if word[-1] == "e" else word[:-1] + "ied" if short else doubled + "ed"
        going = word[:-1] + "ing" if word[-1] == "e" and word[-2:] != "ee" else doubled + "ing"
        forms |= {past, going, word + "ed", word + "ing"}
    return frozenset(forms - FORMS_OF_ANOTHER.get(word, set()))


class WordIndex:
    """The words of several rules, asked of each text once."""

    def __init__(self, rules: Sequence[tuple[Term, ...]]) -> None:
        self._rules = tuple(rules)
        self._first: dict[str, list[tuple[int, int]]] = {}
        self._signs: list[tuple[int, int]] = []
        for number, terms in enumerate(rules):
            for order, term in enumerate(terms):
                if not term.steps:
                    self._signs.append((number, order))
                for form in term.steps[0] if term.steps else ():
                    self._first.setdefault(form, []).append((number, order))

    def found(self, read: ReadText, until: float = inf, late: set[int] | None = None) -> dict[int, Term]:
        """For each rule that has a word in this text, the first of its terms that is there.

        Phrases and signs that are not looked for by `until` (of `clock`) are left out, and their rules put in `late`.
        """
        hits: dict[int, int] = {}
        candidates = [one for form in self._first.keys() & read.at for one in self._first[form]]
        for number, order in [*candidates, *self._signs]:
            term = self._rules[number][order]
            if hits.get(number, order + 1) <= order:
                continue
            if len(term.steps) == 1 and not term.literal:
                hits[number] = order
            elif until < inf and clock() >= until:
                if late is not None:
                    late.add(number)
            elif stands(term, read):
                hits[number] = order
        return {number: self._rules[number][order] for number, order in hits.items()}


class ReadText:
    """A folded text with its words, cut once for all terms.

    Attributes:
        words: each word with where it begins and ends, in their order.
        at: the places in `words` of each word.
    """

    __slots__ = ("at", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[tuple[str, int, int]] = []
        self.at: dict[str, list[int]] = {}
        for place, found in enumerate(WORD.finditer(text)):
            self.words.append((found.group(), *found.span()))
            self.at.setdefault(found.group(), []).append(place)


def stands(term: Term, read: ReadText) -> bool:
    """Whether a term stands in the text."""
    if not term.steps:
        return term.literal in read.text
    if any(step.isdisjoint(read.at) for step in term.steps):
        return False
    return next(_spans(term, read), None) is not None


def spans_of(term: Term, read: ReadText) -> tuple[tuple[int, int], ...]:
    """Where a term stands in a text."""
    return tuple(_spans(term, read))


def _spans(term: Term, read: ReadText) -> Iterator[tuple[int, int]]:
    if term.literal:
        yield from (found.span() for found in _literal(term.literal).finditer(read.text))
        return
    # The rarest word decides where to look, so that a phrase of one rare word costs nothing in a long text.
    places = [sorted(place for form in step & read.at.keys() for place in read.at[form]) for step in term.steps]
    rarest = min(range(len(places)), key=lambda step: len(places[step]))
    words, last = read.words, len(term.steps) - 1
    for start in (place - rarest for place in places[rarest]):
        if (
            start >= 0
            and start + last < len(words)
            and all(words[start + step][0] in forms for step, forms in enumerate(term.steps))
            and all(
                BETWEEN.fullmatch(read.text, words[start + step][2], words[start + step + 1][1]) for step in range(last)
            )
        ):
            yield words[start][1], words[start + last][2]


def hit_of(term: Term, read: ReadText) -> Hit:
    """What to tell of a term found in a text: as typed, and the form that stands there if it differs."""
    spans = spans_of(term, read)
    seen = " ".join(WORD.findall(read.text[slice(*spans[0])])) if spans and not term.literal else ""
    same = not seen or seen == " ".join(WORD.findall(folded(term.typed)))
    return Hit(term.typed if same else f"{term.typed} → {seen}", spans)


@lru_cache(maxsize=2000)
def _literal(text: str) -> re.Pattern[str]:
    before = r"(?<!\w)" if text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isalnum() else ""
    return re.compile(before + r"\s+".join(re.escape(part) for part in text.split(" ")) + after)
