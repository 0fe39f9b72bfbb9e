"""The measured process of `failures`: fills the database it is given, asks, and prints one line of JSON."""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - settings first
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from apps.accounts.models import Membership, User, Workspace  # noqa: E402
from apps.core.bulk import rows_insert  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.core.work.history import entry  # noqa: E402
from apps.sources.models import CopyCheck, Poll, Post, Source  # noqa: E402
from apps.stories.models import Grouping  # noqa: E402

AT_ONCE = 5_000
CODES = {"http": "The site answers 503.", "timeout": "No answer within 20 s.", "bug": "ValueError: not a number: {}"}


def main() -> int:
    """Fill, ask, print."""
    number, rounds = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    client, done = fill(number)
    cases = {name: timed(client, address, rounds) for name, address in addresses().items()}
    told = {"database": connection.vendor, "rows": number, "done": done, "rounds": rounds, "cases": cases}
    print(json.dumps(told))
    return 0


def fill(number: int) -> tuple[Client, int]:
    """Four fifths of the failures are collections of one workspace, the rest of another and of other kinds."""
    large, small = (Workspace.objects.create(name=name, slug=name) for name in ("large", "small"))
    sources = [
        Source.objects.create(workspace=each, name="Канал", url="https://example.org") for each in (large, small)
    ]
    chance = random.Random(5)
    end = now()
    posts = [
        Post(
            workspace=large,
            source=sources[0],
            external_id=str(place),
            text="…",
            published_at=end,
            content_hash="0" * 32,
        )
        for place in range(number // 20)
    ]
    rows_insert(posts)
    store(Poll, [failed(chance, end, workspace=large, source=sources[0]) for _row in range(number * 8 // 10)])
    store(Poll, [failed(chance, end, workspace=small, source=sources[1]) for _row in range(number // 10)])
    store(CopyCheck, [failed(chance, end, workspace=large, post=posts[row]) for row in range(number // 20)])
    store(Grouping, [failed(chance, end, workspace=large, post=posts[row]) for row in range(number // 20)])
    well = {"state": "done", "finished_at": end, "attempts": 1}
    store(Poll, [well | {"workspace": large, "source": sources[0]} for _row in range(number)])
    with connection.cursor() as cursor:
        for model in (Poll, CopyCheck, Grouping):
            vacuum = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE"
            cursor.execute(f"{vacuum} {model._meta.db_table}")
    editor = User.objects.create_user("editor@example.org", is_staff=True)
    for workspace in (large, small):
        Membership.objects.create(user=editor, workspace=workspace, role=Membership.Role.EDITOR)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(editor)
    return client, number


def failed(chance: random.Random, end: datetime, **about: Any) -> dict[str, Any]:
    """A row that failed some time of the last month, with the history of three tries."""
    code = chance.choice(list(CODES))
    error = CODES[code].format(chance.randint(1, 10**6))
    at = end - timedelta(seconds=chance.randint(0, 30 * 86_400))
    history = [entry("retry", at=at, detail=error)] * 2 + [entry("dead", at=at, detail=error)]
    kept = {"error": error, "error_code": code, "history": history, "attempts": 3, "request_id": f"{at:%s}"}
    return {"state": "dead", "finished_at": at, "not_before": at, **kept, **about}


def store(model: Any, given: list[dict[str, Any]]) -> None:
    """Put rows in, some thousands at once."""
    for start in range(0, len(given), AT_ONCE):
        rows_insert([model(**each) for each in given[start : start + AT_ONCE]])


def addresses() -> dict[str, str]:
    """What is asked for."""
    base = reverse("desk:failures")
    largest = f"poll|{Workspace.objects.get(name='large').pk}|dead|http|"
    return {
        "all": base,
        "one job": f"{base}?job=stories",
        "search: a word of a third": f"{base}?cause=503",
        "search: a word of one row": f"{base}?cause=999999",
        "the rows of the largest line": f"{base}?{urlencode({'line': largest})}",
        "the dashboard": reverse("admin:index"),
        "all work": reverse("desk:work"),
    }


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


if __name__ == "__main__":
    sys.exit(main())
