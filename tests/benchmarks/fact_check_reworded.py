"""Rewordings for the `fact_check` benchmark: the same facts otherwise written, as a writer does it.

Numbers in words and by thousands, dates in figures and with their weekday, names in other cases and shortened,
quotations between other marks or with an ellipsis, sentences that begin otherwise. Grammar suffers; facts do not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from apps.core.morphology import analyzer
from tests.benchmarks.near_copies_texts import Told

TAIL = r"(?![\w.:/,-]?\d|\w|-)"
NUMBER = re.compile(rf"(?<![\w.,:/@+-])(?:\d{{1,3}}(?:[ \u00a0]\d{{3}})+|\d+(?:,\d+)?){TAIL}")
MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
          "декабря")  # fmt: skip
WEEKDAYS = ("понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье")
DATE = re.compile(rf"(?<![\d.-])(\d{{1,2}}) ({'|'.join(MONTHS)})(?![а-яё])(?: ((?:19|20)\d\d)(?: года)?)?")
QUOTE = re.compile(r"«([^«»]{25,400})»")
LINK = re.compile(r"(?:https?://|t\.me/)[\w./-]{6,}[\w/]|(?<![\w@])@\w{4,}")
CAPITAL = re.compile(r"(?<![\w-])[А-ЯЁ][а-яё]{3,}(?![\w-])")
FULL_NAME = re.compile(r"(?<![\w.-])([А-ЯЁ])[а-яё]{2,} ([А-ЯЁ][а-яё]{3,})(?![\w-])")
HELD = re.compile(
    r"https?://\S+|\S+@\S+|«[^«»]*«[^«»]*»[^«»]*»|«[^«»]*»|“[^”]*”|\"[^\"\n]*\"|"
    r"№ ?\d+|\d+[-–—:/]\d+\S*|\d+-\w+|\w+-\d+|"
    r"\d+(?:,\d+)? (?:тыс|млн|млрд|трлн|тысяч|миллион|миллиард)\w*|\d+ ?(?:и|по|до|,) ?\d+ [а-я]+"
)
WORDS = (
    "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
    "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
    "девятнадцать",
)  # fmt: skip
TENS = ("двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто")
OPENINGS = (
    "Как стало известно,", "Напомним,", "Позднее", "По словам очевидцев,", "Кроме того,", "Между тем", "Тем временем",
    "Сообщается, что", "Вечером", "Власти уточнили:", "Журналисты пишут:", "По предварительным данным,", "Теперь",
    "Собеседники добавили:", "Специалисты отмечают:", "Известно, что", "Ситуация такова:", "Накануне выяснилось:",
)  # fmt: skip
SHORTER = {"Министерство обороны": "Минобороны", "Центробанк": "ЦБ", "Евросоюз": "ЕС", "Российской Федерации": "России",
           "Санкт-Петербурге": "Петербурге", "США": "Соединённые Штаты Америки", "километров": "км", "рублей": "руб.",
           "Telegram": "Телеграм", "процентов": "%"}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A draft of a story, and where an error was planted in it.

    Attributes:
        error: the kind of the planted error; empty in a draft that is right.
        place: the field, first and last character of the error.
    """

    story: Sequence[Told]
    title: str
    lead: str
    body: str
    error: str = ""
    place: tuple[str, int, int] = ("", 0, 0)


def reworded(made: Made, chance: random.Random) -> Made:
    """A draft with the same facts written otherwise."""
    return replace(
        made,
        **{field: _reworded(getattr(made, field), made.story, chance) for field in ("title", "lead", "body")},
    )


def _reworded(text: str, story: Sequence[Told], chance: random.Random) -> str:
    held: list[str] = []

    def keep(piece: str) -> str:
        held.append(piece)
        return chr(0xE000 + len(held) - 1)

    text = HELD.sub(lambda match: keep(_requoted(match[0], chance)), text)
    text = DATE.sub(lambda match: keep(_redated(match, chance, _year_of(story, match))), text)
    text = NUMBER.sub(lambda match: keep(_respelt(match, chance)), text)
    for long, short in SHORTER.items():
        if chance.random() < 0.5:
            text = text.replace(long, short)
    if chance.random() < 0.5:
        text = FULL_NAME.sub(_shortened(chance), text)
    text = CAPITAL.sub(lambda match: _inflected(match, chance), text)
    text = re.sub(r"(?<=[а-яё][.!?] )(?=[А-ЯЁ])", lambda _match: _opening(chance), text)
    text = text.replace("ё", "е")
    while any(chr(0xE000) <= letter < chr(0xE000 + len(held)) for letter in text):
        text = re.sub("[\ue000-\uf8ff]", lambda match: held[ord(match[0]) - 0xE000], text)
    return text


