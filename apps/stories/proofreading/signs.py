"""Signs and numbers: №, ×, °C, thousands, and what must not be torn apart at the end of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.stories.proofreading.changes import Edit
from apps.stories.proofreading.marks import NBSP, THIN

UNITS = (
    r"(?:руб(?:лей|ля|ль|лях|лями|лям|\.)?|коп(?:еек|\.)|тыс(?:\.|яч[аиуе]?)?|млн|млрд|трлн|миллион[а-я]*|миллиард[а-я]*|"
    r"кг|гг?\.|г|км|м|см|мм|га|мл|л|т|тонн[аы]?|час(?:а|ов)?|минут[аы]?|секунд[аы]?|ч|мин|сек|лет|год[ау]?|годов|"
    r"дн(?:я|ей)|день|месяц(?:а|ев)?|недел[иьюя]|человека?|чел|шт|процент(?:а|ов)?|градус(?:а|ов)?|кв|куб|кВт|МВт|ГВт|"
    r"Гц|МГц|ГГц|ГБ|МБ|ТБ|ст|баллов|балл[аы]?|"
    r"января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
)
WITH_UNIT = re.compile(rf"(?<=\d) (?={UNITS}(?![\w-]))|(?<=\d) (?=[₽$€%‰])|(?<=[IVX]) (?=вв?\.)")
SIGN_NUMBER = re.compile(r"(?<=[№§])[ \u202f]?(?=\d)")
LATIN_NUMBER = re.compile(r"(?<=[а-яё] )N ?(?=\d{1,5}\b)")
ABBREVIATED = re.compile(
    r"\b(?:[Уу]л|[Пп]р|[Пп]ер|[Пп]л|[Ии]м|[Пп]ос|[Дд]ер)\.( )(?=[А-ЯЁ\d])"
    r"|\b(?:[Дд]|[Кк]в|[Сс]тр|[Рр]ис|[Тт]абл|[Пп]|[Сс]т|[Гг]л|[Сс]м)\.( )(?=\d)"
)
TOWN = re.compile(r"(?<![\d.] )(?<!\d\u00a0)(?<!\d)\b[гГ]\.( )(?=[А-ЯЁ])")
SHORTHAND = re.compile(r"\b(т)\.( ?)(е|к|д|п|н|ч)\.(?![а-яё])")
INITIALS = re.compile(r"(?<![\w.])([А-ЯЁ])\.( ?)([А-ЯЁ])\.( ?)(?=[А-ЯЁ][а-яё]+)")
TIMES = re.compile(r"(?<=\d)( ?)[xXхХ]( ?)(?=\d)")
DEGREES = re.compile(r"(?<=\d)[^\S\n]?[°º˚][^\S\n]?[СCсc](?!\w)")
GROUPED = re.compile(r"(?<![\d.,:/№+-])(?<![№+-] )\d{1,3}(?:[ \u00a0\u202f]\d{3})++(?![\d]|[ \u00a0\u202f]\d{3})")
LONG = re.compile(rf"(?<![\w.,:/№+-])(?<!№[ \u00a0])[1-9]\d{{4,8}}+(?=[ \u00a0](?:{UNITS}(?![\w-])|[₽$€])|[₽$€])")
APOSTROPHE = re.compile(r"(?<=[^\W\d_])['`´](?=[^\W\d_])")


def signs_wanted(text: str) -> Iterator[Edit]:
    """№ and § with a space after them, × between sizes, °C in Latin, a curly apostrophe."""
    for found in SIGN_NUMBER.finditer(text):
        yield Edit(*found.span(), NBSP, "sign")
    for found in LATIN_NUMBER.finditer(text):
        yield Edit(*found.span(), f"№{NBSP}", "sign")
    for found in TIMES.finditer(text):
        if found.group(1) == found.group(2) and is_size(text, found):
            yield Edit(*found.span(), f"{found.group(1)}×{found.group(2)}", "sign")
    for found in DEGREES.finditer(text):
        yield Edit(*found.span(), f"{NBSP}°C", "sign")
    for found in APOSTROPHE.finditer(text):
        yield Edit(*found.span(), "’", "apostrophe")


def is_size(text: str, found: re.Match[str]) -> bool:
    """Whether the letter between two numbers multiplies them: not in a hexadecimal number, not in a model's name."""
    left = re.search(r"[\w.,]{1,12}\Z", text[max(0, found.start() - 12) : found.start()])
    right = re.match(r"\w{1,12}", text[found.end() : found.end() + 12])
    if left is None or right is None:
        return False
    plain = re.fullmatch(r"[\d.,]+|\d+[xXхХ×]\d+", left.group()) and re.fullmatch(r"\d+(?:[xXхХ]\d+)*", right.group())
    return bool(plain) and left.group() != "0"


def ties_wanted(text: str) -> Iterator[Edit]:
    """Non-breaking spaces: a number and its unit, initials and the name, “т. е.”, “ул. Мира”, “п. 5”."""
    for found in WITH_UNIT.finditer(text):
        yield Edit(*found.span(), NBSP, "nbsp")
    for pattern in (ABBREVIATED, TOWN):
        for found in pattern.finditer(text):
            group = 1 if found.group(1) else 2
            yield Edit(*found.span(group), NBSP, "nbsp")
    for found in SHORTHAND.finditer(text):
        yield Edit(*found.span(2), NBSP, "nbsp")
    for found in INITIALS.finditer(text):
        yield Edit(*found.span(2), NBSP, "nbsp")
        yield Edit(*found.span(4), NBSP, "nbsp")


def thousands_wanted(text: str, style: str) -> Iterator[Edit]:
    """Groups of thousands that do not break; by house rule also where none were written.

    Args:
        style: "leave" (only what has spaces already), "space" or "thin".
    """
    space = THIN if style == "thin" else NBSP
    for found in GROUPED.finditer(text):
        number = found.group()
        wanted = number.replace(" ", NBSP) if style == "leave" else re.sub(r"\s", space, number)
        if wanted != number:
            yield Edit(*found.span(), wanted, "thousands")
    if style != "leave":
        for found in LONG.finditer(text):
            yield Edit(*found.span(), f"{int(found.group()):,}".replace(",", space), "thousands")
