"""The sources of a draft, read once for all questions of a check."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import inf
from time import monotonic

from apps.core.morphology import folded
from apps.stories.factcheck import dates, latin, links, numerals
from apps.stories.factcheck.findings import CheckTooLongError, Source, Span
from apps.stories.factcheck.quantities import Quantity, folded_in_place, quantities
from apps.stories.factcheck.words import TOKEN, content_stems, plain, sentence_spans, words

THIS_YEAR = re.compile(r"\b(?:это(?:м|го|т)|текущ\w+|нынешн\w+|this)\s(?:календарн\w+ )?(?:год|year)|\bс начала года")
LAST_YEAR = re.compile(r"\b(?:прошл\w+|минувш\w+|предыдущ\w+|last)\s(?:год|year)|\bгод(?:ом)? (?:назад|ранее)")
NEXT_YEAR = re.compile(r"\b(?:следующ\w+|будущ\w+|next)\s(?:год|year)")
SQUEEZED = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number stands: its source and sentence."""

    source: int
    sentence: str
    quantity: Quantity


class Sources:
    """What the sources say: words, numbers, dates, addresses."""

    def __init__(self, sources: Sequence[Source], *, ends: float = inf) -> None:
        self._ends = ends
        self.texts = [source.whole for source in sources]
        self._also = [part for source in sources for part in source.also if part]
        self._published = [source.published_at.date() if source.published_at else None for source in sources]

    def _in_time(self) -> None:
        if monotonic() > self._ends:
            raise CheckTooLongError

    @cached_property
    def said(self) -> list[str]:
        """Each text as its folded words."""
        return [plain(text) for text in self.texts]

    @cached_property
    def words(self) -> dict[str, set[str]]:
        """Every folded word, whole and by parts, by its first two letters; names of voices and authors too."""
        every: set[str] = set()
        for text in [*self.texts, *self._also]:
            low = folded(text)
            every.update(match[0] for match in words(low))
            every.update(TOKEN.findall(low))
        by_start: dict[str, set[str]] = defaultdict(set)
        for word in every:
            by_start[word[:2]].add(word)
        return by_start

    @cached_property
    def is_cyrillic(self) -> bool:
        """Whether most letters are Russian ones."""
        return is_cyrillic(" ".join(self.texts))

    @cached_property
    def capitalised(self) -> set[str]:
        """The folded words that begin with a capital letter somewhere, and all of the voices' names."""
        found = {folded(match[0]) for text in self.texts for match in words(text) if match[0][0].isupper()}
        return found | {folded(match[0]) for text in self._also for match in words(text)}

    @cached_property
    def sounds(self) -> dict[tuple[bool, str], list[str]]:
        """Folded capitalised words by what they sound like, Latin ones (True) and Russian ones apart."""
        every = {match[0] for text in [*self.texts, *self._also] for match in words(text) if match[0][0].isupper()}
        found: dict[tuple[bool, str], list[str]] = defaultdict(list)
        for word in sorted({folded(word) for word in every}):
            found[word.isascii(), latin.skeleton(word)].append(word)
        return found

    @cached_property
    def squeezed(self) -> str:
        """Everything without spaces and signs, for names like Су-27."""
        return SQUEEZED.sub("", folded(" ".join([*self.texts, *self._also])))

    @cached_property
    def numbers(self) -> dict[float, list[Place]]:
        """Where each value stands."""
        found: dict[float, list[Place]] = defaultdict(list)
        for number, text in enumerate(self.texts):
            self._in_time()
            spans = sentence_spans(text)
            # cut once: a sentence may have thousands of numbers
            sentences = [text[span.start : span.end] for span in spans] or [text]
            at = 0
            dated = bytearray(len(text))
            for span in _told_otherwise(text):
                dated[span.start : span.end] = b"\1" * (span.end - span.start)
            for quantity in quantities(text):
                if dated[quantity.span.start]:
                    continue
                while at < len(spans) - 1 and spans[at].end <= quantity.span.start:
                    at += 1
                for value in quantity.values:
                    found[round(value, 6)].append(Place(number, sentences[at], quantity))
        return found

    @cached_property
    def hints(self) -> frozenset[float]:
        """Values told by words like "вдвое" and "half"."""
        return frozenset(
            value
            for text in self.texts
            for word in numerals.HINT.findall(folded(text))
            for value in numerals.HINTS[word]
        )

    @cached_property
    def days(self) -> list[dates.Day]:
        """Every date told, as far as the days of publication tell the rest."""
        found: dict[object, dates.Day] = {}
        for text, published in zip(self.texts, self._published, strict=True):
            self._in_time()
            for day in [*dates.days(text), *dates.short_days(folded_in_place(text))]:
                told = dates.resolved(day, published) if published else day
                found.setdefault((told.year, told.month, told.day, told.weekday, told.shift), told)
        return list(found.values())

    @cached_property
    def published(self) -> frozenset[date]:
        """The days of publication."""
        return frozenset(day for day in self._published if day is not None)

    @cached_property
    def years(self) -> frozenset[int]:
        """Years told by number, by a date, or by words like "в прошлом году"."""
        told = {day.year for day in self.days if day.year is not None}
        for text, published in zip(self.texts, self._published, strict=True):
            low = folded(text)
            for pattern, shift in ((THIS_YEAR, 0), (LAST_YEAR, -1), (NEXT_YEAR, 1)):
                if published and pattern.search(low):
                    told.add(published.year + shift)
        return frozenset(told)

    @cached_property
    def minutes(self) -> frozenset[int]:
        """Times of day."""
        return frozenset(clock.minutes for text in self.texts for clock in dates.clocks(text, dots=True))

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Addresses, handles and phone numbers."""
        every = [*self.texts, *self._also]
        keys = {link.key for text in every for link in [*links.links(text), *links.phones(text)]}
        return frozenset(keys | {handle for key in keys if (handle := links.handle_of(key))})

    @cached_property
    def sentences(self) -> list[tuple[int, str, frozenset[str]]]:
        """Every sentence with its source and its stems."""
        return [
            (number, text[span.start : span.end].strip(), content_stems(text[span.start : span.end]))
            for number, text in enumerate(self.texts)
            for span in sentence_spans(text)
        ]


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Russian ones, addresses apart."""
    low = links.LINK.sub("", text[:20_000]).lower()
    return sum("а" <= letter <= "я" for letter in low) * 2 > sum(letter.isalpha() for letter in low)


def _told_otherwise(text: str) -> list[Span]:
    """Where digits stand that are no numbers: in dates, times and addresses."""
    return [
        *(day.span for day in dates.days(text)),
        *(clock.span for clock in dates.clocks(text, dots=False)),
        *(link.span for link in links.links(text)),
    ]
