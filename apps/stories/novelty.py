"""What each post of a story says that no earlier one did: names and numbers. Pure, and cheap enough for a page."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
SHOWN_MAX = 6
LOOK_BACK = 40
STEM_MIN, STEM_MAX, ENDING = 3, 5, 2  # letters by which two forms of one word are known, and those that change
NOISE = re.compile(r"(?:https?://|www\.|t\.me/)\S+|[@#]\w+")
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[ \u00a0\u202f]\d{3})*(?:[.,:]\d+)*(?:\s?%)?")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
GAP = re.compile(r"[ \u00a0]+|[ \u00a0]*[«\"][ \u00a0]*")
BEGINS = re.compile(r"(?:^|[.!?…:\n\r—–]|[.!?…]\s*[»\")])\s*[^\w\s]*\s*$")


def told_anew(posts: Iterable[tuple[K, str]]) -> dict[K, list[str]]:
    """By post, the numbers and names that none of the earlier ones has; the first of all has none.

    A name is a word with a capital letter within a sentence, or several in a row. Forms of one word count as one by
    their first letters, so a name that was told in any form, also as a common word, is not new.
    """
    numbers: set[str] = set()
    stems: set[str] = set()
    anew: dict[K, list[str]] = {}
    for place, (key, text) in enumerate(posts):
        plain = NOISE.sub(" ", text)
        found = list(_numbers(plain)), list(_names(plain))
        if place:
            fresh = list({number: shown for number, shown in reversed(found[0]) if number not in numbers}.values())[
                ::-1
            ]
            fresh += [name for name in found[1] if not _is_known(name, stems)]
            anew[key] = list(dict.fromkeys(fresh))[:SHOWN_MAX]
        numbers.update(plain_number for plain_number, _shown in found[0])
        words = (_folded(word) for word in WORD.findall(plain))
        stems.update(word[:letters] for word in words for letters in range(STEM_MIN, STEM_MAX + 1))
    return anew


def _numbers(text: str) -> Iterable[tuple[str, str]]:
    """Each number without the spaces in it, and as it stands; single digits say too little."""
    for found in NUMBER.findall(text):
        plain = re.sub(r"\s", "", found).replace(",", ".")
        if sum(each.isdigit() for each in plain) > 1 or plain.endswith("%"):
            yield plain, found.strip()


def _names(text: str) -> Iterable[str]:
    """Runs of words with a capital letter; one alone at the beginning of a sentence is no name."""
    run: list[str] = []
    began, end = False, 0
    for word in WORD.finditer(text):
        is_capital = word[0][0].isupper()
        goes_on = bool(run) and GAP.fullmatch(text[end : word.start()]) is not None
        if run and not (is_capital and goes_on):
            yield from _name(run, began)
            run = []
        if is_capital:
            began = began if run else BEGINS.search(text[max(0, word.start() - LOOK_BACK) : word.start()]) is not None
            run.append(word[0])
        end = word.end()
    yield from _name(run, began)


def _name(run: list[str], began: bool) -> Iterable[str]:
    if len(run) > 1 or (run and not began and len(run[0]) > 2):
        yield " ".join(run)


def _is_known(name: str, stems: set[str]) -> bool:
    """Whether every word of a name was told in some form."""
    words = [_folded(word) for word in WORD.findall(name)]
    return all(word[: max(STEM_MIN, min(STEM_MAX, len(word) - ENDING))] in stems for word in words)


def _folded(word: str) -> str:
    return word.lower().replace("ё", "е")
