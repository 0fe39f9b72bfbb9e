"""The fact check: each name, number, date, time, quotation and link of a draft is looked up in its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from time import monotonic

from apps.stories.factcheck import dates, links, names, numbers, quotes
from apps.stories.factcheck.findings import CheckTooLongError, Draft, Field, Finding, Kind, Report, Source, Span, Why
from apps.stories.factcheck.nearest import Nearest
from apps.stories.factcheck.quantities import quantities
from apps.stories.factcheck.sources import Sources, is_cyrillic
from apps.stories.factcheck.words import content_stems, sentence_spans

WHY_MOST = 30  # for later quotations nobody looks for the same in other words
AROUND = 25  # characters on each side of a finding that tell what it is about
NEAREST_MOST = 60  # for later findings of one draft no sentence is looked for
JOINED = " \u00a0-"  # between the words of one name


def check(draft: Draft, sources: Sequence[Source]) -> list[Finding]:
    """What of a draft stands in none of its sources, in reading order."""
    return list(examine(draft, sources).findings)


def examine(draft: Draft, sources: Sequence[Source], *, seconds: float = inf) -> Report:
    """The check with the number of things that were looked at.

    Raises:
        CheckTooLongError: it took more than `seconds`; noticed between two things, so a little late.
    """
    ends = monotonic() + seconds
    known = Sources(sources, ends=ends)
    checks = [_Field(field, text, known, ends) for field, text in draft.fields.items() if text]
    findings = [finding for check in checks for finding in check.findings()]
    nearest = Nearest(known)
    shown = []
    for place, finding in enumerate(findings):
        if place < NEAREST_MOST:
            text = draft.fields[finding.field]
            around = text[max(finding.start - AROUND, 0) : finding.end + AROUND]
            source, sentence = nearest.find(_sentence(text, finding), around, kind=finding.kind)
            finding = replace(finding, source=source, nearest=sentence)
        shown.append(finding)
    return Report(tuple(shown), sum(check.checked for check in checks))


def _sentence(text: str, finding: Finding) -> str:
    """The sentence of the draft around a finding."""
    begin = max(text.rfind(mark, 0, finding.start) for mark in (". ", "! ", "? ", "\n"))
    ends = [at for mark in (". ", "! ", "? ", "\n") if (at := text.find(mark, finding.end)) >= 0]
    return text[max(begin + 1, finding.start - 400) : min([*ends, finding.end + 400])]


class _Field:
    """The check of one field; kinds claim their places in turn, so that nothing is judged twice."""

    def __init__(self, field: Field, text: str, sources: Sources, ends: float) -> None:
        self.ends = ends
        self.field, self.text, self.sources = field, text, sources
        self.taken = bytearray(len(text))
        self.checked = 0
        self.found: list[Finding] = []

    def findings(self) -> list[Finding]:
        """The findings of this field in their order."""
        self._links()
        self._quotes()
        self._dates()
        self._designations()
        self._numbers()
        self._names()
        return sorted(self.found, key=lambda finding: (finding.start, finding.end))

    def _free(self, span: Span) -> bool:
        return not any(self.taken[span.start : span.end])

    def _take(self, span: Span) -> None:
        self.taken[span.start : span.end] = b"\1" * (span.end - span.start)

    def _judge(self, kind: Kind, span: Span, is_right: bool, why: Why = "not_there") -> None:
        self.checked += 1
        if monotonic() > self.ends:
            raise CheckTooLongError
        self._take(span)
        if not is_right:
            text = self.text[span.start : span.end]
            self.found.append(Finding(kind, self.field, span.start, span.end, text, why))

    def _links(self) -> None:
        for link in links.links(self.text):
            self._judge("link", link.span, links.is_known(link.key, self.sources.addresses))
        for phone in links.phones(self.text):
            if self._free(phone.span):
                self._judge("number", phone.span, phone.key in self.sources.addresses)

    def _quotes(self) -> None:
        in_russian = is_cyrillic(self.text)
        for quote in quotes.quotes(self.text):
            if quote.words < quotes.WORDS_LEAST or not self._free(quote.span):
                continue
            if in_russian != self.sources.is_cyrillic:
                continue  # a translated quotation cannot be compared
            said = self.text[quote.span.start : quote.span.end]
            is_right = quotes.is_said(said, self.sources.said)
            self._judge("quote", quote.span, is_right, "not_there" if is_right else self._quote_why(said))

    def _quote_why(self, said: str) -> Why:
        """Whether a sentence of the sources has most of the quotation's words."""
        if sum(finding.kind == "quote" for finding in self.found[: WHY_MOST + 1]) > WHY_MOST:
            return "not_there"
        own = content_stems(said)
        near = any(len(own & stems) * 3 >= len(own) * 2 for _number, _text, stems in self.sources.sentences if own)
        return "other_words" if near else "not_there"

    def _dates(self) -> None:
        for day in dates.days(self.text):
            if self._free(day.span):
                self._judge("date", day.span, numbers.has_day(self.sources, day))
        for clock in dates.clocks(self.text, dots=False):
            if self._free(clock.span):
                self._judge("time", clock.span, numbers.has_time(self.sources, clock))

    def _designations(self) -> None:
        known = names.Known(self.sources)
        for name in names.designations(self.text):
            if self._free(name.span):
                self._judge("name", name.span, known.has(name))

    def _numbers(self) -> None:
        spans = sentence_spans(self.text)
        at = 0
        for quantity in quantities(self.text):
            while at < len(spans) - 1 and spans[at].end <= quantity.span.start:
                at += 1
            if quantity.is_claim and self._free(quantity.span) and not self._is_glued(quantity.span):
                sentence = self.text[spans[at].start : spans[at].end] if spans else self.text
                why = numbers.judge(self.sources, quantity, sentence)
                self._judge("number", quantity.span, why is None, why or "not_there")

    def _is_glued(self, span: Span) -> bool:
        """Whether letters stand right before the number: it belongs to a name like Су-27."""
        before = self.text[max(span.start - 2, 0) : span.start]
        return before[-1:].isalpha() or (before[-1:] in "-–" and before[:1].isupper())

    def _names(self) -> None:
        if is_cyrillic(self.text) != self.sources.is_cyrillic:
            return  # a translation's names cannot be told from its words
        known = names.Known(self.sources)
        row: Finding | None = None
        for name in self._free_names():
            before = len(self.found)
            self._judge("name", name.span, known.has(name))
            if len(self.found) == before:
                continue
            last = self.found[-1]
            if row is not None and self.text[row.end : last.start].strip(JOINED) == "" and last.start - row.end <= 1:
                joined = replace(row, end=last.end, text=self.text[row.start : last.end])
                self.found[-2:] = [joined]
            row = self.found[-1]

    def _free_names(self) -> Iterator[names.Name]:
        return (name for name in names.names(self.text) if self._free(name.span))
