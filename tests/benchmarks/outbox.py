"""What a full outbox costs a claim: `python -m tests.benchmarks.outbox [--rows 1000000] [--due 10000] [--json]`.

Claims from an outbox that holds nothing but some due lanes, against the same with a million rows, of which ten thousand
are due, with one lane in which a hundred thousand wait; and what it costs that lane to find whose turn it is. Databases
are its own: SQLite in a temporary folder, PostgreSQL of DATABASE_URL or of this machine, where it answers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.migrated import NAME, postgres_put, sqlite_put

ROOT = Path(__file__).resolve().parents[2]
LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a migrated database of our own; empty where no server answers."""
    server = os.environ.get("DATABASE_URL") or LOCAL_POSTGRES
    name = f"pult_bench_{uuid4().hex[:12]}"
    try:
        postgres_put(server, name)
    except psycopg.OperationalError as exc:
        print(f"postgresql: skipped, {str(exc).splitlines()[0]}")
        yield ""
        return
    base = server.rpartition("/")[0]
    try:
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(folder: str, database: str = "") -> dict[str, str]:
    """The environment of a measured process."""
    own = {"PULT_VAR": folder, "DATABASE_URL": database, "REDIS_URL": "", "CELERY_BROKER_URL": "memory://"}
    return {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR", "DEMO": "false"}


def measured(env: dict[str, str], rows: int, due: int, lane: int, rounds: int) -> dict[str, Any]:
    """One measured process."""
    sizes = map(str, (rows, due, lane, rounds))
    command = [sys.executable, "-m", "tests.benchmarks.outbox_run", *sizes]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--lane", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "outbox", "rows": given.rows, "due": given.due, "lane": given.lane}
    sizes = (given.rows, given.due, given.lane, given.rounds)
    with tempfile.TemporaryDirectory(prefix="pult-outbox-") as folder:
        sqlite_put(Path(folder) / NAME)
        result["sqlite"] = measured(environment(folder), *sizes)
        with postgres() as database:
            if database:
                result["postgresql"] = measured(environment(folder, database), *sizes)
    for name in ("sqlite", "postgresql"):
        if name in result:
            print(f"{name}: {result[name]}")
    if given.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
