"""Numbers written in words, Russian and English, in all cases."""

from __future__ import annotations

import re
from functools import lru_cache

CARDINALS: dict[float, str] = {
    0: "ноль нуля нулю нулем zero",
    1: "один одна одно одного одной одному одну одним одном one",
    2: "два две двух двум двумя двое двоих двоим двоими two",
    3: "три трех трем тремя трое троих троим троими three",
    4: "четыре четырех четырем четырьмя четверо четверых четверым four",
    5: "пять пяти пятью пятеро пятерых пятерым five",
    6: "шесть шести шестью шестеро шестерых шестерым six",
    7: "семь семи семью семеро семерых семерым seven",
    8: "восемь восьми восемью восьмью восьмеро восьмерых eight",
    9: "девять девяти девятью nine",
    10: "десять десяти десятью десяток ten",
    11: "одиннадцат- eleven",
    12: "двенадцат- дюжина дюжину дюжины twelve dozen",
    13: "тринадцат- thirteen",
    14: "четырнадцат- fourteen",
    15: "пятнадцат- fifteen",
    16: "шестнадцат- sixteen",
    17: "семнадцат- seventeen",
    18: "восемнадцат- eighteen",
    19: "девятнадцат- nineteen",
    20: "двадцат- twenty",
    30: "тридцат- thirty",
    40: "сорок сорока forty",
    50: "пятьдесят пятидесяти пятьюдесятью fifty",
    60: "шестьдесят шестидесяти шестьюдесятью sixty",
    70: "семьдесят семидесяти семьюдесятью seventy",
    80: "восемьдесят восьмидесяти восемьюдесятью eighty",
    90: "девяносто девяноста ninety",
    100: "сто ста сотня сотню",
    200: "двести двухсот двумстам двумястами двухстах",
    300: "триста трехсот тремстам тремястами трехстах",
    400: "четыреста четырехсот четыремстам четырьмястами четырехстах",
    500: "пятьсот пятисот пятистам пятьюстами пятистах",
    600: "шестьсот шестисот шестистам шестьюстами шестистах",
    700: "семьсот семисот семистам семьюстами семистах",
    800: "восемьсот восьмисот восьмистам восемьюстами восьмистах",
    900: "девятьсот девятисот девятистам девятьюстами девятистах",
    1.5: "полтора полторы полутора",
}
ORDINALS: dict[int, str] = {
    1: "перв", 2: "втор", 4: "четверт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят", 10: "десят",
    11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат", 16: "шестнадцат",
    17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат", 40: "сороков",
    50: "пятидесят", 60: "шестидесят", 70: "семидесят", 80: "восьмидесят", 90: "девяност", 100: "сот",
}  # fmt: skip
ORDINAL_ENDINGS = ["ый", "ой", "ая", "ое", "ого", "ому", "ым", "ом", "ую", "ые", "ых", "ыми"]
THIRD = "третий третья третье третьего третьей третью третьему третьим третьем третьих третьи third"
ENGLISH_ORDINALS = {"first": 1, "second": 2, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
                    "ninth": 9, "tenth": 10}  # fmt: skip
