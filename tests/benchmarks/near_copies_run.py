"""The measured process of the `near_copies` benchmark: one empty database, real or invented posts, one JSON line."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from apps.accounts.models import Workspace  # noqa: E402
from apps.sources.filters import Candidate, Judge, Rule  # noqa: E402
from apps.sources.models import CopyKeys, Post, Source  # noqa: E402
from apps.sources.near.shingles import keys_of  # noqa: E402
from apps.sources.services import copies  # noqa: E402
from apps.sources.services.copies import KEYS, copies_find, text_of  # noqa: E402
from apps.sources.services.signatures import boilerplate_cut  # noqa: E402
from tests.benchmarks.near_copies_texts import EDITS, Told, read, varied  # noqa: E402

BATCH = 1000
LOOKUPS = 400
SPREAD = timedelta(hours=60)  # within the window of 72 hours: nothing is left out for being old
WORDS = ("реклама", "промокод", "скидка", "розыгрыш", "казино", "ставки на спорт", "подпишись и выиграй", "erid")
RULES = (
    *(Rule("words", "drop", word, n) for n, word in enumerate(WORDS)),
    *(Rule("pattern", "drop", pattern, 50 + n) for n, pattern in enumerate((r"\berid:\s*\w+", r"\d+\s*%\s+скидк"))),
    Rule("length", "drop", "< 10", 60),
)


def post_of(told: Told, source: Source, number: int) -> Post:
    """A text as an unsaved post."""
    return Post(
        workspace_id=source.workspace_id,
        source=source,
        external_id=str(number),
        channel=told.voice[:200],
        text=told.text,
        language="ru",
        published_at=told.at,
        content_hash=f"{number:032x}",
    )


def stream(posts: Sequence[Told], source: Source) -> dict[str, Any]:
    """The posts as they came, a thousand at a time: what each step takes of one core."""
    judge = Judge(RULES)
    seconds = {"filters": 0.0, "boilerplate": 0.0, "copies": 0.0}
    found = 0
    for start in range(0, len(posts), BATCH):
        batch = [post_of(told, source, start + n) for n, told in enumerate(posts[start : start + BATCH])]
        began = time.perf_counter()
        for post in batch:
            judge.verdict(Candidate(text=post.text, language="ru"))
        seconds["filters"] += time.perf_counter() - began
        with transaction.atomic():
            began = time.perf_counter()
            boilerplate_cut(source=source, new=batch)
            seconds["boilerplate"] += time.perf_counter() - began
            Post.objects.bulk_create(batch, batch_size=BATCH)
            began = time.perf_counter()
            found += len(copies_find(batch))
            seconds["copies"] += time.perf_counter() - began
    alone = seconds["copies"] + seconds["boilerplate"]
    return {
        "posts": len(posts),
        "copies": found,
        "copies_per_s": round(len(posts) / seconds["copies"]),
        "with_boilerplate_per_s": round(len(posts) / alone),
        "with_filters_per_s": round(len(posts) / (alone + seconds["filters"])),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }


def rows_of(told: Iterable[Told], source: Source, first: int) -> Iterable[tuple[list[Any], list[Any] | None]]:
    """Values of a post's and of its keys' columns, ready for the database."""
    fields = Post._meta.concrete_fields
    prototype = post_of(Told("", source.created_at, ""), source, 0)
    plain = [field.get_db_prep_save(field.pre_save(prototype, add=True), connection) for field in fields]
    place = {field.attname: n for n, field in enumerate(fields)}
    at_of = Post._meta.get_field("published_at")
    for pk, one in enumerate(told, first):
        at = at_of.get_db_prep_save(one.at, connection)
        row = list(plain)
        row[place["id"]], row[place["external_id"]], row[place["channel"]] = pk, f"v{pk}", one.voice[:200]
        row[place["text"]], row[place["published_at"]] = one.text, at
        text = text_of(Post(source_id=source.pk, channel=one.voice, text=one.text, published_at=one.at))
        keys = keys_of(text.runs, workspace_id=source.workspace_id) if text.is_comparable else ()
        yield row, [pk, at, *keys] if keys else None


def grow(told: Iterable[Told], source: Source, first: int) -> None:
    """Store many originals at once."""
    columns = [str(field.column) for field in Post._meta.concrete_fields]
    names = ["post_id", "published_at", *KEYS]
    posts, keys = [], []
    for row, own in rows_of(told, source, first):
        posts.append(row)
        if own is not None:
            keys.append(own)
        if len(posts) == 20_000:
            put("sources_post", columns, posts)
            put("sources_copykeys", names, keys)
            posts, keys = [], []
    put("sources_post", columns, posts)
    put("sources_copykeys", names, keys)


def put(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """COPY on PostgreSQL, one statement run many times on SQLite."""
    names = ", ".join(f'"{column}"' for column in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            raw: Any = cursor.cursor
            with raw.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", [list(row) for row in rows])


def settle() -> None:
    """Let the database know what it holds, and which id comes next."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Post]):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def lookups(told: Sequence[Told], source: Source, size: int) -> dict[str, Any]:
    """Single posts and a thousand at once, half of them copies of what is there; everything is rolled back."""
    stored = list(Post.objects.filter(pk__gte=Post.objects.latest("pk").pk - 5 * LOOKUPS).order_by("pk")[:LOOKUPS])
    edits = list(EDITS.values())
    chance = random.Random(3)
    new = []
    for n, fresh in enumerate(told):
        if n % 2 and n // 2 < len(stored):
            twin = stored[n // 2]
            fresh = Told("another", twin.published_at, edits[n % len(edits)](twin.text, chance))
        new.append(post_of(fresh, source, 10**9 + size + n))
    single, many = new[:LOOKUPS], new[LOOKUPS:]
    spent_looking, spent_all, found = [], [], 0
    for post in single:
        with transaction.atomic():
            post.save()
            one = copies._sought(post)
            began = time.perf_counter()
            copies.keys_look_up([one] if one.keys else [], timedelta(hours=72))
            texts = copies._texts_of_candidates(post.workspace_id, [one])
            copies._Originals(timedelta(hours=72)).original_of(one, texts)
            spent_looking.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            found += len(copies_find([post]))
            spent_all.append((time.perf_counter() - began) * 1e3)
            transaction.set_rollback(True)
    with transaction.atomic():
        Post.objects.bulk_create(many, batch_size=BATCH)
        began = time.perf_counter()
        copies_find(many)
        thousand = time.perf_counter() - began
        transaction.set_rollback(True)
    return {
        "lookup_ms": percentiles(spent_looking),
        "find_and_store_ms": percentiles(spent_all),
        "planted_found": f"{found} of {LOOKUPS // 2}",
        "batch_posts_per_s": round(len(many) / thousand),
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The middle, the slow and the slowest."""
    cuts = quantiles(values, n=100)
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}


def table_mb() -> int | None:
    """What the keys take on disk with their indexes; None where the database does not say."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('sources_copykeys')")
        size: int = cursor.fetchone()[0]
    return round(size / 2**20)


def main() -> None:
    """Measure and print."""
    folder, limit, sizes = sys.argv[1], int(sys.argv[2]), [int(size) for size in sys.argv[3].split(",") if size]
    call_command("migrate", verbosity=0)
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    source = Source.objects.create(workspace=workspace, kind="export", name="Bench")
    posts = read(Path(folder) if folder else None, limit=limit)
    result: dict[str, Any] = {"database": connection.vendor, "stream": stream(posts, source), "sizes": {}}
    apart = Source.objects.create(workspace=workspace, kind="export", name="Apart")
    held, first = 0, Post.objects.latest("pk").pk + 1
    for size in sizes:
        began = time.perf_counter()
        grow(varied(posts, size - held, window=SPREAD, seed=size), apart, first)
        first += size - held
        held = size
        settle()
        built = time.perf_counter() - began
        fresh = list(varied(posts, LOOKUPS + BATCH, window=SPREAD, seed=size + 1))
        result["sizes"][size] = {
            "originals": CopyKeys.objects.count(),
            **lookups(fresh, source, size),
            "built_s": round(built, 1),
            "keys_mb": table_mb(),
        }
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
