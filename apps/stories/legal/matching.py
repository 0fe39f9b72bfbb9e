"""Finds the names of legal lists in a text by their forms. Pure: a text and entries in, marks out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.morphology import analyzer, folded
from apps.stories.legal.entries import WORD, Entry, OrganisationName, PersonName, names_of
from apps.stories.legal.forms import (
    first_name_gender,
    is_common_word,
    name_forms,
    surname_forms,
    word_forms,
)

SPACES = re.compile(r"[^\S\n]{1,3}")
JOINT = re.compile(r"[\s«»\"“”„‘’,()*–—-]{1,4}")
PLAIN_WORDS = 2  # so many words of everyday meet by chance
OPENING, CLOSING = '«"“„‘', '»"”“’'


@dataclass(frozen=True)
class Mark:
    """A mention that has to be marked, or may have to.

    Attributes:
        start, end: where, in characters of the text.
        is_certain: False for a doubt: a bare surname, a common word.
        footnote: what belongs under the text.
    """

    start: int
    end: int
    entry: Entry
    is_certain: bool
    footnote: str


@dataclass(frozen=True)
class Token:
    """A word of the text, as it stands and folded."""

    start: int
    end: int
    word: str
    key: str


class Words:
    """The words of a text, and what stands between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [Token(*found.span(), found.group(), folded(found.group())) for found in WORD.finditer(text)]
        self.beginnings = {token.key[:length] for token in self.tokens for length in (1, 2, 3)}

    def at(self, place: int) -> Token | None:
        """The token with this number; None where there is none."""
        return self.tokens[place] if 0 <= place < len(self.tokens) else None

    def gap(self, place: int) -> str:
        """What stands between a token and the next one."""
        return self.text[self.tokens[place].end : self.tokens[place + 1].start]

    def may_hold(self, word: str) -> bool:
        """Whether some word of the text begins as this folded one does in all its forms."""
        length = 3 if len(word) > 4 else 2 if len(word) == 4 else 1
        return word[:length] in self.beginnings

    def is_quoted(self, first: int, last: int) -> bool:
        """Whether quotation marks stand around these tokens."""
        before, after = self.tokens[first].start - 1, self.tokens[last].end
        return before >= 0 and self.text[before] in OPENING and self.text[after : after + 1] in tuple(CLOSING)

    def begins_sentence(self, place: int) -> bool:
        """Whether the token is the first of a sentence or a line."""
        before = self.text[max(0, self.tokens[place].start - 8) : self.tokens[place].start].rstrip(' \u00a0«"“„(—–-')
        return not before or before[-1] in ".!?…\n:"


def marks(text: str, entries: Iterable[Entry], on: date) -> list[Mark]:
    """The mentions of entries that are due on a day, in the order of the text.

    Of mentions that overlap the longest is taken; doubts about somebody who is mentioned for certain are left out.
    """
    words = Words(text)
    persons: dict[str, list[tuple[Entry, PersonName]]] = defaultdict(list)
    organisations: dict[str, list[tuple[Entry, OrganisationName]]] = defaultdict(list)
    for entry in entries:
        if not entry.is_due(on):
            continue
        for name in names_of(entry.name, entry.also, entry.kind):
            if isinstance(name, PersonName):
                if words.may_hold(name.surname):
                    for form in surname_forms(name.surname, name.gender):
                        persons[form].append((entry, name))
            elif all(map(words.may_hold, name.words)):
                for form in word_forms(name.words[0]):
                    organisations[form].append((entry, name))
    found: list[Mark] = []
    for place, token in enumerate(words.tokens):
        for entry, name in persons.get(token.key, ()):
            found += person_at(words, place, entry, name)
        for entry, company in organisations.get(token.key, ()):
            found += organisation_at(words, place, entry, company)
    return settled(found)


def person_at(words: Words, place: int, entry: Entry, name: PersonName) -> Iterator[Mark]:
    """The mention of a person whose surname stands at a place, with what stands around it."""
    token = words.tokens[place]
    if not token.word[0].isupper():
        return
    for first, last in (before(words, place, name), after(words, place, name)):
        if first < last:
            yield mark(words, first, last, entry, is_certain=True)
            return
    if is_somebody_else(words, place) or (words.begins_sentence(place) and is_common_word(token.key)):
        return
    yield mark(words, place, place, entry, is_certain=False)


def after(words: Words, place: int, name: PersonName) -> tuple[int, int]:
    """From the surname to the last word of the name behind it; the surname alone where none follows."""
    last = place
    for part in (name.first, name.patronymic):
        token = words.at(last + 1)
        if not part or token is None or not is_part(words, last + 1, part, name.gender):
            break
        gap = words.gap(last)
        if not SPACES.fullmatch(gap.removeprefix(".") if is_initial(words, last) else gap) and gap != ".":
            break
        last += 1
    return place, last