# Multiplications, halves and pairs: they bear out a number of the draft, and are not checked themselves.
HINTS: dict[str, tuple[float, ...]] = {
    "вдвое": (2,), "дважды": (2,), "двойной": (2,), "двукратн": (2,), "удво": (2, 100), "пара": (2,), "пару": (2,),
    "втрое": (3,), "трижды": (3,), "утро": (3,), "вчетверо": (4,), "впятеро": (5,), "половин": (50, 0.5),
    "вполовину": (50, 0.5), "треть": (33,), "четверть": (25, 15), "полгода": (6, 0.5), "полчаса": (30, 0.5),
    "оба": (2,), "обе": (2,), "обоих": (2,), "обеих": (2,), "двойн": (2,), "близнец": (2,), "супруг": (2,),
    "вторы": (2,), "сутки": (24,), "double": (2,), "twice": (2,), "half": (50, 0.5), "quarter": (25,),
    "полуторагодовал": (1.5,), "годовал": (1,), "десятилети": (10,), "столети": (100,), "полвека": (50,),
}  # fmt: skip
HINT = re.compile(rf"\b(?:{'|'.join(sorted(HINTS, key=len, reverse=True))})")
MAGNITUDES = (
    (re.compile(r"тыс\.?|тысяч[аиуе]?|тысячам|тысячами|тысячах|тысячей|thousand"), 1e3),
    (re.compile(r"млн\.?|миллион(?:а|у|ом|е|ы|ов|ам|ами|ах)?|million|mln"), 1e6),
    (re.compile(r"млрд\.?|миллиард(?:а|у|ом|е|ы|ов|ам|ами|ах)?|billion|bn"), 1e9),
    (re.compile(r"трлн\.?|триллион(?:а|у|ом|е|ы|ов|ам|ами|ах)?|trillion|tn"), 1e12),
)
# The first parts of compound adjectives: пятилетний, двадцатипятиэтажный
PREFIXES: dict[str, float] = {
    "двух": 2, "трех": 3, "четырех": 4, "пяти": 5, "шести": 6, "семи": 7, "восьми": 8, "девяти": 9, "десяти": 10,
    "одиннадцати": 11, "двенадцати": 12, "тринадцати": 13, "четырнадцати": 14, "пятнадцати": 15, "шестнадцати": 16,
    "семнадцати": 17, "восемнадцати": 18, "девятнадцати": 19, "двадцати": 20, "тридцати": 30, "сорока": 40,
    "пятидесяти": 50, "шестидесяти": 60, "семидесяти": 70, "восьмидесяти": 80, "девяносто": 90, "сто": 100,
    "двухсот": 200, "трехсот": 300, "пятисот": 500, "полутора": 1.5,
}  # fmt: skip
MEASURED = (
    "летн|месячн|недельн|дневн|суточн|часов|минутн|секундн|этажн|кратн|процентн|комнатн|тысячн|миллионн|километров|"
    "метров|килограммов|рублев|местн|тонн"
)
PREFIX = "|".join(sorted(PREFIXES, key=len, reverse=True))
COMPOUND = re.compile(rf"(?P<number>(?:{PREFIX}){{1,3}})-?(?P<what>(?:{MEASURED})\w*)")
HALF = {"полмиллиона": 5e5, "полмиллиарда": 5e8, "полтысячи": 500.0, "полсотни": 50.0}


@lru_cache(maxsize=1)
def words() -> dict[str, tuple[float, bool]]:
    """Every folded number word with its value and whether it is an ordinal."""
    known: dict[str, tuple[float, bool]] = {}
    for value, forms in CARDINALS.items():
        for form in forms.split():
            for one in (form[:-1] + end for end in ("ь", "и", "ью")) if form.endswith("-") else (form,):
                known[one] = (float(value), False)
    for number, stem in ORDINALS.items():
        for end in ORDINAL_ENDINGS:
            known.setdefault(stem + end, (float(number), True))
    known |= dict.fromkeys(THIRD.split(), (3.0, True))
    known |= {form: (float(number), True) for form, number in ENGLISH_ORDINALS.items()}
    known |= {form: (value, False) for form, value in HALF.items()}
    return known


@lru_cache(maxsize=2_000)
def magnitude(word: str) -> float | None:
    """What a word multiplies a number by: 1000 for "тысяч"; None for other words."""
    return next((times for pattern, times in MAGNITUDES if pattern.fullmatch(word)), None)


def composed(values: list[float]) -> float:
    """The value of number words in a row, magnitudes among them: [25, 1000, 300] of "двадцать пять тысяч триста"."""
    total = group = 0.0
    for value in values:
        if value == 100 and 0 < group < 10:
            group *= value  # "three hundred"
        elif value >= 1000:
            total += (group or 1.0) * value
            group = 0.0
        else:
            group += value
    return total + group


def compound(word: str) -> tuple[float, str] | None:
    """The number and the rest of a compound adjective: (5, "летний") of "пятилетний"; None for other words."""
    match = COMPOUND.fullmatch(word)
    if match is None:
        return None
    parts = [PREFIXES[part] for part in re.findall(PREFIX, match["number"])]
    return sum(parts), match["what"]
