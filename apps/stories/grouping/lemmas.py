"""Words of a text, brought to their dictionary form and weighed. For workers only: the dictionaries take memory."""

from __future__ import annotations

import re
import zlib
from array import array

from apps.core.morphology import analyzer
from apps.stories.grouping.terms import WEIGHT_MAX, Terms

# Measured on judged pairs of news: a title counts twice, names about twice, verbs and adverbs less; the rest of a long
# text adds noise.
CHARACTERS = 800
HEAD_CHARACTERS = 200
HEAD_COUNTS = 2
REPEATS_MAX = 4
TENTHS = 10
NAME_TENTHS = 18
ACTION_TENTHS = 7
WORDS_MAX = 150_000

WORD = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
LINK = re.compile(r"(?:https?://|www\.|t\.me/)\S+|\b[\w.-]+\.(?:ru|com|org|net|me)/\S*|[@#]\w+", re.IGNORECASE)
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


class Lemmatiser:
    """Turns texts into terms; remembers the words it has met, and forgets them all when there are too many."""

    def __init__(self, *, words_max: int = WORDS_MAX) -> None:
        self._words: dict[str, tuple[str, int, int] | None] = {}
        self._words_max = words_max

    def terms(self, *, title: str, text: str) -> tuple[Terms, tuple[str, ...]]:
        """The terms of a post and the lemma of each; the title, or else the first line, counts twice."""
        head, body = parts(title, text)
        counts: dict[str, int] = {}
        for word in WORD.findall(LINK.sub(" ", head).lower()):
            counts[word] = counts.get(word, 0) + HEAD_COUNTS
        for word in WORD.findall(LINK.sub(" ", body).lower()):
            counts[word] = counts.get(word, 0) + 1
        return self._gathered(counts)

    def _gathered(self, counts: dict[str, int]) -> tuple[Terms, tuple[str, ...]]:
        """Forms of one word counted as one."""
        repeats: dict[int, int] = {}
        lemmas: dict[int, tuple[str, int]] = {}
        for word, count in counts.items():
            known = self._words.get(word, ...)
            if known is ...:
                known = self._learn(word)
            if known is not None:
                lemma, key, tenths = known
                repeats[key] = repeats.get(key, 0) + count
                if key not in lemmas or lemmas[key][1] < tenths:
                    lemmas[key] = (lemma, tenths)
        weights = bytes(
            min(min(repeats[key], REPEATS_MAX) * tenths, WEIGHT_MAX) for key, (_lemma, tenths) in lemmas.items()
        )
        return Terms(array("I", lemmas), weights), tuple(lemma for lemma, _tenths in lemmas.values())

    def _learn(self, word: str) -> tuple[str, int, int] | None:
        if len(self._words) >= self._words_max:
            self._words.clear()
        found = lemma_of(word)
        known = None if found is None else (found[0], zlib.crc32(found[0].encode()), found[1])
        self._words[word] = known
        return known


def parts(title: str, text: str) -> tuple[str, str]:
    """What counts as a post's head, and what follows it."""
    title = title.strip()
    if title:
        return title[:HEAD_CHARACTERS], text.strip().removeprefix(title)[:CHARACTERS]
    head, _line, body = text.strip().partition("\n")
    return head[:HEAD_CHARACTERS], (head[HEAD_CHARACTERS:] + "\n" + body)[:CHARACTERS]


def lemma_of(word: str) -> tuple[str, int] | None:
    """The dictionary form of a lower-case word with its weight in tenths; None for words that say nothing."""
    if word[0].isdigit():
        return (word, NAME_TENTHS if len(word) > 1 else ACTION_TENTHS)
    if word.isascii():
        return None if len(word) < 2 or word in SAID_OFTEN else (word, NAME_TENTHS)
    best = analyzer().parse(word)[0]
    if best.tag.POS in IGNORED_SPEECH:
        return None
    lemma: str = best.normal_form.replace("ё", "е")
    if len(lemma) < 2 or lemma in SAID_OFTEN:
        return None
    if NAME_GRAMMEMES & best.tag.grammemes or not best.is_known:
        return (lemma, NAME_TENTHS)
    return (lemma, ACTION_TENTHS if best.tag.POS in ACTION_SPEECH else TENTHS)
