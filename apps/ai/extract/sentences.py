"""Splitting Russian and English text into sentences.

A sentence is an exact piece of its line. Where it is unclear whether a full stop ends one, it does not: two sentences
kept together read better in a draft than half of one.
"""

from __future__ import annotations

import re


def word_set(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


# After these a full stop never ends a sentence: something always follows.
LEADING = word_set(
    """
    г гор им ул пр-т просп пер пл наб ш бул пос дер обл респ р-н д кв корп стр оф каб эт тел доб о св проф акад доц
    ген полк майор кап лейт серж ред см ср рис табл гл ст п пп ч изд англ нем фр лат рус авт мин макс т тов гр г-н
    г-жа напр т.е т.к т.н и.о в.о о.о к.м н.э до н к и mr mrs ms dr prof st no vs e.g i.e jr sr inc ltd gen col sen
    rep gov
    """
)
# After these it does where a capital letter follows.
TRAILING = word_set(
    """
    др пр т.д т.п т.ч гг вв тыс млн млрд трлн руб коп долл чел ед шт кг км см мм га л с м etc co
    """
)
# What may begin the next sentence: a capital letter or a number, a handle, an address, a pictogram.
NEXT = r"[«“„\"(\[—–-]?\s?[А-ЯЁA-Z0-9]|[@#]\w|https?:|[^\w\s«»“”„\"'()\[\]—–,.;:!?…%№$€₽+*/-]"
END = re.compile(rf"[.!?…]+[»”\"’)\]]*(?=\s+(?:{NEXT}))")
LAST_WORD = re.compile(r"([\w.-]*[\w-])\.[»”\"’)\]]*$")
MARKS = re.compile(r"^[^\w«“„\"(\[#@$€₽№+]+|^[-–—•·*]+\s*")
PAIRS = (("«", "»", 400), ("“", "”", 400), ("„", "“", 400), ("(", ")", 300))
SPACES = re.compile(r"[ \t\u00a0\u2009\u202f]+")


def sentences(text: str) -> list[str]:
    """The sentences of a text, line by line, without the signs and bullets in front of them."""
    found = []
    for line in text.splitlines():
        line = MARKS.sub("", SPACES.sub(" ", line)).strip()
        if line:
            found += split_line(line)
    return found


def split_line(line: str) -> list[str]:
    """The sentences of one line."""
    closed = enclosed(line)
    parts, begin = [], 0
    for match in END.finditer(line):
        end = match.end()
        if any(left < end < right for left, right in closed) or not ends_here(line[begin:end], begin == 0):
            continue
        parts.append(line[begin:end].strip())
        begin = end
    parts.append(line[begin:].strip())
    return [part for part in parts if part]


def ends_here(piece: str, is_first: bool) -> bool:
    """Whether the full stop at the end of a piece ends a sentence; question and exclamation marks always do."""
    match = LAST_WORD.search(piece)
    if match is None:
        return True
    word = match[1]
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False  # an initial
    if re.fullmatch(r"(?:[А-ЯЁA-Z]\.)+[А-ЯЁA-Z]", word):
        return False
    if word.isdigit() and len(word) < 3 and is_first and piece.rstrip(".") == word:
        return False  # the number of a list's entry
    lower = word.lower()
    return lower in TRAILING or lower not in LEADING


def enclosed(line: str) -> list[tuple[int, int]]:
    """Where quotations and brackets stand that close again soon; no sentence ends inside one."""
    spans = []
    for opening, closing, longest in PAIRS:
        begin = line.find(opening)
        while begin != -1:
            end = line.find(closing, begin + 1)
            if end == -1:
                break
            if end - begin <= longest:
                spans.append((begin, end + 1))
            begin = line.find(opening, end)
    quotes = [position for position, letter in enumerate(line) if letter == '"']
    spans += [(left, right + 1) for left, right in zip(quotes[::2], quotes[1::2], strict=False) if right - left <= 400]
    return spans
