"""The measured process of the `outbox` benchmark: rows, due, lane, rounds; one JSON line."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from apps.accounts.models import Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.core.work import claims, kinds, lanes, verbs  # noqa: E402
from apps.delivery.models import Delivery, Lane  # noqa: E402

AT_A_TIME = 30
LEASE = timedelta(minutes=5)
BATCH = 5000


def waiting(space: Workspace, numbers: Sequence[int], *, name: str, due: datetime | None) -> None:
    """So many deliveries, each in a lane of its own: due then, or sent long ago."""
    at = due or now()
    made = Lane.objects.bulk_create([Lane(workspace=space, key=f"{name}:{n}", next_at=due) for n in numbers], 1000)
    ended: dict[str, Any] = {} if due else {"state": "done", "outcome": "sent", "finished_at": at, "sent_at": at}
    common: dict[str, Any] = {"workspace": space, "sender": "s", "destination": "d", "payload": {"html": "x" * 200}}
    common |= {"not_before": at, "order_at": at, **ended}
    rows = [Delivery(lane=lane, dedupe_key=f"{name}:{n}", **common) for n, lane in zip(numbers, made, strict=True)]
    Delivery.objects.bulk_create(rows, 1000)
    if due:
        for lane, row in zip(made, rows, strict=True):
            lane.head = row.pk
        Lane.objects.bulk_update(made, ["head"], 1000)


def portions(count: int) -> Iterator[range]:
    """Numbers up to `count`, in batches."""
    for start in range(0, count, BATCH):
        yield range(start, min(start + BATCH, count))


def long_lane(space: Workspace, count: int) -> None:
    """One lane with so many rows, its head put off by an hour."""
    lane = Lane.objects.create(workspace=space, key="long")
    at = now() - timedelta(hours=1)
    for numbers in portions(count):
        rows = [
            Delivery(workspace=space, lane=lane, sender="s", destination="d", dedupe_key=f"long:{n}", order_at=at)
            for n in numbers
        ]
        Delivery.objects.bulk_create(rows, 1000)
    first = Delivery.objects.filter(lane=lane).earliest("id")
    Delivery.objects.filter(pk=first.pk).update(not_before=now() + timedelta(hours=1))
    lanes.settle(lane, Delivery, at=now())


def analysed() -> None:
    """What autovacuum would have done by now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def claims_ms(rounds: int) -> dict[str, float]:
    """Milliseconds of a claim of thirty, which are put back each time."""
    kind, took = kinds.get("delivery"), []
    for _round in range(rounds + 5):
        began = time.perf_counter()
        found = claims.claim(kind, limit=AT_A_TIME, lease=LEASE).rows
        took.append((time.perf_counter() - began) * 1000)
        assert len(found) == AT_A_TIME
        for row in found:
            verbs.release(row)
    cuts = statistics.quantiles(took[5:], n=20)
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


def turns_ms(lane: Lane, rounds: int) -> dict[str, float]:
    """Milliseconds of finding whose turn it is in a lane, as every recorded outcome of it has to."""
    took = []
    for _round in range(rounds + 5):
        began = time.perf_counter()
        with transaction.atomic():
            held = Lane.objects.select_for_update().get(pk=lane.pk)
            held.head = None
            lanes.settle(held, Delivery, at=now())
        took.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(took[5:], n=20)
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


def main() -> None:
    """Measure the empty and the full outbox."""
    count, due, lane, rounds = map(int, sys.argv[1:])
    space = Workspace.objects.create(name="Bench", slug="bench")
    past = now() - timedelta(minutes=1)
    waiting(space, range(100), name="few", due=past)
    analysed()
    empty = claims_ms(rounds)
    short = turns_ms(Lane.objects.get(key="few:0"), rounds)
    long_lane(space, lane)
    for numbers in portions(due - 100):
        waiting(space, numbers, name="due", due=past)
    left = count - lane - due
    for numbers in portions(left // 2):
        waiting(space, numbers, name="later", due=now() + timedelta(days=1))
    for numbers in portions(left - left // 2):
        waiting(space, numbers, name="sent", due=None)
    analysed()
    full = claims_ms(rounds)
    found: dict[str, Any] = {"empty_ms": empty, "full_ms": full, "factor": round(full["p50"] / empty["p50"], 2)}
    found |= {"turn_of_one_ms": short, "turn_of_long_lane_ms": turns_ms(Lane.objects.get(key="long"), rounds)}
    found |= {"rows": Delivery.objects.count(), "due": Lane.objects.filter(next_at__lte=now()).count()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
