"""What the fact check catches and accuses falsely: `python -m tests.benchmarks.fact_check [--data DIR] [--json]`.

Drafts are made of posts: by the offline writer, by mixing sentences of a story's posts, and both reworded. In some of
them one error is planted. The check is judged on both: errors caught, and findings in drafts where all is right.
Settings were tried on the first half of the stories; the second half is what is told as `caught` and `false`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_FILE_ENABLED", "false")

import django

django.setup()

from apps.stories.factcheck import Draft, Finding, Report, Source, examine  # noqa: E402
from tests.benchmarks import fact_check_texts as texts  # noqa: E402
from tests.benchmarks.fact_check_reworded import Made, reworded  # noqa: E402
from tests.benchmarks.near_copies_texts import Told  # noqa: E402

SEED = 20


def report_of(made: Made) -> Report:
    """The check of a draft against its story's posts."""
    sources = [Source(text=told.text, published_at=told.at, also=(told.voice,)) for told in made.story]
    return examine(Draft(title=made.title, lead=made.lead, body=made.body), sources)


def drafts(half: Sequence[Sequence[Told]], chance: random.Random) -> Iterator[tuple[str, Made]]:
    """Drafts in which all is right, with how they were made."""
    for story in half:
        for way, made in (("offline writer", texts.extracted(story)), ("mixed", texts.recombined(story, chance))):
            if made is not None:
                yield way, made
                yield f"{way}, reworded", reworded(made, chance)


def is_caught(made: Made, findings: Sequence[Finding]) -> bool:
    """Whether a finding lies on the planted error."""
    field, start, end = made.place
    return any(one.field == field and one.start < end and one.end > start for one in findings)


def measured(half: Sequence[Sequence[Told]], *, seed: int, show: int) -> dict[str, Any]:
    """Caught and falsely accused shares of one half."""
    chance = random.Random(seed)
    known = texts.others(half)
    right: dict[str, list[Report]] = defaultdict(list)
    accused: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    shown: list[str] = []
    seconds = characters = 0.0
    for way, made in drafts(half, chance):
        began = time.perf_counter()
        report = report_of(made)
        seconds += time.perf_counter() - began
        characters += len(made.title) + len(made.lead) + len(made.body)
        right[way].append(report)
        accused.update(finding.kind for finding in report.findings)
        shown += [f"false  {way}: {one.kind} {one.why} «{one.text}» … {around(made, one)}" for one in report.findings]
        for kind in texts.ERRORS:
            wrong = texts.planted(made, kind, chance, known)
            if wrong is None:
                continue
            tried[kind] += 1
            if is_caught(wrong, report_of(wrong).findings):
                caught[kind] += 1
            else:
                field, start, end = wrong.place
                text = getattr(wrong, field)
                shown.append(f"missed {way}: {kind} «{text[start:end]}» in {text[max(start - 60, 0) : end + 40]!r}")
    for line in random.Random(1).sample(shown, min(show, len(shown))):
        print(line)
    every = [report for reports in right.values() for report in reports]
    return {
        "stories": len(half),
        "drafts": len(every),
        "planted": sum(tried.values()),
        "caught": share(sum(caught.values()), sum(tried.values())),
        "caught_by_kind": {kind: [share(caught[kind], tried[kind]), tried[kind]] for kind in texts.ERRORS},
        "false": share(sum(len(report.findings) for report in every), sum(report.checked for report in every)),
        "false_drafts": share(sum(bool(report.findings) for report in every), len(every)),
        "false_by_way": {
            way: [
                share(sum(len(one.findings) for one in reports), sum(one.checked for one in reports)),
                share(sum(bool(one.findings) for one in reports), len(reports)),
                len(reports),
            ]
            for way, reports in right.items()
        },
        "accused_by_kind": dict(accused),
        "checked": sum(report.checked for report in every),
        "ms_a_draft": round(1000 * seconds / max(len(every), 1), 2),
        "characters_a_draft": round(characters / max(len(every), 1)),
    }  # fmt: skip


def around(made: Made, finding: Finding) -> str:
    """The words around a finding."""
    text = str(getattr(made, finding.field))
    return repr(text[max(finding.start - 50, 0) : finding.end + 40])


def share(part: int, whole: int) -> float:
    """A share to four digits."""
    return round(part / max(whole, 1), 4)


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="The fact check: errors caught, right places accused.")
    parser.add_argument("--data", type=Path, help="folder of export files (.json); without it posts are invented")
    parser.add_argument("--stories", type=int, default=800, help="at most so many stories of each half")
    parser.add_argument("--half", choices=["both", "development", "held-out"], default="both")
    parser.add_argument("--show", type=int, default=0, help="print so many false and missed ones of each half")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    every = texts.stories(options.data)
    random.Random(options.seed).shuffle(every)
    halves = {"development": every[::2][: options.stories], "held-out": every[1::2][: options.stories]}
    result: dict[str, Any] = {"benchmark": "fact_check", "input": "real" if options.data else "invented"}
    for name, half in halves.items():
        if options.half in {"both", name}:
            result[name] = measured(half, seed=options.seed, show=options.show)
            print(name)
            for what, value in result[name].items():
                print(f"  {what}: {value}")
    print("the aim is about `false`: findings for each thing looked at in drafts without errors")
    if "held-out" in result:
        result |= {"caught": result["held-out"]["caught"], "false": result["held-out"]["false"]}
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
