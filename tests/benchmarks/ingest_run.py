"""The measured process of the `ingest` benchmark: one empty database, one folder of export files, one JSON line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from apps.accounts.models import Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.core.morphology import analyzer  # noqa: E402
from apps.core.work import drain  # noqa: E402
from apps.sources.models import Post, Source  # noqa: E402
from apps.sources.parsers.export import read_export  # noqa: E402
from apps.sources.services.intake import posts_intake  # noqa: E402
from apps.stories.grouping.window import StreamWindow  # noqa: E402
from apps.stories.models import Grouping, Story, StoryPost  # noqa: E402
from apps.stories.services import batches  # noqa: E402
from apps.stories.tasks import GROUPINGS  # noqa: E402

CHUNK = 500
WORKER = """
import django, pathlib, sys, time
django.setup()
from apps.stories.models import Grouping
from apps.stories.tasks import groupings_group
enough = pathlib.Path(sys.argv[1])
while not enough.exists() or Grouping.objects.live().exists():
    groupings_group()
    time.sleep(0.02)
"""


class Clock:
    """Seconds by what they went into."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {
            "parsing": 0.0,
            "intake": 0.0,
            "lemmas": 0.0,
            "matching": 0.0,
            "grouping": 0.0,
        }
        self.processor: list[tuple[int, float]] = []

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted under a name."""

        def inner(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[name] += time.perf_counter() - began

        return inner


def ingest(files: Sequence[Path], clock: Clock, group: Callable[[], None]) -> list[tuple[int, float]]:
    """Import and group chunk by chunk; the answer is how many posts there were after how many seconds."""
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    intake = clock.timed("intake", posts_intake)
    began, posts, points = time.perf_counter(), 0, [(0, 0.0)]
    clock.processor = [(0, time.process_time())]
    for path in files:
        source = Source.objects.create(workspace=workspace, kind="export", name=path.stem)
        with path.open("rb") as file:
            items = iter(read_export(file, zone=workspace.zone, skipped=lambda: None))
            while chunk := clock.timed("parsing", lambda items=items: list(islice(items, CHUNK)))():
                posts += intake(source=source, items=chunk).added
                group()
                points.append((posts, time.perf_counter() - began))
                clock.processor.append((posts, time.process_time()))
    return points


def beside(files: Sequence[Path], clock: Clock, workers: int) -> list[tuple[int, float]]:
    """Import in this process while others group; the answer is how many were grouped after how many seconds."""
    enough = settings.PULT_VAR / "enough"
    grouping = [subprocess.Popen([sys.executable, "-c", WORKER, str(enough)]) for _ in range(workers)]
    time.sleep(3)  # both kinds of process run already when work comes
    began, from_start = now(), time.perf_counter()
    ingest(files, clock, lambda: None)
    enough.touch()
    for process in grouping:
        process.wait()
    clock.seconds["waiting for grouping"] = time.perf_counter() - from_start - sum(clock.seconds.values())
    placed = StoryPost.objects.order_by("created_at").values_list("created_at", flat=True)
    moments = [(moment - began).total_seconds() for moment in placed]
    counted = sorted({*range(250, len(moments), 250), len(moments)})
    return [(0, 0.0), *((count, moments[count - 1]) for count in counted)]


def peak_mb() -> int:
    """The most memory that this process and the largest of its children held."""
    return round(
        sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    )


def rate(points: list[tuple[int, float]]) -> float:
    """Posts a second between the first and the last point."""
    return round((points[-1][0] - points[0][0]) / (points[-1][1] - points[0][1]), 1)


def ends(points: list[tuple[int, float]]) -> tuple[float, float]:
    """The rates of the first and of the last thousand posts."""
    thousand = [point for point in points if point[0] <= 1000 or point is points[-1]]
    last = [point for point in points if point[0] >= points[-1][0] - 1000]
    first = thousand if len(thousand) == 2 else thousand[:-1] or points
    return rate(first), rate(last if len(last) > 1 else points)


def main() -> None:
    """Measure and print."""
    files, workers, is_backwards = sorted(Path(sys.argv[1]).glob("*.json")), int(sys.argv[2]), sys.argv[3:] == ["back"]
    if is_backwards:
        files.reverse()
    call_command("migrate", verbosity=0)
    analyzer()  # a worker loads its dictionaries once, before its first post
    clock = Clock()
    batches.document_of = clock.timed("lemmas", batches.document_of)
    StreamWindow.matches = clock.timed("matching", StreamWindow.matches)  # type: ignore[method-assign]
    group = clock.timed("grouping", lambda: drain.run_batches(GROUPINGS))
    points = ingest(files, clock, group) if workers == 0 else beside(files, clock, workers)
    left = Grouping.objects.exclude(state="done").count()
    if left:
        sys.exit(f"{left} posts were not grouped")
    total = points[-1][1]
    seconds = {
        **clock.seconds,
        "grouping": clock.seconds["grouping"] - clock.seconds["lemmas"] - clock.seconds["matching"],
    }
    seconds["grouping, database"] = seconds.pop("grouping")
    first_per_s, last_per_s = ends(points)
    first_by_processor, last_by_processor = ends(clock.processor)
    print(
        json.dumps(
            {
                "database": connection.vendor,
                "posts": points[-1][0],
                "kept": Post.objects.filter(dropped_by="").count(),
                "stories": Story.objects.count(),
                "stories_of_several": Story.objects.filter(sources_count__gt=1).count(),
                "largest": Story.objects.order_by("-posts_count").values_list("posts_count", flat=True).first(),
                "posts_per_s": round(points[-1][0] / total, 1),
                "first_1000_per_s": first_per_s,
                "last_1000_per_s": last_per_s,
                "first_1000_per_processor_s": first_by_processor,
                "last_1000_per_processor_s": last_by_processor,
                "peak_mb": peak_mb(),
                "seconds": {name: round(value, 1) for name, value in seconds.items() if value >= 0.05},
            }
        )
    )


if __name__ == "__main__":
    main()
