"""Words of a text in their dictionary form, marked and weighed. For workers only: the dictionaries take memory."""

from __future__ import annotations

import re
import zlib
from array import array
from functools import lru_cache
from typing import NamedTuple

from apps.core.morphology import analyzer
from apps.stories.grouping.terms import HEAD, NAME, NUMBER, WEIGHT_MAX, Terms

# Measured on judged pairs of news (docs/grouping.md): a title counts twice, names and numbers about twice, verbs and
# adverbs less; after 1,200 characters a text adds little.
CHARACTERS = 1200
HEAD_CHARACTERS = 200
HEADLINE_CHARACTERS = 120  # a first line longer than this is a paragraph: its first sentence is the head
HEAD_COUNTS = 2
REPEATS_MAX = 4
TENTHS = 10
NAME_TENTHS = 18
ACTION_TENTHS = 7
WORDS_MAX = 150_000
WORDS_LOOKED_UP = 20_000  # so that a word with a capital is not looked up again

WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
LINK = re.compile(r"(?:https?://|www\.|t\.me/)\S+|\b[\w.-]+\.(?:ru|com|org|net|me)/\S*|[@#]\w+", re.IGNORECASE)
LINK_SIGNS = ("/", "@", "#")  # without one of these, or www., `LINK` finds nothing
SENTENCE = re.compile(r".{20,}?[.!?…](?=\s)")
# A capital after a word, a comma or a dash, not at the beginning of a sentence.
CAPITAL = re.compile(r"(?<=[^.!?…:\s] )[«\"„“(]*([A-ZА-ЯЁ][^\W\d_]*)")
ABBREVIATION = 5  # letters; longer words in capitals only are shouted
IGNORED_SPEECH = frozenset({"PREP", "CONJ", "PRCL", "NPRO", "INTJ", "PRED"})
ACTION_SPEECH = frozenset({"VERB", "INFN", "PRTF", "PRTS", "GRND", "ADVB", "COMP"})
NAME_GRAMMEMES = frozenset({"Surn", "Name", "Patr", "Geox", "Orgn", "Trad", "Abbr"})
ENGLISH_SAID_OFTEN = (
    "a an the of to in on at by for from with as and or but not no is are was were be been has have had it its this"
    " that he she they we you his her their our your will would can could said says after before over into about more"
)
RUSSIAN_SAID_OFTEN = (
    "быть мочь год который свой весь этот сам самый другой такой очень также еще уже более менее это один"
    " подписаться подписываться подписка читать новость канал подробность подробный источник прислать видео фото"
)
SAID_OFTEN = frozenset(ENGLISH_SAID_OFTEN.split()) | frozenset(RUSSIAN_SAID_OFTEN.split())


class Word(NamedTuple):
    """What is known of a word.

    Attributes:
        lemma: its dictionary form.
        key: the hash of that.
        tenths: its weight.
        marks: NAME or NUMBER where it is one by itself.
        is_latin: of Latin letters; whether it is a name depends on the language around it.
    """

    lemma: str
    key: int
    tenths: int
    marks: int
    is_latin: bool


