"""How well and how fast posts are grouped: `python -m tests.benchmarks.grouping [--pairs FILE] [--data DIR] [--json]`.

Quality: F1 on judged pairs, over random halves of them: the threshold is chosen on one half, F1 counted on the other;
beside it two baselines on the same halves. Hard pairs: those of tests/stories/hard_pairs.tsv, read from the folder of
posts. Speed: posts matched against three days that hold many, in one process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.stories.grouping.judged import Pair, Quality, judged, pairs_read, similarities  # noqa: E402
from apps.stories.grouping.lemmas import WORD, Lemmatiser  # noqa: E402
from apps.stories.grouping.rarity import Rarity  # noqa: E402
from apps.stories.grouping.terms import Document, Terms  # noqa: E402
from apps.stories.grouping.window import HOURS, StreamWindow  # noqa: E402
from apps.stories.services.placing import THRESHOLD  # noqa: E402

HALVES = 200
MEASURED = 2000
HARD = Path(__file__).resolve().parents[1] / "stories" / "hard_pairs.tsv"


def main() -> int:
    """Run what there is data for, and print what came out."""
    parser = argparse.ArgumentParser(description="Quality and speed of grouping.")
    parser.add_argument("--pairs", type=Path, help="tab-separated file of judged pairs")
    parser.add_argument("--data", type=Path, help="folder of export files (.json)")
    parser.add_argument("--posts", type=int, default=50_000, help="posts in the window")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "grouping"}
    if options.pairs is None:
        print("grouping: quality skipped, no judged pairs given (--pairs FILE)")
    else:
        with options.pairs.open(encoding="utf-8", newline="") as file:
            result |= quality(pairs_read(file))
    if options.data is None or not sorted(options.data.glob("*.json")):
        print("grouping: speed and hard pairs skipped, no folder of export files given (--data DIR)")
    else:
        posts = posts_of(options.data)
        result |= hard(posts) | speed([text for text, _at in posts.values()], options.posts)
    if options.json:
        print(json.dumps(result))
    return 0


def quality(pairs: Sequence[Pair]) -> dict[str, Any]:
    """F1 of the product and of two baselines on unseen halves, and the product's at the threshold that runs."""
    told: dict[str, Any] = {}
    scores = {"words": cosines(pairs, words), "lemmas": cosines(pairs, lemmas()), "ours": similarities(pairs)}
    for name, found in scores.items():
        values = halves(pairs, found)
        told[name] = {"f1": round(mean(values), 3), "spread": round(pstdev(values), 3)}
        print(f"{name}: F1 {told[name]['f1']:.3f} ± {told[name]['spread']:.3f} on {HALVES} unseen halves")
    running = judged(pairs, scores["ours"], threshold=THRESHOLD)
    print(f"as it runs, all {running.pairs} pairs at {THRESHOLD}: {line(running)}")
    return {
        "pairs": running.pairs,
        "f1": told["ours"]["f1"],
        "f1_spread": told["ours"]["spread"],
        "f1_running": running.f1,
        "auc": running.auc,
        "baselines": {name: told[name] for name in ("words", "lemmas")},
    }


