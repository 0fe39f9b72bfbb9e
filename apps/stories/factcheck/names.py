"""Names of a draft, and whether a source has them in some form, spelling or abbreviation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.ai.extract.sentences import word_set
from apps.ai.extract.words import STOP
from apps.core.morphology import folded, russian_forms
from apps.stories.factcheck import forms, latin
from apps.stories.factcheck.findings import Span
from apps.stories.factcheck.sources import Sources
from apps.stories.factcheck.words import begins_sentence, words

DESIGNATION = re.compile(
    r"(?<![\w-])(?:[^\W\d_]{1,12}[-–]?\d[\w]*(?:-\d\w*)?|\d{1,4}[A-ZА-ЯЁ][A-Za-zА-ЯЁ]{0,5})(?![\w])"
)
SHORT = 6  # letters of a name whose forms are looked for among capitalised words alone
UPPER_LEAST, UPPER_LINE = 12, 0.7
SHORT_STARTS = word_set(
    """
    the a an in on at for from by it he she they we this that these there after when while but and as if no not who what
    how why his her their its also mr mrs ms dr i
    """
)
POLITE = re.compile(r"(?:вы|вас|вам|вами|ваш\w{0,3})")
# One thing under several names. Each is a start of a folded word.
ALIASES = (
    ("сша", "америк", "штат", "соединенн", "us", "usa"), ("рф", "росси", "русск"),
    ("ес", "евросоюз", "европейск", "eu"),
    ("цб", "центробанк", "центральн"), ("германи", "немецк", "фрг"), ("великобритани", "британ", "англи", "uk"),
    ("нидерланд", "голланд"), ("кнр", "кита"), ("оон", "объединенн"), ("мид", "иностранн"), ("мвд", "внутренн"),
    ("госдум", "дум"), ("санкт-петербург", "петербург", "питер", "спб"), ("подмосков", "московск"),
    ("кндр", "северокорейск"), ("юар", "южноафриканск"), ("оаэ", "эмират"), ("польш", "польск", "поляк"),
    ("греци", "греческ"), ("тула", "туле", "тулы", "тулу", "тульск"), ("чехи", "чешск"), ("венгри", "венгерск"),
    ("швеци", "шведск"), ("турци", "турецк", "турок", "турк"), ("франци", "французск"), ("норвег", "норвежск"),
    ("скр", "следственн", "следком"), ("ркн", "роскомнадзор"), ("мчс", "чрезвычайн"), ("воз", "здравоохранен"),
    ("бпла", "беспилотн", "дрон"), ("дтп", "авари"), ("тц", "торгов"), ("вуз", "университет", "институт"),
    ("telegram", "телеграм", "тг"), ("wildberries", "вайлдберриз", "вб"),
)  # fmt: skip
GENERIC = word_set("сми тв чп ии пк дтп жкх тк ru")  # capitals that name nobody
MINISTRY = re.compile(r"мин(\w{4,})|гос(\w{4,})|рос(\w{5,})")


@dataclass(frozen=True, slots=True)
class Name:
    """A word of a draft that names somebody or something; `is_first` where it stands where any word is capitalised."""

    span: Span
    word: str
    is_first: bool = False


def designations(text: str) -> Iterator[Name]:
    """Names with digits in them, like Су-27 and iPhone16."""
    for match in DESIGNATION.finditer(text):
        if any(letter.isupper() for letter in match[0]):
            yield Name(Span(*match.span()), match[0])


def names(text: str) -> Iterator[Name]:
    """The capitalised words of a text that are names; initials and designations left out."""
    upper = _upper_lines(text)
    matches = list(words(text))
    for place, match in enumerate(matches):
        word = match[0]
        if len(word) < 2 or not word[0].isupper():
            continue
        if POLITE.fullmatch(folded(word)) or folded(word) in GENERIC:
            continue
        is_first = begins_sentence(text, match.start()) or bool(upper[match.start()])
        after = matches[place + 1] if place + 1 < len(matches) else None
        if is_first and not _is_name_first(text, match, after, is_upper=word.isupper() and not upper[match.start()]):
            continue
        yield Name(Span(*match.span()), word, is_first)


def _upper_lines(text: str) -> bytearray:
    """By character: 1 in lines written in capitals altogether, where a capital letter says nothing."""
    found, begin = bytearray(len(text)), 0
    for line in text.splitlines(keepends=True):
        letters = sum(letter.isalpha() for letter in line)
        if letters >= UPPER_LEAST and sum(letter.isupper() for letter in line) > UPPER_LINE * letters:
            found[begin : begin + len(line)] = b"\1" * len(line)
        begin += len(line)
    return found


def _is_name_first(text: str, match: re.Match[str], after: re.Match[str] | None, *, is_upper: bool) -> bool:
    """Whether a word that stands first is a name for another reason than its capital letter."""
    word = folded(match[0])
    if is_upper and len(word) > 1:
        return word not in STOP and word not in SHORT_STARTS
    if word in STOP:
        return False
    follows = after is not None and text[match.end() : after.start()] == " " and after[0][0].isupper()
    if word.isascii():
        return word not in SHORT_STARTS and follows
    last = word.rpartition("-")[2]
    return forms.is_name(last) and (follows or not forms.begins_as_common(last))


class Known:
    """Looks names up in the sources; remembers its answers."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._answers: dict[str, bool] = {}

    def has(self, name: Name) -> bool:
        """Whether a source has this name."""
        word = folded(name.word).removesuffix("'s").removesuffix("’s")
        if word not in self._answers:
            self._answers[word] = self._has(word, name.word)
        return self._answers[word]

    def _has(self, word: str, written: str) -> bool:
        if any(letter.isdigit() for letter in word):
            return re.sub(r"[\W_]+", "", word) in self._sources.squeezed
        parts = [part for part in re.split("[-'’]", word) if len(part) > 2]
        if self._has_whole(word, written):
            return True
        return len(parts) > 1 and all(self._has_whole(part, part.capitalize()) for part in parts)

    def _has_whole(self, word: str, written: str) -> bool:
        near = self._sources.words.get(word[:2], set())
        if word in near:
            return True
        # Мали is no form of "мало"
        likely = near & self._sources.capitalised if len(word) < SHORT else near
        if any(forms.one_word(word, other) for other in likely) or any(forms.of_place(other, word) for other in near):
            return True
        if self._has_other_name(word, written) or self._sounds(word):
            return True
        # Лев and Льва share no stem: the dictionary, which costs more, is asked last
        return not word.isascii() and any(form in self._sources.words.get(form[:2], ()) for form in russian_forms(word))

    def _has_other_name(self, word: str, written: str) -> bool:
        """Whether the sources have it abbreviated, written out, or under its other name."""
        for group in ALIASES:
            if any(_begins(word, alias) for alias in group) and any(self._starts(alias) for alias in group):
                return True
        if written.isupper() and 2 <= len(written) <= 6 and self._initials(word):
            return True
        match = MINISTRY.fullmatch(word)
        if match is None:
            return False
        return any(part and self._starts(part[: max(4, len(part) - 2)]) for part in match.groups())

    def _starts(self, start: str) -> bool:
        near = self._sources.words.get(start[:2], set())
        return start in near if len(start) < 4 else any(other.startswith(start) for other in near)

    def _initials(self, word: str) -> bool:
        """Whether words in a row begin with the letters of an abbreviation, little words skipped."""
        little = "(?:(?:по|и|в|на|за|о|об|для|при|с|of|the|and|for) ){0,2}"
        pattern = rf"\w* {little}".join(map(re.escape, word))
        return any(re.search(rf" {pattern}", said) for said in self._sources.said)

    def _sounds(self, word: str) -> bool:
        """Whether a word of the other alphabet sounds like it."""
        other_alphabet = not word.isascii()
        return any(
            latin.sounds_alike(word, other)
            for made in latin.skeletons(word)
            for other in self._sources.sounds.get((other_alphabet, made), ())
        )


def _begins(word: str, alias: str) -> bool:
    return word == alias if len(alias) < 4 else word.startswith(alias)
