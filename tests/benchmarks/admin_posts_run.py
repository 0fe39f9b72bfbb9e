"""The measured process of `admin_posts`: fills the database it is given, asks, and prints one line of JSON."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - settings first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from apps.accounts.models import Membership, User, Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.sources.models import Post, Source  # noqa: E402

SOURCES = 200
DAYS = 365
SYLLABLES = ["ба", "ве", "го", "ду", "жи", "зо", "ка", "ло", "ми", "но", "па", "ро", "се", "ти", "фу", "хо", "ца", "че"]
ENDINGS = ["", "", "а", "ы", "у", "ом", "ый", "ого"]
Row = tuple[Any, ...]


def main() -> int:
    """Fill, ask, print."""
    number, rounds = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    client, word = fill(number)
    filled = time.monotonic() - began
    cases = {name: timed(client, address, rounds) for name, address in addresses(word).items()}
    print(
        json.dumps({"posts": number, "fill_s": round(filled), "size_mb": size_mb(), "rounds": rounds, "cases": cases})
    )
    return 0


def vocabulary() -> list[str]:
    """Thirty thousand made-up words, the commonest first."""
    chance = random.Random(7)
    return ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _word in range(30_000)]


def fill(number: int) -> tuple[Client, list[str]]:
    """Workspaces, sources, posts of a year; the answer is a logged-in viewer and the vocabulary."""
    small, large = (Workspace.objects.create(name=name, slug=name) for name in ("small", "large"))
    sources = [
        Source.objects.create(workspace=large, kind=Source.Kind.EXPORT, name=f"Канал {place}")
        for place in range(SOURCES)
    ]
    other = Source.objects.create(workspace=small, kind=Source.Kind.EXPORT, name="Канал")
    words = vocabulary()
    write(posts(number, sources, other, words))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sources_post" if connection.vendor == "postgresql" else "ANALYZE")
    viewer = User.objects.create_user("viewer@example.org", is_staff=True)
    Membership.objects.create(user=viewer, workspace=large, role=Membership.Role.VIEWER)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(viewer)
    return client, words


def posts(number: int, sources: list[Source], other: Source, words: list[str]) -> Iterator[Row]:
    """Rows of posts, from the oldest to the newest, their words as uneven as those of a language."""
    chance = random.Random(11)
    weights = list(accumulate(1 / (place + 10) for place in range(len(words))))
    busy = list(accumulate(1 / (place + 3) for place in range(len(sources))))
    model = Post(published_at=now(), content_hash="0" * 32)
    fields = Post._meta.concrete_fields[1:]
    base = {field.attname: field.get_db_prep_save(field.pre_save(model, True), connection) for field in fields}
    end = now()
    for place in range(number):
        source = other if place % 20 == 0 else chance.choices(sources, cum_weights=busy)[0]
        at = end - timedelta(days=DAYS) * (1 - place / number)
        text = " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(20, 90)))
        row = base | {
            "workspace_id": source.workspace_id,
            "source_id": source.pk,
            "external_id": str(place),
            "text": text,
            "language": chance.choices(["ru", "en", "uk", "de"], [900, 80, 19, 1])[0],
            "published_at": moment(at),
            "collected_at": moment(at),
            "content_hash": f"{place:032x}",
            "dropped_by": "length:40" if chance.random() < 0.02 else "",
            "is_used": chance.random() < 0.05,
            "views": chance.randint(10, 100_000) if chance.random() < 0.7 else None,
        }
        yield tuple(row.values())


def moment(at: Any) -> Any:
    """A time as the database takes it."""
    return connection.ops.adapt_datetimefield_value(at)


def write(rows: Iterator[Row]) -> None:
    """By COPY where there is one."""
    columns = ", ".join(f'"{field.column}"' for field in Post._meta.concrete_fields[1:])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            raw: Any = cursor
            with raw.copy(f"COPY sources_post ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["?"] * (len(Post._meta.concrete_fields) - 1))
        cursor.execute("BEGIN")
        connection.connection.executemany(f"INSERT INTO sources_post ({columns}) VALUES ({marks})", rows)
        connection.connection.commit()


def addresses(words: list[str]) -> dict[str, str]:
    """What is asked for."""
    base = reverse("admin:sources_post_changelist")
    busy, idle = Source.objects.get(name="Канал 0").pk, Source.objects.get(name="Канал 199").pk
    queries = {
        "first page": "",
        "second page": "?p=2",
        "page 20": "?p=20",
        "last page": "?p=200",
        "kept": "?kept=yes",
        "dropped": "?kept=no",
        "language ru": "?language=ru",
        "language de, one in a thousand": "?language=de",
        "a busy source": f"?source__id__exact={busy}",
        "a quiet source": f"?source__id__exact={idle}",
        "quiet source, dropped, de": f"?source__id__exact={idle}&kept=no&language=de",
        "search: commonest word": f"?q={words[0]}",
        "search: common word": f"?q={words[50]}",
        "search: usual word": f"?q={words[1500]}",
        "search: rare word": f"?q={words[-1]}",
        "search: two common words": f"?q={words[3]}+{words[8]}",
        "search: nothing": "?q=ничегошеньки",
        "search: common word of a source": f"?q={words[20]}&source__id__exact={busy}",
        "search: common word, dropped": f"?q={words[20]}&kept=no",
    }
    found = {name: base + query for name, query in queries.items()}
    return found | numbers()


def numbers() -> dict[str, str]:
    """The screen of numbers, over a month and over all."""
    base = reverse("admin:sources_post_numbers")
    return {"numbers: 30 days": f"{base}?period=30", "numbers: a year": f"{base}?period=365"}


def timed(client: Client, address: str, rounds: int) -> dict[str, float]:
    """How long the page takes, after two asked in vain."""
    times = []
    for place in range(rounds + 2):
        began = time.perf_counter()
        answer = client.get(address)
        spent = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            sys.exit(f"{address} answered {answer.status_code}")
        if place >= 2:
            times.append(spent)
    times.sort()
    return {"p50_ms": round(times[len(times) // 2], 1), "p95_ms": round(times[int(len(times) * 0.95) - 1], 1)}


def size_mb() -> int:
    """The size of the posts with their indexes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('sources_post')")
            return int(cursor.fetchone()[0]) // 1_000_000
    return os.path.getsize(connection.settings_dict["NAME"]) // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