def halves(pairs: Sequence[Pair], scores: Sequence[float]) -> list[float]:
    """F1 on each random half, at the threshold that was best on the other."""
    chance, found = random.Random(0), []
    for _ in range(HALVES):
        order = chance.sample(range(len(pairs)), len(pairs))
        seen, unseen = order[: len(order) // 2], order[len(order) // 2 :]
        found.append(f1(pairs, scores, unseen, best(pairs, scores, seen)))
    return found


def best(pairs: Sequence[Pair], scores: Sequence[float], chosen: Sequence[int]) -> float:
    """The threshold with the best F1 on some pairs; of several the middle one."""
    told = sorted({scores[one] for one in chosen})
    between = [(low + high) / 2 for low, high in pairwise(told)] or told
    values = [f1(pairs, scores, chosen, threshold) for threshold in between]
    good = [threshold for threshold, value in zip(between, values, strict=True) if value == max(values)]
    return good[len(good) // 2]


def f1(pairs: Sequence[Pair], scores: Sequence[float], chosen: Sequence[int], threshold: float) -> float:
    """F1 on some of the pairs."""
    yes = [one for one in chosen if scores[one] >= threshold]
    right = sum(pairs[one].is_same for one in yes)
    both = len(yes) + sum(pairs[one].is_same for one in chosen)
    return 2 * right / both if both else 0.0


def words(text: str) -> list[str]:
    """Words as they stand."""
    return WORD.findall(text.lower())


def lemmas() -> Callable[[str], list[str]]:
    """What brings a text to its lemmas, each as often as it is there."""
    lemmatiser = Lemmatiser()
    return lambda text: [str(term) for term, _begin, _end in lemmatiser.spans(text)]


def cosines(pairs: Sequence[Pair], read: Callable[[str], list[str]]) -> list[float]:
    """The plain TF-IDF cosine of each pair, document frequencies counted over the pairs."""
    texts = [tuple(Counter(read(" ".join(one))) for one in (pair.first, pair.second)) for pair in pairs]
    among = Counter(word for both in texts for one in both for word in one)

    def weighed(counts: Counter[str]) -> dict[str, float]:
        raw = {word: (1 + log(count)) * log(2 * len(pairs) / among[word]) for word, count in counts.items()}
        length = sqrt(sum(value * value for value in raw.values())) or 1.0
        return {word: value / length for word, value in raw.items()}

    found = []
    for both in texts:
        first, second = map(weighed, both)
        found.append(sum(value * second[word] for word, value in first.items() if word in second))
    return found


def posts_of(folder: Path) -> dict[tuple[str, str], tuple[str, datetime]]:
    """The texts of a folder of channels' messages and when they were published, by channel and message."""
    return {
        (str(post["sender_id"]), str(post["message_id"])): (post["text"], datetime.fromisoformat(post["date"]))
        for path in sorted(folder.glob("*.json"))
        for post in json.loads(path.read_text(encoding="utf-8"))
    }


def hard(posts: dict[tuple[str, str], tuple[str, datetime]]) -> dict[str, Any]:
    """Quality on the pairs that were found hardest; only ids and two readings' verdicts are kept in the project."""
    rows = [row.split("\t") for row in HARD.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    known = [row for row in rows if (row[0], row[1]) in posts and (row[2], row[3]) in posts]
    if not known:
        print("grouping: hard pairs skipped, the folder has other posts")
        return {}
    pairs = [
        Pair(
            ("", posts[first, number][0]),
            ("", posts[second, other][0]),
            verdict == "1",
            hours_between(posts, (first, number), (second, other)),
        )
        for first, number, second, other, verdict, _again in known
    ]
    sure = [row[4] == row[5] for row in known]
    scores = similarities(pairs)
    everything = judged(pairs, scores, threshold=THRESHOLD)
    kept = [pair for pair, agreed in zip(pairs, sure, strict=True) if agreed]
    agreed = judged(kept, [score for score, same in zip(scores, sure, strict=True) if same], threshold=THRESHOLD)
    always = 2 * sum(pair.is_same for pair in kept) / (len(kept) + sum(pair.is_same for pair in kept))
    print(f"hard pairs: {len(known)}, readings agree on {mean(sure):.3f}; {line(everything)}")
    print(f"  those agreed on, {len(kept)}: {line(agreed)}; F1 of always saying yes {always:.3f}")
    return {
        "hard_pairs": len(known),
        "hard_agreement": round(mean(sure), 3),
        "hard_f1": agreed.f1,
        "hard_auc": agreed.auc,
    }


def hours_between(
    posts: dict[tuple[str, str], tuple[str, datetime]], one: tuple[str, str], other: tuple[str, str]
) -> float:
    """How far apart two posts were published."""
    return abs((posts[one][1] - posts[other][1]).total_seconds()) / 3600


def speed(texts: Sequence[str], many: int) -> dict[str, Any]:
    """Posts matched a second of processor time where the window holds many."""
    lemmatiser, chance = Lemmatiser(), random.Random(1)
    read = [lemmatiser.terms(title="", text=text)[0] for text in texts]
    began = time.process_time()
    for text in texts[:MEASURED]:
        lemmatiser.terms(title="", text=text)
    lemmas_s = (time.process_time() - began) / min(MEASURED, len(texts))
    rarity, window = Rarity(), StreamWindow(posts_held=2 * many)
    for terms in read:
        rarity.count(terms)
    fixed, step = rarity.fixed(), HOURS * 3600 / many
    start, began_clock, spent, matched = 1_700_000_000.0, 0.0, 0.0, 0
    for number in range(many + MEASURED):
        terms = mixed(chance, read)
        if number == many:
            began_clock, spent = time.perf_counter(), 0.0
        began = time.process_time()
        document = Document(number, start + number * step, fixed.weighed(terms))
        if number >= many:
            matched += bool(window.matches(document, nothing))
        window.add(document, nothing)
        spent += time.process_time() - began
    clock_s = time.perf_counter() - began_clock
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    told = {
        "posts_per_s": round(MEASURED / spent, 1),
        "posts_per_s_with_lemmas": round(1 / (spent / MEASURED + lemmas_s), 1),
        "posts_per_s_by_the_clock": round(MEASURED / clock_s, 1),
        "window": many,
        "matched": matched,
        "peak_mb": peak,
    }
    print(
        f"speed: {told['posts_per_s']} posts/s against {many} posts of {HOURS} hours, "
        f"{told['posts_per_s_with_lemmas']} with lemmatising; by the clock {told['posts_per_s_by_the_clock']}; "
        f"peak {peak} MB"
    )
    return told


def nothing(_first: int, _last: int) -> tuple[Document, ...]:
    """What is stored of days that are not held: nothing."""
    return ()


def mixed(chance: random.Random, read: Sequence[Terms]) -> Terms:
    """A post of half the terms of one real post and half of another's: new, with words as common as they are."""
    taken: dict[int, tuple[int, int]] = {}
    for terms in (chance.choice(read), chance.choice(read)):
        for term, weight, mark in zip(terms.hashes, terms.weights, terms.marks, strict=True):
            if chance.random() < 0.5:
                taken.setdefault(term, (weight, mark))
    weights, marks = (bytes([value[place] for value in taken.values()]) for place in (0, 1))
    return Terms(array("I", taken), weights, marks)


def line(quality: Quality) -> str:
    """A quality as words."""
    return f"F1 {quality.f1}, precision {quality.precision}, recall {quality.recall}, AUC {quality.auc}"


if __name__ == "__main__":
    raise SystemExit(main())
