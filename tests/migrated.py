"""A migrated, empty database, made once for each state of the migrations and copied from then on.

Going through every migration takes half a minute of processor time, and each start of the tests and each set-up of the
real processes wants a database of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
NAME = "pult.sqlite3"
KEPT_MAX = 3  # of earlier states
LOCK = 7_155_201  # any number that nobody else takes on a server for tests


def digest() -> str:
    """What the present migrations come to; they are all that a database is made of."""
    found = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for path in sorted((*ROOT.glob("apps/*/migrations/*.py"), ROOT / "apps/sources/search.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def kept_in() -> Path:
    """Where templates lie: with the other things that this checkout may lose."""
    folder = Path(os.environ.get("PULT_VAR") or ROOT / "var") / "migrated"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process make a template while others wait for it."""
    with (kept_in() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate(var: Path, *, database_url: str) -> None:
    """Go through every migration."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REDIS_", "CELERY_", "COV_CORE"))}
    env |= {"PULT_VAR": str(var), "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    env |= {"DEMO": "false", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"the migrations failed\n{done.stdout}{done.stderr}")


def sqlite_template() -> Path:
    """The file that databases are copied from; made where it is not there."""
    template = kept_in() / f"{digest()}.sqlite3"
    with one_at_a_time():
        if not template.exists():
            with tempfile.TemporaryDirectory(prefix="pult-migrated-") as var:
                migrate(Path(var), database_url="")
                with closing(sqlite3.connect(Path(var) / NAME)) as made:
                    made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                shutil.copyfile(Path(var) / NAME, template.with_suffix(".new"))
                template.with_suffix(".new").rename(template)
            older = sorted(kept_in().glob("*.sqlite3"), key=lambda one: one.stat().st_mtime, reverse=True)
            for one in older[KEPT_MAX:]:
                one.unlink()
    return template


def sqlite_put(path: Path) -> None:
    """Put a migrated, empty database at a path, in place of whatever is there."""
    template = sqlite_template()
    path.parent.mkdir(parents=True, exist_ok=True)
    for rest in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        rest.unlink(missing_ok=True)
    shutil.copyfile(template, path)


def postgres_template(server: str) -> None:
    """Make the database that others are copied from, where it is not there; `server` is any database's address."""
    with _template_of(server):
        pass


def postgres_put(server: str, name: str) -> None:
    """Make a migrated, empty database of this name on a server, in place of one that is there.

    `server` is the address of any database of the server.
    """
    with _template_of(server) as (admin, template):
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))


def postgres_drop(server: str, name: str) -> None:
    """Drop a database of this name, whoever is connected to it."""
    with psycopg.connect(f"{server.rsplit('/', 1)[0]}/postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _template_of(server: str) -> Iterator[tuple[psycopg.Connection[tuple[str, ...]], str]]:
    base = server.rsplit("/", 1)[0]
    template = f"test_pult_migrated_{digest()}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        # of the server, for other checkouts have folders of their own; until this connection ends
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        names = {found for (found,) in admin.execute("SELECT datname FROM pg_database").fetchall()}
        if template not in names:
            making = f"{template}_new"
            for statement in ("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}"):
                admin.execute(sql.SQL(statement).format(sql.Identifier(making)))
            with tempfile.TemporaryDirectory(prefix="pult-migrated-") as var:
                migrate(Path(var), database_url=f"{base}/{making}")
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(template))
            )
            for old in names:
                if old.startswith("test_pult_migrated_"):
                    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(old)))
        yield admin, template
