"""Words of a sentence: stems to compare by, names to tag by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from apps.ai.extract.sentences import word_set
from apps.core.morphology import analyzer

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+(?:[.,]\d+)*")
LATIN = re.compile("[A-Za-z][A-Za-z-]*")
CYRILLIC = re.compile("[А-Яа-яЁё]")
STOP = word_set(
    """
    а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если
    есть еще же за и из или им их к как ко когда кто ли либо мне может можно мы на над надо нам нас не него нее нет
    ни них но ну о об однако он она они оно от очень по под при про с со сам так также такой там те тем то того тоже
    той только том ты у уже хотя чего чей чем что чтобы чье эта эти это этого этой этом этот я который которая
    которые которого году года год лет после перед между через свой своей своих около будет будут стал стала стали
    сообщил сообщила сообщили заявил заявила сказал рассказал рассказали отметил добавил словам данным the a an and
    or of to in on at for with by from as is are was were be been has have had it its this that these those he she
    they we you i not but will would said says also after before
    """
)
# A sentence that begins so leans on the one before it.
LEANING = re.compile(
    r"^(?:он|она|они|оно|это|этот|эта|эти|также|кроме того|при этом|однако|но|а|по его|по её|по ее|по их|его|её|ее|"
    r"их|там|тогда|поэтому|затем|потом|ранее|he|she|they|it|this|that|also|however|but)\b",
    re.IGNORECASE,
)


def stem(word: str) -> str:
    """A word without most of its ending; good enough to compare sentences by."""
    word = word.lower().replace("ё", "е")
    return word if len(word) < 5 or word[0].isdigit() else word[: max(4, min(len(word) - 2, 7))]


def stems(text: str) -> frozenset[str]:
    """The stems of a text's own words."""
    words = (word.lower().replace("ё", "е") for word in WORD.findall(text))
    return frozenset(stem(word) for word in words if word not in STOP and len(word) > 1)


def tags(texts: Sequence[Iterable[str]], *, most: int = 5) -> tuple[str, ...]:
    """Names and abbreviations that several posts bring up, else the commonest; in their dictionary form.

    `texts` are the sentences of each post.
    """
    posts: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for sentences in texts:
        own = Counter(name for sentence in sentences for name in names(sentence))
        posts.update(own.keys())
        times.update(own)
    ranked = sorted(times, key=lambda name: (-posts[name], -times[name], name))
    several = [name for name in ranked if times[name] > 1]
    return tuple((several or ranked)[:most])


def names(sentence: str) -> list[str]:
    """The capitalised words of a sentence that are not capitalised for standing first; Latin ones together."""
    found: list[str] = []
    before, end = "", -1
    for match in WORD.finditer(sentence):
        word, follows = match[0], match.start() == end + 1 and sentence[end] == " "
        last, before, end = before, word, match.end()
        if len(word) < 2 or not word[0].isupper() or word.lower() in STOP:
            continue
        if LATIN.fullmatch(word) and found and follows and LATIN.fullmatch(last) and found[-1].endswith(last):
            found[-1] = f"{found[-1]} {word}"
        elif word.isupper():
            found.append(word)
        elif match.start() > 0 and sentence[match.start() - 1] not in "«“„\"'.":
            name = dictionary_form(word, last if follows else "")
            if name:
                found.append(name)
    return found


@lru_cache(maxsize=4096)
def dictionary_form(word: str, before: str = "") -> str:
    """The nominative of a name, a woman's after a woman's first name; empty for first names and what is not a noun."""
    if not CYRILLIC.search(word):
        return word
    if any(len(part) > 1 and part.isupper() for part in word.split("-")):
        return ""
    parses = analyzer().parse(word)
    if before and {"Name", "femn"} in analyzer().parse(before)[0].tag:
        parses = [parse for parse in parses if {"Surn", "femn"} in parse.tag] or parses
    parse = parses[0]
    if {"Name"} in parse.tag or {"Patr"} in parse.tag or {"NOUN"} not in parse.tag:
        return ""
    nominative = parse.inflect({"nomn"}) if {"Surn"} in parse.tag else parse.normalized
    form = str((nominative or parse).word)
    return "-".join(part.capitalize() for part in form.split("-"))