def before(words: Words, place: int, name: PersonName) -> tuple[int, int]:
    """From the first name or initial to the surname behind it; the surname alone where none stands before."""
    for parts in ((name.first, name.patronymic), (name.first,)):
        first = place - len(parts)
        if first < 0 or not all(parts):
            continue
        joined = all(
            SPACES.fullmatch(gap.removeprefix(".") if is_initial(words, at) else gap) or gap == "."
            for at, gap in ((at, words.gap(at)) for at in range(first, place))
        )
        if joined and all(is_part(words, first + at, part, name.gender) for at, part in enumerate(parts)):
            return first, place
    return place, place


def is_initial(words: Words, place: int) -> bool:
    """Whether the token is a capital with a full stop."""
    token = words.tokens[place]
    return len(token.word) == 1 and token.word.isupper() and words.text[token.end : token.end + 1] == "."


def is_part(words: Words, place: int, part: str, gender: str) -> bool:
    """Whether the token is this first name or patronymic in some form, or its initial."""
    token = words.tokens[place]
    if is_initial(words, place):
        return token.key == part[0]
    return token.word[0].isupper() and token.key in name_forms(part, gender)


def is_somebody_else(words: Words, place: int) -> bool:
    """Whether a first name or an initial that is not this person's stands beside the surname."""
    for at in (place - 1, place + 1):
        token = words.at(at)
        if token is None or not token.word[0].isupper():
            continue
        gap = words.gap(min(at, place))
        if is_initial(words, at) and re.fullmatch(r"\.?[^\S\n]{0,2}", gap):
            return True
        if SPACES.fullmatch(gap) and first_name_gender(lemma(token.key)):
            return True
    return False


def lemma(key: str) -> str:
    """The first form of a folded first name."""
    names = [reading for reading in analyzer().parse(key) if "Name" in reading.tag]
    return folded(names[0].normal_form) if names else key


def organisation_at(words: Words, place: int, entry: Entry, name: OrganisationName) -> Iterator[Mark]:
    """The mention of an organisation whose name begins at a place."""
    last = place + len(name.words) - 1
    if last >= len(words.tokens):
        return
    for at in range(place + 1, last + 1):
        if not JOINT.fullmatch(words.gap(at - 1)) or words.tokens[at].key not in word_forms(name.words[at - place]):
            return
    token, quoted = words.tokens[place], words.is_quoted(place, last)
    is_proper = name.first[0].isupper() or name.first[0].isdigit()
    if name.first.isupper() and len(name.words) == 1 and 1 < len(name.first) <= 6 and token.word != name.first:
        return
    stands_proper = token.word[0].isupper() or not is_proper or token.word[0].isdigit()
    if len(name.words) == 1:
        common = is_common_word(name.words[0])
        if not stands_proper or (common and words.begins_sentence(place) and not quoted):
            return
        yield mark(words, place, last, entry, is_certain=not common or (quoted and name.is_given))
    else:
        yield mark(words, place, last, entry, is_certain=quoted or stands_as_a_name(words, place, last, name))


def stands_as_a_name(words: Words, first: int, last: int, name: OrganisationName) -> bool:
    """Whether words without quotation marks are a name: capitals say so, but not where any sentence begins with one."""
    capitals = [at for at in range(first, last + 1) if words.tokens[at].word[0].isupper()]
    if name.first[0].islower():
        return True
    by_chance = capitals == [first] and words.begins_sentence(first) and len(name.words) == PLAIN_WORDS
    return bool(capitals) and not (by_chance and all(map(is_common_word, name.words)))


def mark(words: Words, first: int, last: int, entry: Entry, *, is_certain: bool) -> Mark:
    """The mark of the tokens from first to last."""
    end = words.tokens[last].end + (1 if last > first and is_initial(words, last) else 0)
    return Mark(words.tokens[first].start, end, entry, is_certain, entry.note)


def settled(found: Sequence[Mark]) -> list[Mark]:
    """Marks that do not overlap, the longest of each place; doubts only where nothing is certain."""
    by_place: dict[tuple[int, int], dict[int, Mark]] = {}
    taken: set[int] = set()
    for one in sorted(found, key=lambda mark: (mark.start - mark.end, mark.start, mark.entry.pk)):
        place = (one.start, one.end)
        if one.is_certain and (place in by_place or taken.isdisjoint(range(*place))):
            by_place.setdefault(place, {})[one.entry.pk] = one
            taken.update(range(*place))
    certain = [one for same in by_place.values() for one in same.values()]
    sure = {one.entry.pk for one in certain}
    doubts = {
        (one.start, one.entry.pk): one
        for one in sorted(found, key=lambda mark: mark.end)
        if not one.is_certain and one.entry.pk not in sure and taken.isdisjoint(range(one.start, one.end))
    }
    return sorted([*certain, *doubts.values()], key=lambda mark: (mark.start, mark.end, mark.entry.pk))
