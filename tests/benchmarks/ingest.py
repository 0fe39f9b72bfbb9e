"""How fast posts come in and find their stories: `python -m tests.benchmarks.ingest [--data DIR] [--json]`.

Imports every export file of a folder and groups its posts, end to end, in a database made for it and dropped again:
SQLite in a temporary folder, and PostgreSQL where the server of `DATABASE_URL` or the local one answers. Each runs in a
process of its own.

Channels write long and short texts, so the first and the last thousand are no like things. Each run is therefore made a
second time with the files in the opposite order: the same thousand posts come once at the end and once at the start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
KEYS = ("posts_per_s", "first_1000_per_s", "last_1000_per_s", "last_1000_when_first_per_s", "peak_mb", "stories")


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="Posts imported and grouped, end to end.")
    parser.add_argument("--data", type=Path, help="folder of export files (.json)")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--database", choices=["all", "sqlite", "postgresql"], default="all")
    parser.add_argument("--workers", type=int, default=1, help="processes that group beside the import, on PostgreSQL")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "ingest"}
    if options.data is None or not sorted(options.data.glob("*.json")):
        words = "ingest: skipped, no folder of export files given (--data DIR)"
        result["skipped"] = words
        print(words)
    else:
        if options.database in {"all", "sqlite"}:
            result["sqlite"] = both_ways(lambda order: run(options.data, database_url="", workers=0, order=order))
            tell("SQLite, one process", result["sqlite"])
        if options.database in {"all", "postgresql"}:
            result["postgresql"] = both_ways(lambda order: on_postgres(options.data, workers=0, order=order))
            tell("PostgreSQL, one process", result["postgresql"])
            result["postgresql_beside"] = on_postgres(options.data, workers=options.workers)
            tell(f"PostgreSQL, an importing process and {options.workers} grouping", result["postgresql_beside"])
        best = result.get("postgresql", {})
        best = best if "posts_per_s" in best else result.get("sqlite", {})
        result |= {key: best[key] for key in KEYS if key in best}
    if options.json:
        print(json.dumps(result))
    return 0


def both_ways(measure: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A run, and how fast its last thousand posts were where they came first."""
    measured, backwards = measure(""), measure("back")
    if "skipped" not in measured:
        measured["last_1000_when_first_per_s"] = backwards["first_1000_per_s"]
        measured["first_1000_when_last_per_s"] = backwards["last_1000_per_s"]
    return measured


def on_postgres(data: Path, *, workers: int, order: str = "") -> dict[str, Any]:
    """The run in a database of its own on a PostgreSQL server, or the words why not."""
    server = os.environ.get("DATABASE_URL") or LOCAL_POSTGRES
    name = f"pult_bench_{uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as exc:
        return {"skipped": f"no PostgreSQL answers: {str(exc).splitlines()[0]}"}
    with connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            return run(data, database_url=f"{server.rpartition('/')[0]}/{name}", workers=workers, order=order)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(data: Path, *, database_url: str, workers: int, order: str = "") -> dict[str, Any]:
    """One measured process against one empty database."""
    with tempfile.TemporaryDirectory(prefix="pult-ingest-") as var:
        environment = {
            **os.environ,
            "PULT_VAR": var,
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "memory://",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
            "LOG_FILE_ENABLED": "false",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.ingest_run", str(data.resolve()), str(workers), order],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        sys.exit(f"ingest: the measured process failed\n{done.stderr[-3000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def tell(name: str, measured: dict[str, Any]) -> None:
    """Print a run for a person."""
    if "skipped" in measured:
        print(f"{name}: skipped, {measured['skipped']}")
        return
    spent = ", ".join(f"{what} {seconds} s" for what, seconds in measured["seconds"].items())
    print(
        f"{name}: {measured['posts']} posts in {measured['stories']} stories "
        f"({measured['stories_of_several']} of several sources), {measured['posts_per_s']} posts/s; "
        f"first 1,000 at {measured['first_1000_per_s']}/s, last 1,000 at {measured['last_1000_per_s']}/s"
        f"{when_first(measured)}; in processor time {measured['first_1000_per_processor_s']}/s and "
        f"{measured['last_1000_per_processor_s']}/s; "
        f"peak {measured['peak_mb']} MB; {spent}"
    )


def when_first(measured: dict[str, Any]) -> str:
    """The same posts in the opposite order, in words; nothing where that was not measured."""
    if "last_1000_when_first_per_s" not in measured:
        return ""
    return (
        f" (in the opposite order the same posts came at {measured['first_1000_when_last_per_s']}/s as the last "
        f"and at {measured['last_1000_when_first_per_s']}/s as the first)"
    )


if __name__ == "__main__":
    sys.exit(main())
