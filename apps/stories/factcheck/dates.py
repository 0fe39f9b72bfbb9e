"""Dates and times of a text, as far as it tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from apps.stories.factcheck.findings import Span
from apps.stories.factcheck.quantities import folded_in_place

MONTHS = (
    "январ[ьяюе]м?|january|jan", "феврал[ьяюе]м?|february|feb", "март(?:а|у|ом|е)?|march|mar",
    "апрел[ьяюе]м?|april|apr", "ма[йяюе]м?|may", "июн[ьяюе]м?|june|jun", "июл[ьяюе]м?|july|jul",
    "август(?:а|у|ом|е)?|august|aug", "сентябр[ьяюе]м?|september|sept|sep", "октябр[ьяюе]м?|october|oct",
    "ноябр[ьяюе]м?|november|nov", "декабр[ьяюе]м?|december|dec",
)  # fmt: skip
MONTH = "|".join(f"(?:{pattern})" for pattern in MONTHS)
WEEKDAYS = (
    "понедельник\\w*|monday", "вторник\\w*|tuesday", "сред[аеуы]|средой|wednesday", "четверг\\w*|thursday",
    "пятниц\\w*|friday", "суббот\\w*|saturday", "воскресень[яюе]\\w*|воскресенье|sunday",
)  # fmt: skip
RELATIVE = {
    "позавчера": -2, "вчера": -1, "накануне": -1, "сегодня": 0, "завтра": 1, "послезавтра": 2,
    "yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1,
}  # fmt: skip
YEAR = r"(?:[ \u00a0],?|, )?(?P<{name}>(?:19|20)\d\d)(?:[- \u00a0]?(?:го|года?|году|г\.|г\b))?"
DAY = r"(?:[12]\d|3[01]|0?[1-9])"
FULL = re.compile(
    rf"\b(?:(?P<first>{DAY})(?:-?го)?\s?(?:[-–—]|и|по|до|,)\s?)?(?P<day>{DAY})(?:-?(?:го|е|му|st|nd|rd|th)(?: of)?)?"
    rf"[ \u00a0](?P<month>{MONTH})\b(?:{YEAR.format(name='year')}\b)?"
    rf"|\b(?P<month2>{MONTH})[ \u00a0](?P<day2>{DAY})(?:st|nd|rd|th)?\b(?!:)(?:{YEAR.format(name='year2')}\b)?"
    rf"|\b(?P<day3>{DAY})\.(?P<month3>0?[1-9]|1[0-2])\.(?P<year3>(?:19|20)?\d\d)\b(?!\.\d)"
    rf"|\b(?P<year4>(?:19|20)\d\d)-(?P<month4>0[1-9]|1[0-2])-(?P<day4>{DAY})\b"
)
SHORT = re.compile(rf"(?<![\d.,])(?P<day>{DAY})[./](?P<month>0[1-9]|1[0-2])(?![\d.,]|[ \u00a0]?%)")
LONE_MONTH = re.compile(rf"\b(?P<month>{MONTH})\b(?:{YEAR.format(name='year')}\b)?")
LONE_WEEKDAY = re.compile("|".join(rf"(?P<d{number}>\b(?:{pattern})\b)" for number, pattern in enumerate(WEEKDAYS)))
LONE_RELATIVE = re.compile(rf"\b(?:{'|'.join(RELATIVE)})\b")
CLOCK = re.compile(r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-3])(?P<mark>[:.])(?P<minute>[0-5]\d)(?![\d:.,]\d|\d|[ \u00a0]?%)")
MONTH_PATTERNS = tuple(re.compile(pattern) for pattern in MONTHS)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as far as a text tells it.

    Attributes:
        weekday: 0 is Monday.
        shift: days from the day of writing, of "вчера" and its like.
    """

    span: Span
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    shift: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day."""

    span: Span
    minutes: int


def days(text: str) -> list[Day]:
    """The dates, months, weekdays and words like "вчера" of a text; the exact ones first."""
    low = folded_in_place(text)
    found: list[Day] = []
    for match in FULL.finditer(low):
        found += _full(match)
    taken = bytearray(len(low))
    for one in found:
        taken[one.span.start : one.span.end] = b"\1" * (one.span.end - one.span.start)
    for match in LONE_MONTH.finditer(low):
        if not taken[match.start()] and _is_month(text, match):
            year = int(match["year"]) if match["year"] else None
            found.append(Day(Span(*match.span()), year=year, month=month_of(match["month"])))
    for match in LONE_WEEKDAY.finditer(low):
        if not taken[match.start()]:
            found.append(Day(Span(*match.span()), weekday=int((match.lastgroup or "d0")[1:])))
    for match in LONE_RELATIVE.finditer(low):
        found.append(Day(Span(*match.span()), shift=RELATIVE[match[0]]))
    return found


def short_days(text: str) -> list[Day]:
    """Dates like 12.03, which may be decimals or times as well."""
    return [
        Day(Span(*match.span()), month=int(match["month"]), day=int(match["day"])) for match in SHORT.finditer(text)
    ]


def clocks(text: str, *, dots: bool) -> list[Clock]:
    """Times like 14:30; with `dots` 14.30 as well, which may be a decimal."""
    return [
        Clock(Span(*match.span()), int(match["hour"]) * 60 + int(match["minute"]))
        for match in CLOCK.finditer(text)
        if dots or match["mark"] == ":"
    ]


def _full(match: re.Match[str]) -> Iterator[Day]:
    part = match.groupdict()
    year = part["year"] or part["year2"] or part["year3"] or part["year4"]
    number = int(year) + 2000 * (len(year) == 2) if year else None
    if part["month"] or part["month2"]:
        month = month_of(part["month"] or part["month2"])
    else:
        month = int(part["month3"] or part["month4"])
    day = int(part["day"] or part["day2"] or part["day3"] or part["day4"])
    start, end = match.span()
    if part["first"]:
        first = int(part["first"])
        yield Day(Span(*match.span("first")), number, month if first < day else None, first)
        start = match.start("day")
    yield Day(Span(start, end), number, month, day)


def month_of(word: str) -> int:
    """The number of a month by its name in any form."""
    return next(number for number, pattern in enumerate(MONTH_PATTERNS, 1) if pattern.fullmatch(word))


def _is_month(text: str, match: re.Match[str]) -> bool:
    """Whether a lone name of a month is one: "March" and "May" are also other words, "Марта" and "Майя" women."""
    word = match["month"]
    written = text[match.start() : match.start() + len(word)]
    if word.isascii():
        return len(word) > 3 and written[0].isupper() and (word not in {"march", "may"} or bool(match["year"]))
    return written[0].islower() or word not in {"марта", "марте", "мае", "маем"}


def resolved(day: Day, published: date) -> Day:
    """A source's date with what its day of publication tells: the year, and what "вчера" or "в среду" was.

    Of the years around, the one is taken that brings the date nearest to the publication.
    """
    if day.shift is not None:
        return _exact(day, published + timedelta(days=day.shift))
    if day.month is not None and day.day is not None and day.year is None:
        near = [made for year in (-1, 0, 1) if (made := _date(published.year + year, day.month, day.day))]
        return _exact(day, min(near, key=lambda one: abs((one - published).days))) if near else day
    if day.month is not None and day.year is None:
        back = (published.year * 12 + published.month) - (published.year * 12 + day.month)
        year = published.year + (1 if back > 6 else -1 if back < -6 else 0)
        return Day(day.span, year, day.month)
    return day


def _exact(day: Day, exact: date) -> Day:
    return Day(day.span, exact.year, exact.month, exact.day, exact.weekday(), day.shift)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def weekday_of(day: Day) -> int | None:
    """The weekday of a date that is told whole, or its own."""
    if day.weekday is not None or day.year is None or day.month is None or day.day is None:
        return day.weekday
    exact = _date(day.year, day.month, day.day)
    return exact.weekday() if exact else None
