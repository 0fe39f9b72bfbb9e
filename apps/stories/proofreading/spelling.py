"""Words that the dictionary does not know, with what may have been meant. Doubts only: names and new words are many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from apps.core.morphology import analyzer, folded, russian_forms
from apps.stories.proofreading.young import YOUNG

WORDS_MAX = 60  # unknown words of one text for which suggestions are looked for
SHOWN = 4
NEAR, FAR = 1.0, 3.0  # slips that any known word may explain, and such as none does
SHORTEST, LONG, LONGEST = 4, 7, 30  # LONG: few words are so long and so like another by chance
TOKEN = re.compile(r"(?<![\w’'\u0300-\u036f-])[а-яё]++(?:-[а-яё]++)*+(?![\w’'\u0300-\u036f-])")
ALPHABET = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
CONFUSED = frozenset(
    frozenset(pair)
    for pair in ("оа", "еи", "еэ", "иы", "яа", "юу", "тд", "бп", "гк", "зс", "вф", "шщ", "жш", "цс", "ьъ", "яе", "йи")
)
KEYS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
NEIGHBOURS = {frozenset(row[at : at + 2]) for row in KEYS for at in range(len(row) - 1)}
FIRST_PARTS = (
    "не",
    "ни",
    "по",
    "на",
    "во",
    "что",
    "как",
    "так",
    "то",
    "для",
    "или",
    "потому",
    "без",
    "под",
    "от",
    "до",
)
LAST_PARTS = ("бы", "же", "ли", "что", "как", "раз")
KNOWN_ENDINGS = ("то", "либо", "нибудь", "таки", "ка", "де", "с")


def unknown_words(text: str, known: frozenset[str]) -> Iterator[tuple[int, int, str, tuple[str, ...]]]:
    """Words in small letters that nobody knows and that are close to a known one: start, end, word, suggestions."""
    asked: dict[str, tuple[str, ...]] = {}
    for found in TOKEN.finditer(text):
        word = found.group()
        if not SHORTEST <= len(word) <= LONGEST or folded(word) in known or is_known(word):
            continue
        if word not in asked:
            if len(asked) >= WORDS_MAX:
                continue
            asked[word] = suggestions(word)
        if asked[word]:
            yield found.start(), found.end(), word, asked[word]


@lru_cache(maxsize=1)
def young_forms() -> frozenset[str]:
    """Every form of the words that are younger than the dictionary."""
    return frozenset(form for word in YOUNG for form in russian_forms(folded(word)))


@lru_cache(maxsize=20_000)
def is_known(word: str) -> bool:
    """Whether the dictionary has the word, or its parts where it is put together from several."""
    known = analyzer().word_is_known
    if known(word) or folded(word) in young_forms():
        return True
    parts = word.split("-")
    if len(parts) > 1:
        return all(known(part) or part in KNOWN_ENDINGS or begins_words(part) for part in parts)
    return begins_words(word)


def begins_words(word: str) -> bool:
    """Whether it is a known word behind one of the usual beginnings (“не”, “супер”, “крипто”)."""
    return any(
        "KnownPrefix" in type(step[0]).__name__
        for reading in analyzer().parse(word)
        for step in reading.methods_stack
        if not reading.tag.POS or reading.tag.POS != "VERB"
    )


@lru_cache(maxsize=5_000)
def suggestions(word: str) -> tuple[str, ...]:
    """Known words one slip away, the likeliest first; two words where a space may be missing."""
    known = analyzer().word_is_known
    ranked: dict[str, float] = {}
    for other, rank in slips(word):
        if rank < ranked.get(other, rank + 1) and known(other):
            ranked[other] = rank
    for first, last in splits(word):
        if known(first) and known(last) and seen(last):
            ranked[f"{first} {last}"] = NEAR
    far = FAR if len(word) >= LONG else NEAR * 2
    near = [other for other, rank in ranked.items() if rank <= NEAR or (rank <= far and seen(other))]
    return tuple(sorted(near, key=lambda other: (ranked[other] - 1.5 * seen(other), other))[:SHOWN])


def seen(word: str) -> float:
    """1 for a word that was met in the dictionary's corpus in this form or in its first one, else 0."""
    chance = analyzer().prob_estimator.p_t_given_w.prob
    for reading in analyzer().parse(word)[:2]:
        first = reading.normalized
        if chance(reading.word, reading.tag) > 0 or chance(first.word, first.tag) > 0:
            return 1.0
    return 0.0


def splits(word: str) -> Iterator[tuple[str, str]]:
    """The word in two, at a small word that begins or ends it."""
    for part in FIRST_PARTS:
        if word.startswith(part) and len(word) - len(part) >= 3:
            yield part, word[len(part) :]
    for part in LAST_PARTS:
        if word.endswith(part) and len(word) - len(part) >= 3:
            yield word[: -len(part)], part


def slips(word: str) -> Iterator[tuple[str, float]]:
    """Every string that is one slip away, and how unlikely the slip is; a first letter is seldom wrong."""
    for at in range(len(word)):
        far = 2.0 if at == 0 else 0.0
        head, letter, tail = word[:at], word[at], word[at + 1 :]
        yield head + tail, far + (0.5 if letter in head[-1:] + tail[:1] or letter in "ьъ" else 2)
        if tail and tail[0] != letter:
            yield head + tail[0] + letter + tail[1:], far + 1
        for other in ALPHABET:
            if other != letter:
                pair = frozenset((letter, other))
                yield head + other + tail, far + (1 if pair in CONFUSED else 2 if pair in NEIGHBOURS else 3)
    for at in range(1, len(word) + 1):
        for other in ALPHABET:
            near = other in word[at - 1] + word[at : at + 1] or other in "ьъ"
            yield word[:at] + other + word[at:], 0.5 if near else 2