def _opening(chance: random.Random) -> str:
    return f"{chance.choice(OPENINGS)} " if chance.random() < 0.4 else ""


def words_of(number: int) -> str:
    """A whole number under 100 in words."""
    if number < 20:
        return WORDS[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (f" {WORDS[ones]}" if ones else "")


def _respelt(match: re.Match[str], chance: random.Random) -> str:
    """A number in words, by thousands, with other marks, or about as much as it was."""
    plain = re.sub(r"[ \u00a0]", "", match[0])
    if "," in plain:
        return plain.replace(",", ".")
    value = int(plain)
    if 1900 <= value <= 2100 or plain[0] == "0" or value < 2:
        return match[0]
    if value < 100:
        return words_of(value) if chance.random() < 0.5 else match[0]
    if value % 1_000_000 == 0:
        return f"{value // 1_000_000} млн"
    if value % 1_000 == 0:
        thousands = value // 1_000
        return f"{words_of(thousands)} тысяч" if 4 < thousands < 100 and chance.random() < 0.5 else f"{thousands} тыс."
    rounded = round(value, 1 - len(str(value)))
    if value > 1_000 and 0 < rounded - value <= 0.04 * value and chance.random() < 0.3:
        return f"почти {rounded:,}".replace(",", " ")
    return f"{value:,}".replace(",", chance.choice([" ", "\u00a0", ""]))


def _inflected(match: re.Match[str], chance: random.Random) -> str:
    """A name in another case."""
    word = match[0]
    names = {"Surn", "Geox", "Name", "Orgn"}
    readings = [one for one in analyzer().parse(word) if one.is_known and names & one.tag.grammemes]
    if not readings or chance.random() < 0.4:
        return word
    form = readings[0].inflect({chance.choice(["gent", "datv", "ablt", "loct"])})
    return str(form.word).capitalize() if form else word


def _shortened(chance: random.Random) -> Callable[[re.Match[str]], str]:
    """First and last name as the last alone or with an initial, where both are a person's."""

    def shorten(match: re.Match[str]) -> str:
        first, last = match[0].split(" ")
        is_person = any("Name" in one.tag for one in analyzer().parse(first)) and any(
            "Surn" in one.tag for one in analyzer().parse(last)
        )
        if not is_person:
            return match[0]
        return match[2] if chance.random() < 0.5 else f"{match[1]}. {match[2]}"

    return shorten


def _redated(match: re.Match[str], chance: random.Random, year: int) -> str:
    """A date in figures, with its year, or with its weekday."""
    day, month = int(match[1]), MONTHS.index(match[2]) + 1
    year = int(match[3] or year)
    way = chance.random()
    if way < 0.3:
        return f"{day:02}.{month:02}.{year}"
    if way < 0.5:
        return f"{day}-го {match[2]}" + (f" {match[3]} года" if match[3] else "")
    if way < 0.7:
        return f"{day} {match[2]} {year} года"
    try:
        weekday = WEEKDAYS[date(year, month, day).weekday()]
    except ValueError:
        return match[0]
    return f"{weekday}, {match[0]}"


def _year_of(story: Sequence[Told], match: re.Match[str]) -> int:
    """The year that brings a date nearest to the posts."""
    at = story[-1].at
    month = MONTHS.index(match[2]) + 1
    return at.year + (1 if at.month - month > 6 else -1 if month - at.month > 6 else 0)


def _requoted(text: str, chance: random.Random) -> str:
    """A quotation between other marks or shortened by an ellipsis; an address without its scheme."""
    if not QUOTE.fullmatch(text):
        return text.removeprefix("https://") if text.startswith("https") and chance.random() < 0.5 else text
    words = text[1:-1].split()
    way = chance.random()
    if way < 0.3 and '"' not in text:
        return f'"{text[1:-1]}"'
    if way < 0.5 and len(words) > 12:
        return f"«{' '.join(words[:5])} … {' '.join(words[-5:])}»"
    return text
