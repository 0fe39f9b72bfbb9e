"""Punctuation of a text: spaces around marks, dashes, ellipses. Each rule reads a text and says what it wants."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.stories.proofreading.changes import Edit

NBSP, THIN = "\u00a0", "\u202f"
CYRILLIC = "а-яёА-ЯЁ"
BRANDS = frozenset({"яндекс", "газета", "лента", "дзен", "авто", "мейл", "аргументы", "вконтакте", "госуслуги"})

DOUBLE = re.compile(r"(?<=\S)[^\S\n]{2,}+(?=\S)")
BEFORE_MARK = re.compile(r"(?<=[\w»)”\"])[^\S\n]++([,.;:!?]++)(?=[\s»\"”]|\Z)")
MOVED_MARK = re.compile(r"(?<=[\w»)])[^\S\n]++(,(?=[а-яё]{2})|\.(?=[А-ЯЁ][а-яё]))")
AFTER_MARK = re.compile(rf"(?<=[{CYRILLIC}])[,;:!?](?=[{CYRILLIC}])|(?<=[A-Za-z]{{2}})[,;](?=[A-Za-z]{{2}})")
SENTENCE = re.compile(rf"(?<![\w.])([{CYRILLIC}]{{3,40}}+)\.(?=[А-ЯЁ][а-яё])")
IN_BRACKET = re.compile(r"(?<=\()[^\S\n]++(?=[^\s)])|(?<=[\w.!?…»])[^\S\n]++(?=\))")
TWICE = re.compile(r"(?<=\w)(,,|;;)(?!=[,;])(?=[\s\w])")
ELLIPSIS = re.compile(r"(?<![.!?…])\.{3}(?!\.)")

SPACED_DASH = re.compile(r"(?<=\S)([^\S\n]++)(--?|[–—―])(?=[^\S\n])")
HALF_SPACED = re.compile(
    rf"(?<=[{CYRILLIC}A-Za-z\d,.!?…»”)])[–—](?=[^\S\n])|(?<=[^\S\n])[–—](?=[{CYRILLIC}A-Za-z«„“\"(])"
)
CLOSE_DASH = re.compile(rf"(?<=[{CYRILLIC}»])—(?=[{CYRILLIC}«])")
NUMBER = r"\d{1,4}(?:[.,]\d{1,3}|:\d{2})?"
RANGE = re.compile(rf"(?<![\w.,:/+–—−№-])(?<!№[^\S\n])({NUMBER})([-—−])({NUMBER})(?![\w/–—−-]|[.,:]\d)")
CENTURIES = re.compile(r"(?<![\w–—-])([IVXL]{1,6})[-—]([IVXL]{1,6})(?![\w–—-])")
MINUS = re.compile(r"(?<![^\s(«])[-–](?=\d{1,4}(?:[.,]\d{1,3})?[^\S\n]?(?:°|%|градус))")


def spaces_wanted(text: str) -> Iterator[Edit]:
    """One space between words, none before a mark, one after it."""
    for found in DOUBLE.finditer(text):
        space = next((letter for letter in found.group() if letter in (NBSP, THIN)), " ")
        yield Edit(*found.span(), space, "spaces")
    for found in BEFORE_MARK.finditer(text):
        if not keeps_its_space(text, found):
            yield Edit(found.start(), found.start(1), "", "spaces")
    for found in MOVED_MARK.finditer(text):
        yield Edit(*found.span(), f"{found.group(1)} ", "spaces")
    for found in AFTER_MARK.finditer(text):
        yield Edit(found.end(), found.end(), " ", "spaces")
    for found in IN_BRACKET.finditer(text):
        yield Edit(*found.span(), "", "spaces")
    for found in TWICE.finditer(text):
        yield Edit(*found.span(), found.group()[0], "spaces")


def keeps_its_space(text: str, found: re.Match[str]) -> bool:
    """Whether the space before a mark is meant: an ellipsis that begins, a score, a smile."""
    mark = found.group(1)
    digits = text[found.start() - 1].isdigit() and text[found.end() : found.end() + 2].strip()[:1].isdigit()
    return mark.startswith("..") or (mark == ":" and digits)


def sentences_wanted(text: str) -> Iterator[Edit]:
    """A space between sentences that stick together; names with a dot inside (“Яндекс.Музыка”) are left."""
    for found in SENTENCE.finditer(text):
        word = found.group(1)
        if word.islower() and word not in BRANDS:
            yield Edit(found.end(), found.end(), " ", "spaces")


def ellipses_wanted(text: str) -> Iterator[Edit]:
    """Three dots as one sign; “?..” and “!..” stay as Russian writes them."""
    for found in ELLIPSIS.finditer(text):
        yield Edit(*found.span(), "…", "ellipsis")


def dashes_wanted(text: str) -> Iterator[Edit]:
    """A long dash between words, with a non-breaking space before it."""
    for found in SPACED_DASH.finditer(text):
        before, after = text[found.start() - 1], text[found.end() : found.end() + 40].lstrip()[:1]
        if before in "-–—―" or after in "-–—―" or (before.isdigit() and after.isdigit() and found.group(2) in "-–"):
            continue
        if found.group() != f"{NBSP}—":
            yield Edit(*found.span(), f"{NBSP}—", "dash" if found.group(2) != "—" else "nbsp")
    for found in HALF_SPACED.finditer(text):
        before, after = text[found.start() - 1], text[found.end()]
        if not (before.isdigit() and after.isdigit()):
            yield Edit(*found.span(), f"{'' if before.isspace() else NBSP}—{'' if after.isspace() else ' '}", "dash")
    for found in CLOSE_DASH.finditer(text):
        yield Edit(*found.span(), f"{NBSP}— ", "dash")


def english_dashes_wanted(text: str) -> Iterator[Edit]:
    """A dash instead of a hyphen between spaces; dashes that stand there stay as they are."""
    for found in SPACED_DASH.finditer(text):
        before, after = text[found.start() - 1], text[found.end() : found.end() + 40].lstrip()[:1]
        between = (before.isalpha() or before in "”’)…,") and (after.isalpha() or after in "“‘(")
        if found.group(2).startswith("-") and between:
            yield Edit(*found.span(2), "–", "dash")


def ranges_wanted(text: str) -> Iterator[Edit]:
    """A short dash in ranges of numbers and centuries, a minus before degrees and shares."""
    for found in RANGE.finditer(text):
        if rises(found.group(1), found.group(3)):
            yield Edit(*found.span(2), "–", "range")
    for found in CENTURIES.finditer(text):
        yield Edit(found.end(1), found.start(2), "–", "range")
    for found in MINUS.finditer(text):
        if not text[max(0, found.start() - 2) : found.start()].strip()[-1:].isdigit():
            yield Edit(*found.span(), "−", "minus")


def rises(first: str, second: str) -> bool:
    """Whether two numbers are a range: both plain or both times, the first one less, no zeros in front."""
    times = ":" in first, ":" in second
    if times[0] != times[1]:
        return False
    if not times[0] and any(one[0] == "0" and one[1:2].isdigit() for one in (first, second)):
        return False
    numbers = [float(one.replace(",", ".").replace(":", ".")) for one in (first, second)]
    return numbers[0] < numbers[1]
