"""Numbers of a text with what they count: 5 000, «пять тысяч», 5 тыс., 15-летний, 3,5 %."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.stories.factcheck import numerals
from apps.stories.factcheck.findings import Span

SPACE = "[ \u00a0\u2009\u202f]"
DIGITS = rf"\d{{1,3}}(?:{SPACE}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
TOKEN = re.compile(
    rf"(?P<currency>[$€£₽¥])?{SPACE}?(?P<digits>{DIGITS})(?P<glued>[kкmмKКM](?![\w%]))?"
    rf"(?P<suffix>-[а-яёa-z]+|(?:st|nd|rd|th)\b)?|(?P<word>[^\W\d_]+(?:-[^\W\d_]+)*)",
    re.IGNORECASE,
)
GAP = re.compile(rf"(?:{SPACE}|\n)*-?")
UNITS: tuple[tuple[str, str], ...] = (
    ("percent", r"%|процент|п\.п|percent|процентн"),
    ("rub", r"₽|руб|rubl|roubl"),
    ("usd", r"\$|доллар|dollar|usd"),
    ("eur", r"€|евро(?!п)|euro(?!p)|eur\b"),
    ("money", r"£|¥|юан|фунт|гривен|гривн|тенге|лир\b|иен|крон|франк|биткоин|биткойн|btc|pound|yuan"),
    ("degree", r"°|градус|degree|℃"),
    ("area", r"м²|м2\b|кв\.|квадратн|km²|км²|гектар|га\b|соток|сотк|square|hectare|acre"),
    ("km", r"км\b|километр|km\b|kilomet"),
    ("m", r"м\b|метр|m\b|met(?:er|re)"),
    ("cm", r"см\b|сантиметр|cm\b"),
    ("mm", r"мм\b|миллиметр|mm\b"),
    ("kg", r"кг\b|килограмм|kg\b|kilogram"),
    ("t", r"т\b|тонн|ton(?:s|nes)?\b"),
    ("g", r"г\b|грамм|gram"),
    ("year", r"лет|год|year|г\.|гг\b"),
    ("month", r"месяц|месячн|month|мес\b"),
    ("week", r"недел|week"),
    ("day", r"дн[еяйию]|день|дневн|сут(?:ок|к)|day"),
    ("hour", r"час|hour|ч\b"),
    ("minute", r"минут|minute|мин\b"),
    ("second", r"секунд|second|сек\b"),
    ("times", r"раз(?:а|ов)?\b|times\b|кратн"),
)
UNIT = tuple((name, re.compile(pattern)) for name, pattern in UNITS)
APPROXIMATE = re.compile(
    r"(?:почти|около|примерно|порядка|приблизительно|более(?: чем)?|больше|свыше|менее(?: чем)?|меньше|не менее|до|"
    r"порядка|чуть более|nearly|almost|about|around|some|over|more than|under|roughly|approximately)\W*$"
)
LIST_MARK = re.compile(r"(?:\A|(?<=\n)|[.!?:;]\s|\s?\n)\d{1,2}[.)]\s")  # "2. Нажмите"
AFTER = 40  # characters after a number in which its unit is looked for
BEFORE = 24
YEAR_FIRST, YEAR_LAST = 1900, 2100
OFTEN_MEANT_OTHERWISE = {1.0, 2.0}  # ordinals in words: "во-первых", "второй раз"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what it counts.

    Attributes:
        values: what it may mean: "5,000" is five or five thousand.
        unit: its class of unit; empty where it has none that we know.
        is_claim: it says something that can be wrong; "один" and "первый" in words do not.
        is_word: it is written in words.
        is_approximate: "почти", "около" stands before it.
    """

    span: Span
    values: tuple[float, ...]
    unit: str = ""
    is_claim: bool = True
    is_word: bool = False
    is_approximate: bool = False

    @property
    def is_year(self) -> bool:
        """Whether it may be a year of the calendar."""
        return any(YEAR_FIRST <= value <= YEAR_LAST for value in self.values) and self.unit in {"", "year", "g"}


