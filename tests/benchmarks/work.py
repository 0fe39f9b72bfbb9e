"""How fast work rows move: `python -m tests.benchmarks.work [--json]`.

Rows a second of empty work, by real worker processes (1, 2, 4) and database; and how long a row that becomes due waits
until a worker has claimed it, through a real Celery worker and beat, embedded and with PostgreSQL and Redis. Databases
are its own, made and dropped; PostgreSQL is the server of DATABASE_URL, else the one on this machine, where it answers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "pult_benchmark_work"
WORKERS = (1, 2, 4)
ROWS = {"postgresql": {"batches": 20_000, "rows": 10_000, "effects": 3_000}}
ROWS["sqlite"] = {"batches": 10_000, "rows": 5_000, "effects": 1_000}
SAMPLES = 60

Environment = dict[str, str]


@contextmanager
def postgres() -> Iterator[str | None]:
    """The address of a database of our own, or None where no server answers."""
    given = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
    parts = urlsplit(given)
    server = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        yield None
        return
    with connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        try:
            yield urlunsplit(parts._replace(scheme="postgres", path=f"/{DATABASE}"))
        finally:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@contextmanager
def free_redis() -> Iterator[str | None]:
    """The address of an empty Redis database, left empty again; None where there is none."""
    address = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/13"
    with redis.Redis.from_url(address, socket_connect_timeout=1) as client:
        try:
            empty = client.dbsize() == 0
        except redis.ConnectionError:
            empty = False
        if not empty:
            yield None
            return
        try:
            yield address
        finally:
            client.flushdb()


def environment(folder: Path, *, database: str = "", broker: str = "") -> Environment:
    """The environment of a set-up; its tables are made."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.work_settings",
        "PULT_VAR": str(folder),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "CELERY_BROKER_URL": "",
        "LOG_LEVEL": "ERROR",
    }
    run(env, "manage.py", "migrate", "-v", "0", "--skip-checks")
    return env


def run(env: Environment, *args: str) -> str:
    """Run Python with these arguments and return what it printed."""
    done = subprocess.run([sys.executable, *args], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


FILL = """
import sys, django; django.setup()
from apps.accounts.models import Workspace
from apps.core.clock import now
from tests.work_app.models import Chore
Chore.objects.all().delete()
spaces = [Workspace.objects.get_or_create(slug=f"b{n}", defaults={"name": "b"})[0] for n in range(4)]
due = now()
Chore.objects.bulk_create([Chore(workspace=spaces[n % 4], not_before=due) for n in range(int(sys.argv[1]))], 2000)
"""
COUNT = """
import django; django.setup()
from tests.work_app.models import Chore
print(Chore.objects.filter(state="done", attempts=1).count())
"""


def rows_per_s(env: Environment, *, form: str, rows: int, workers: int) -> float:
    """Empty work through so many processes; every row exactly once, or it is no figure."""
    run(env, "-c", FILL, str(rows))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.work_worker", form],
            env=env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    for process in processes:
        process.stdout.readline()  # type: ignore[union-attr]
    began = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in processes:
        process.wait()
    took = time.perf_counter() - began
    for process in processes:
        process.communicate()
    done = int(run(env, "-c", COUNT))
    if done != rows:
        raise RuntimeError(f"{done} of {rows} rows were done exactly once")
    return round(rows / took)


WAITS = """
import json, random, sys, time, django; django.setup()
from datetime import timedelta
from django.db import transaction
from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work import bells
from tests.work_app.models import Chore
Chore.objects.all().delete()
space = Workspace.objects.get_or_create(slug="b0", defaults={"name": "b"})[0]
mode, count = sys.argv[1], int(sys.argv[2])
due = {}
for _ in range(count):
    with transaction.atomic():
        later = timedelta(seconds=random.uniform(0.5, 1.5)) if mode == "sweep" else timedelta()
        chore = Chore.objects.create(workspace=space, not_before=now() + later)
        if mode == "bell":
            bells.ring_on_commit("chore")
    due[chore.pk] = chore.not_before
    time.sleep(random.uniform(0.1, 0.4))
ends = time.monotonic() + 20
while Chore.objects.exclude(state="done").exists() and time.monotonic() < ends:
    time.sleep(0.1)
from tests.work_app.tasks import CHORES
# A claim moves not_before to its lease's end, and finishing leaves it there: that tells when the claim was.
ends = dict(Chore.objects.filter(state="done", attempts=1).values_list("pk", "not_before"))
print(json.dumps([(ends[pk] - CHORES.lease - at).total_seconds() * 1000 for pk, at in due.items()]))
"""


def waits_ms(env: Environment, mode: str) -> list[float]:
    """How long each row waited from being due to being claimed."""
    return [float(wait) for wait in json.loads(run(env, "-c", WAITS, mode, str(SAMPLES)).splitlines()[-1])]


@contextmanager
def worker_and_beat(env: Environment) -> Iterator[None]:
    """A worker with beat inside, as one process."""
    command = ["-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "4", "-B", "-l", "ERROR"]
    queues = "collect,compose,deliver,inbound,media,default"
    process = subprocess.Popen([sys.executable, *command, "-Q", queues], env=env, cwd=ROOT)
    try:
        time.sleep(8)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def latency(env: Environment) -> dict[str, float]:
    """95th percentiles and medians of both ways to be woken."""
    with worker_and_beat(env):
        waits_ms(env, "bell")  # the worker has imported and connected
        found = {mode: waits_ms(env, mode) for mode in ("bell", "sweep")}
    figures = {f"{mode}_p50": round(statistics.median(waits)) for mode, waits in found.items()}
    return figures | {f"{mode}_p95": round(statistics.quantiles(waits, n=20)[-1]) for mode, waits in found.items()}


def throughput(env: Environment, database: str) -> dict[str, dict[str, float]]:
    """Rows a second by form and number of workers."""
    return {
        form: {str(workers): rows_per_s(env, form=form, rows=rows, workers=workers) for workers in WORKERS}
        for form, rows in ROWS[database].items()
    }


def measure() -> dict[str, Any]:
    """All figures."""
    rates: dict[str, Any] = {}
    waits: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, postgres() as database, free_redis() as broker:
        embedded = environment(Path(folder) / "embedded")
        rates["sqlite"] = throughput(embedded, "sqlite")
        waits["embedded"] = latency(embedded)
        if database:
            production = environment(Path(folder) / "production", database=database, broker=broker or "")
            rates["postgresql"] = throughput(production, "postgresql")
            if broker:
                waits["production"] = latency(production)
    return {
        "rows_per_s": {name: forms["batches"] for name, forms in rates.items()},
        "rows_per_s_by_form": rates,
        "due_to_claimed_p95_ms": {name: found["bell_p95"] for name, found in waits.items()},
        "due_to_claimed_ms": waits,
    }


def main() -> None:
    """Print the figures; the last line of --json is one object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    random.seed(1)
    figures = measure()
    for database, forms in figures["rows_per_s_by_form"].items():
        for form, by_workers in forms.items():
            said = ", ".join(f"{workers}: {rate:.0f}" for workers, rate in by_workers.items())
            print(f"{database:11} {form:8} rows/s by workers {said}")
    for name, waits in figures["due_to_claimed_ms"].items():
        print(f"{name:11} due to claimed, ms: {waits}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
