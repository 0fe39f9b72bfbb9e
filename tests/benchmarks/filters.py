"""How many posts a second go through filters on one core, and how well word forms are caught.

Given real posts (`--posts FOLDER`, a folder of JSON lists with `text` in Markdown), else invented ones of the same
length. Ways to look for the words of 1, 10 and 100 rules are timed beside each other:

- `rules`: what Pult does, with its rules and reasons; the first rule that drops ends a post;
- `forms`: its search alone, every form of each word expanded once and looked up;
- `pattern`: every form too, in one regular expression;
- `exact`: one regular expression of the words as they are written, which catches no other form;
- `lemmas`: every word of every post brought to its dictionary form by pymorphy3 (each word once, then remembered).

The judge of what is caught is pymorphy3's most likely dictionary form of each word of the posts. A miss: the judge says
that the word is there, and the rule does not find it. A false catch: the other way round; most are homonyms, which are
written the same as a form of the rule's word.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import django

MISSES_SHOWN = 12
SEED = 11
INVENTED = """
    мост порт театр улица город дождь выборы реклама скидка суд завод школа река вокзал трамвай мэр сад поезд рынок
    открыть закрыть построить сообщить приехать новый старый большой северный городской вчера сегодня рано поздно
"""


def posts_of(folder: Path | None, most: int) -> list[str]:
    """Plain texts, real or invented."""
    from apps.sources.parsers.markup import rich_of_markdown

    if folder is None:
        chance, invented = random.Random(SEED), INVENTED.split()
        return [" ".join(chance.choice(invented) for _each in range(90)) for _post in range(min(most, 2000))]
    texts = []
    for path in sorted(folder.glob("*.json")):
        texts += [rich_of_markdown(each["text"]).text for each in json.loads(path.read_text()) if each.get("text")]
    random.Random(SEED).shuffle(texts)
    return texts[:most]


def words_of(texts: list[str], number: int) -> list[str]:
    """Dictionary forms that editors could write: nouns, verbs, adjectives and names of the posts, common and rare."""
    from apps.core.morphology import analyzer, folded

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(re.findall(r"[а-я]{3,}", folded(text))))
    lemmas: dict[str, None] = {}
    words = sorted(counts)
    random.Random(SEED).shuffle(words)
    for word in words:
        best = analyzer().parse(word)[0]
        if best.tag.POS in {"NOUN", "INFN", "VERB", "ADJF"} and counts[word] >= 3:
            lemmas.setdefault(folded(best.normal_form))
        if len(lemmas) == number:
            break
    return list(lemmas)


class Lemmas:
    """The baseline that brings every word of a post to its dictionary form, each word once."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, text: str) -> set[str]:
        """The dictionary forms of a folded text's words."""
        from apps.core.morphology import analyzer, folded

        found = set()
        for word in re.findall(r"\w+", text):
            lemma = self.known.get(word)
            if lemma is None:
                lemma = folded(analyzer().parse(word)[0].normal_form)
                self.known[word] = lemma
            found.add(lemma)
        return found


def timed(texts: list[str], words: list[str]) -> dict[str, Any]:
    """Posts a second in each way, a rule a word, none of which decides: each post is asked about every rule."""
    from apps.core.morphology import folded
    from apps.sources.filters import Candidate, Judge, Rule
    from apps.sources.filters.words import ReadText, WordIndex, forms_of, term_of

    candidates = [Candidate(text=text) for text in texts]
    began = time.perf_counter()
    judge = Judge(tuple(Rule("words", "drop", word) for word in words))
    judge.verdict(Candidate())
    compiled = time.perf_counter() - began
    index = WordIndex([(term_of(word, False),) for word in words])
    exact = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")
    every = sorted({form for word in words for form in forms_of(word)}, key=len, reverse=True)
    one = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?!\w)")
    lemmas, wanted = Lemmas(), set(words)
    ways = {
        "rules": lambda: [judge.verdict(one) for one in candidates],
        "forms": lambda: [index.found(ReadText(folded(one.words))) for one in candidates],
        "pattern": lambda: [set(one.findall(folded(each.words))) for each in candidates],
        "exact": lambda: [set(exact.findall(folded(one.words))) for one in candidates],
        "lemmas": lambda: [lemmas.of(folded(one.words)) & wanted for one in candidates],
    }
    speeds: dict[str, Any] = {"words": len(words), "compile_ms": round(compiled * 1000, 1)}
    for name, way in ways.items():
        began = time.perf_counter()
        found = way()
        speeds[name] = round(len(texts) / (time.perf_counter() - began))
        if name != "rules":
            speeds[f"{name}_found"] = sum(map(len, found))
    return speeds


@cache
def readings(word: str) -> frozenset[str]:
    """The dictionary forms of every reading of a word."""
    from apps.core.morphology import analyzer, folded

    return frozenset(folded(one.normal_form) for one in analyzer().parse(word))


def judged(texts: list[str], words: list[str]) -> dict[str, Any]:
    """How far the caught (post, word) pairs agree with the judge, and the words that stand behind the differences."""
    from apps.core.morphology import folded
    from apps.sources.filters.words import WORD, ReadText, WordIndex, forms_of, term_of

    index = WordIndex([(term_of(word, False),) for word in words])
    wanted = {word: number for number, word in enumerate(words)}
    lemmas = Lemmas()
    caught = missed = false = wrong = exact = 0
    behind_missed: Counter[str] = Counter()
    behind_false: Counter[str] = Counter()
    for text in map(folded, texts):
        found = set(index.found(ReadText(text)))
        judge = {wanted[lemma] for lemma in lemmas.of(text) & wanted.keys()}
        exact += len(judge & {wanted[word] for word in set(WORD.findall(text)) & wanted.keys()})
        caught += len(found & judge)
        missed += len(judge - found)
        false += len(found - judge)
        tokens = set(WORD.findall(text))
        for number in judge - found:
            behind_missed.update(f"{one} = {words[number]}" for one in tokens if lemmas.known[one] == words[number])
        for number in found - judge:
            forms = tokens & forms_of(words[number])
            behind_false.update(f"{one} ≠ {words[number]}" for one in forms)
            wrong += not any(words[number] in readings(one) for one in forms)
    return {
        "words": len(words),
        "judge": caught + missed,
        "caught": caught,
        "missed": missed,
        "false": false,
        "false_and_no_possible_reading": wrong,
        "exact_would_catch": exact,
        "behind_missed": behind_missed.most_common(MISSES_SHOWN),
        "behind_false": behind_false.most_common(MISSES_SHOWN),
    }


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=Path, help="a folder of JSON lists of posts with “text”")
    parser.add_argument("--most", type=int, default=20_000, help="posts at most")
    parser.add_argument("--judged", type=int, default=1000, help="words in the comparison with the judge")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args()
    django.setup()
    texts = posts_of(options.posts, options.most)
    words = words_of(texts, max(100, options.judged))
    report = {
        "benchmark": "filters",
        "real": options.posts is not None,
        "posts": len(texts),
        "characters": round(sum(map(len, texts)) / max(1, len(texts))),
        "speeds": [timed(texts, words[:number]) for number in (1, 10, 100)],
        "judged": judged(texts, words[: options.judged]),
    }
    if not options.json:
        for speed in report["speeds"]:
            print(speed)
        for name, value in report["judged"].items():
            print(f"{name}: {value}")
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