@dataclass(slots=True)
class _Part:
    """One number token, before those in a row are put together."""

    start: int
    end: int
    values: tuple[float, ...]
    is_word: bool
    is_ordinal: bool = False
    rest: str = ""
    currency: str = ""
    has_magnitude: bool = False


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text, in its order."""
    low = folded_in_place(text)
    found: list[Quantity] = []
    row: list[_Part] = []
    for part in _parts(low):
        if row and not _goes_on(low, row, part):
            found += _quantity(low, row)
            row = []
        row.append(part)
    return found + (_quantity(low, row) if row else [])


def folded_in_place(text: str) -> str:
    """A text in lower case without ё, each character in its place."""
    low = text.lower()
    if len(low) != len(text):  # a letter whose lower case is two
        low = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return low.replace("ё", "е")


def _parts(low: str) -> Iterator[_Part]:
    known = numerals.words()
    for match in TOKEN.finditer(low):
        if match["digits"] is not None:
            yield _digits(match)
            continue
        word = match["word"]
        if word in known:
            value, is_ordinal = known[word]
            yield _Part(match.start(), match.end(), (value,), True, is_ordinal)
        elif (times := numerals.magnitude(word)) is not None:
            dot = low[match.end() : match.end() + 1] == "." and word in {"тыс", "млн", "млрд", "трлн"}
            yield _Part(match.start(), match.end() + dot, (times,), True, has_magnitude=True)
        elif (made := numerals.compound(word)) is not None:
            yield _Part(match.start(), match.end(), (made[0],), True, rest=made[1])
        elif "-" in word and all(piece in known for piece in word.split("-")):
            for piece in re.finditer(r"[^-]+", word):
                value, is_ordinal = known[piece[0]]
                yield _Part(match.start() + piece.start(), match.start() + piece.end(), (value,), True, is_ordinal)


def _digits(match: re.Match[str]) -> _Part:
    start, end = match.start("digits"), match.end()
    suffix = match["suffix"] or ""
    times = 1.0
    if match["glued"]:
        times = 1e3 if match["glued"] in "kк" else 1e6 if match["glued"] == "m" and match["currency"] else 1.0
        end = match.end() if times > 1 else match.end("digits")
    if match["currency"]:
        start = match.start()
    values = tuple(value * times for value in readings(match["digits"]))
    return _Part(start, end, values, False, rest=suffix.lstrip("-"), currency=match["currency"] or "",
                 has_magnitude=times > 1)  # fmt: skip


@lru_cache(maxsize=10_000)
def readings(digits: str) -> tuple[float, ...]:
    """What a number in digits may mean: "5,000" five or five thousand, "1.234,5" one thing only."""
    plain = re.sub(SPACE, "", digits)
    marks = re.findall(r"[.,]", plain)
    if len(plain) > 25:
        plain, marks = plain[:25].rstrip(".,"), re.findall(r"[.,]", plain[:25].rstrip(".,"))
    if not marks:
        return (float(plain),)
    if len(set(marks)) == 2:
        return (float(re.sub(r"[.,](?=.*[.,])", "", plain).replace(",", ".")),)
    if len(marks) > 1:
        return (float(re.sub(r"[.,]", "", plain)),)
    decimal = float(plain.replace(",", "."))
    whole, _mark, tail = plain.replace(",", ".").partition(".")
    return (decimal, float(whole + tail)) if len(tail) == 3 and 0 < len(whole) <= 3 and whole != "0" else (decimal,)


def _goes_on(low: str, row: Sequence[_Part], part: _Part) -> bool:
    """Whether a token goes on with the number before it: "пять" + "тысяч", "2 миллиона" + "60 тысяч"."""
    last = row[-1]
    gap = low[last.end : part.start]
    if last.rest or last.is_ordinal or GAP.fullmatch(gap) is None or "\n" in gap:
        return False
    if part.has_magnitude and part.is_word:
        return not last.has_magnitude
    if not any(one.has_magnitude for one in row):
        # "двадцать пять" is one number; "пять шесть" and "25 300" are two
        return part.is_word and last.is_word and part.values[0] < last.values[0] and last.values[0] >= 20
    return last.has_magnitude and max(part.values) < last.values[0]


def _quantity(low: str, row: Sequence[_Part]) -> list[Quantity]:
    if all(part.has_magnitude and part.is_word for part in row) and low[row[0].start : row[0].end].rstrip(".") not in {
        "тысяча", "тысячу", "миллион", "миллиард", "триллион",
    }:  # fmt: skip
        return []  # "тысячи людей" is no number
    first, last = row[0], row[-1]
    values = first.values if len(row) == 1 else tuple(_composed(row, first_value) for first_value in first.values)
    after = last.rest or low[last.end : last.end + AFTER].lstrip(" \u00a0\u2009\u202f-")
    unit = unit_of(first.currency) or unit_of(after) or _second_unit(after)
    before = low[max(first.start - BEFORE, 0) : first.start]
    is_word = all(part.is_word for part in row)
    return [
        Quantity(
            Span(first.start, last.end),
            values,
            unit,
            is_claim=not (
                LIST_MARK.match(low, max(first.start - 2, 0))
                or (is_word and (values == (1.0,) or (last.is_ordinal and values[0] in OFTEN_MEANT_OTHERWISE)))
            ),
            is_word=is_word,
            is_approximate=APPROXIMATE.search(before) is not None,
        )
    ]


def _composed(row: Sequence[_Part], first_value: float) -> float:
    """The value of tokens in a row, the first read as given."""
    return numerals.composed([first_value, *(part.values[0] for part in row[1:])])


@lru_cache(maxsize=20_000)
def unit_of(words: str) -> str:
    """The class of the unit that a text begins with; empty where it begins with none."""
    return next((name for name, pattern in UNIT if pattern.match(words)), "") if words else ""


def _second_unit(after: str) -> str:
    """Money and measures after one word between: "5 российских рублей"."""
    _word, _space, rest = after.partition(" ")
    unit = unit_of(rest) if rest and _word.isalpha() else ""
    return unit if unit in {"percent", "rub", "usd", "eur", "money", "degree", "km", "kg"} else ""
