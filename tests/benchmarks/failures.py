"""How fast the screen of failures opens: `python -m tests.benchmarks.failures [--rows N] [--rounds N] [--json]`.

Fills a database made for it with failed work of three kinds, then asks for the screen as an editor would: all of it, by
job, by cause, one line's rows; and for the dashboard, which counts from the same. SQLite in a temporary folder,
PostgreSQL where the server of `DATABASE_URL` or the local one answers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
SIZES = (1_000, 100_000)


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="The screen of failures, small and big.")
    parser.add_argument("--rows", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--database", choices=["all", "sqlite", "postgresql"], default="all")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "failures", "runs": []}
    for rows in options.rows:
        if options.database in {"all", "postgresql"}:
            result["runs"].append(tell(on_postgres(rows, options.rounds)))
        if options.database in {"all", "sqlite"}:
            result["runs"].append(tell(run(rows, options.rounds, database_url="")))
    if options.json:
        print(json.dumps(result))
    return 0


def on_postgres(rows: int, rounds: int) -> dict[str, Any]:
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
            return run(rows, rounds, database_url=f"{server.rpartition('/')[0]}/{name}")
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(rows: int, rounds: int, *, database_url: str) -> dict[str, Any]:
    """One measured process against one empty database."""
    with tempfile.TemporaryDirectory(prefix="pult-failures-") as var:
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
            [sys.executable, "-m", "tests.benchmarks.failures_run", str(rows), str(rounds)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        sys.exit(f"failures: the measured process failed\n{done.stderr[-3000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def tell(measured: dict[str, Any]) -> dict[str, Any]:
    """Print a run for a person, and give it back."""
    if "skipped" in measured:
        print(f"PostgreSQL: skipped, {measured['skipped']}")
        return measured
    print(f"{measured['database']}: {measured['rows']} failed rows beside {measured['done']} that went well")
    for case, times in measured["cases"].items():
        print(f"  {case:34} p50 {times['p50_ms']:7.0f} ms   p95 {times['p95_ms']:7.0f} ms", flush=True)
    return measured


if __name__ == "__main__":
    sys.exit(main())