class Lemmatiser:
    """Turns texts into terms; remembers the words it has met, and forgets them all when there are too many."""

    def __init__(self, *, words_max: int = WORDS_MAX) -> None:
        self._words: dict[str, Word | None] = {}
        self._words_max = words_max

    def terms(self, *, title: str, text: str) -> tuple[Terms, tuple[str, ...]]:
        """The terms of a post and the lemma of each; the title, or else the first line, counts twice."""
        head, body = parts(title, text)
        head, body = without_links(head), without_links(body)
        counts: dict[str, int] = {}
        for word in WORD.findall(head):
            counts[word] = counts.get(word, 0) + HEAD_COUNTS
        of_head = len(counts)
        for word in WORD.findall(body):
            counts[word] = counts.get(word, 0) + 1
        is_latin = 2 * sum(map(str.isascii, counts)) > len(counts)
        # English headlines Capitalise Every Word: there only the text below tells what is a name.
        capitals = set(CAPITAL.findall(body if is_latin or head.isupper() else f"{head}\n{body}"))
        return self._gathered(counts, of_head, capitals, is_latin=is_latin)

    def _gathered(
        self, counts: dict[str, int], of_head: int, capitals: set[str], *, is_latin: bool
    ) -> tuple[Terms, tuple[str, ...]]:
        """Forms of one word counted as one."""
        repeats: dict[int, int] = {}
        tenths: dict[int, int] = {}
        marks: dict[int, int] = {}
        lemmas: dict[int, str] = {}
        known_words = self._words
        for place, (word, count) in enumerate(counts.items()):
            known = known_words.get(word, ...)
            if known is ...:
                known = self._learn(word)
            if known is None:
                continue
            lemma, key, heavy, marked, latin = known
            if latin and is_latin:
                heavy, marked = TENTHS, 0
            if word in capitals and (len(word) <= ABBREVIATION or not word.isupper()):
                heavy, marked = NAME_TENTHS, NAME
            if place < of_head:
                marked |= HEAD
            if key in lemmas:
                repeats[key] += count
                marks[key] |= marked
                if heavy > tenths[key]:
                    tenths[key] = heavy
            else:
                lemmas[key], repeats[key], marks[key], tenths[key] = lemma, count, marked, heavy
        weights = bytes([min(min(repeats[key], REPEATS_MAX) * tenths[key], WEIGHT_MAX) for key in lemmas])
        return Terms(array("I", lemmas), weights, bytes(marks.values())), tuple(lemmas.values())

    def spans(self, text: str) -> list[tuple[int, int, int]]:
        """The words of a text that say something, in their order: term, beginning and end."""
        found = []
        for told in WORD.finditer(text):
            word = told[0]
            known = self._words.get(word, ...)
            if known is ...:
                known = self._learn(word)
            if known is not None:
                found.append((known.key, told.start(), told.end()))
        return found

    def _learn(self, word: str) -> Word | None:
        if len(self._words) >= self._words_max:
            self._words.clear()
        self._words[word] = known = word_of(word)
        return known


def parts(title: str, text: str) -> tuple[str, str]:
    """What counts as a post's head, and what follows it."""
    title, text = title.strip(), text.strip()
    if title:
        return title[:HEAD_CHARACTERS], text.removeprefix(title)[:CHARACTERS]
    head, _line, body = text.partition("\n")
    if len(head) > HEADLINE_CHARACTERS:
        sentence = SENTENCE.match(head[:HEAD_CHARACTERS])
        end = sentence.end() if sentence else head.rfind(" ", 0, HEAD_CHARACTERS)
        end = end if end > 0 else HEAD_CHARACTERS
        head, body = head[:end], f"{head[end:]}\n{body}"
    return head, body[:CHARACTERS]


def without_links(text: str) -> str:
    """A text with a space for each link, mention and hashtag; what has no sign of one is seen sooner."""
    return LINK.sub(" ", text) if any(sign in text for sign in LINK_SIGNS) or "www." in text.lower() else text


def word_of(word: str) -> Word | None:
    """A word as it counts; None for words that say nothing."""
    lower = word.lower()
    if word[0].isdigit():
        long = len(word) > 1
        return _word(word, NAME_TENTHS if long else ACTION_TENTHS, NUMBER if long else 0)
    if word.isascii():
        return None if len(word) < 2 or lower in SAID_OFTEN else _word(lower, NAME_TENTHS, NAME, is_latin=True)
    lemma, tenths, is_name, is_known = _looked_up(lower)
    if not tenths:
        return None
    # A word that the dictionary lacks is a name if it has a capital, wherever it stands.
    if is_name or (not is_known and word[0].isupper()):
        return _word(lemma, NAME_TENTHS, NAME)
    return _word(lemma, tenths, 0)


@lru_cache(maxsize=WORDS_LOOKED_UP)
def _looked_up(lower: str) -> tuple[str, int, bool, bool]:
    """Of a word in small letters: lemma, weight (0 if it says nothing), whether a name, whether in the dictionary."""
    best = analyzer().parse(lower)[0]
    lemma: str = best.normal_form.replace("ё", "е")
    speech = best.tag.POS
    if speech in IGNORED_SPEECH or len(lemma) < 2 or lemma in SAID_OFTEN:
        return lemma, 0, False, True
    is_known = bool(best.is_known)
    tenths = ACTION_TENTHS if is_known and speech in ACTION_SPEECH else TENTHS
    return lemma, tenths, not NAME_GRAMMEMES.isdisjoint(best.tag.grammemes), is_known


def _word(lemma: str, tenths: int, marks: int, *, is_latin: bool = False) -> Word:
    return Word(lemma, zlib.crc32(lemma.encode()), tenths, marks, is_latin)
