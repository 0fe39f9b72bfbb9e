"""How fast the list of posts opens: `python -m tests.benchmarks.admin_posts [--posts N] [--rounds N] [--json]`.

Fills a database made for it with invented posts, then asks for the list as a viewer would: first, second, last page,
each filter, searches for rare, usual and very common words, and the numbers. SQLite in a temporary folder, PostgreSQL
where the server of `DATABASE_URL` or the local one answers.
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


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="The list of posts and the numbers, at a million rows.")
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--database", choices=["all", "sqlite", "postgresql"], default="all")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "admin_posts", "posts": options.posts}
    if options.database in {"all", "postgresql"}:
        result["postgresql"] = on_postgres(options.posts, options.rounds)
        tell("PostgreSQL", result["postgresql"])
    if options.database in {"all", "sqlite"}:
        result["sqlite"] = run(options.posts, options.rounds, database_url="")
        tell("SQLite", result["sqlite"])
    if options.json:
        print(json.dumps(result))
    return 0


def on_postgres(posts: int, rounds: int) -> dict[str, Any]:
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
            return run(posts, rounds, database_url=f"{server.rpartition('/')[0]}/{name}")
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(posts: int, rounds: int, *, database_url: str) -> dict[str, Any]:
    """One measured process against one empty database."""
    with tempfile.TemporaryDirectory(prefix="pult-admin-posts-") as var:
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
            [sys.executable, "-m", "tests.benchmarks.admin_posts_run", str(posts), str(rounds)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        sys.exit(f"admin_posts: the measured process failed\n{done.stderr[-3000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def tell(name: str, measured: dict[str, Any]) -> None:
    """Print a run for a person."""
    if "skipped" in measured:
        print(f"{name}: skipped, {measured['skipped']}")
        return
    print(f"{name}: {measured['posts']} posts filled in {measured['fill_s']} s, {measured['size_mb']} MB")
    for case, times in measured["cases"].items():
        print(f"  {case:34} p50 {times['p50_ms']:7.0f} ms   p95 {times['p95_ms']:7.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
