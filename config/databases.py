"""The database of a run: PostgreSQL where an address is given, else SQLite in the folder for written things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


def database(url: str, *, var: Path, pool_max: int) -> dict[str, Any]:
    """Django's `DATABASES` entry for an address.

    Raises:
        ImproperlyConfigured: the address is not one of PostgreSQL.
    """
    if not url:
        return sqlite(var / "pult.sqlite3")
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("DATABASE_URL must be an address that starts with postgres://, or empty for SQLite.")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError as exc:
        raise ImproperlyConfigured(
            "DATABASE_URL is not a well-formed address: host, port or path can't be read."
        ) from exc
    config["OPTIONS"] = {
        **config.get("OPTIONS", {}),
        "pool": {"min_size": 0, "max_size": pool_max, "timeout": 10},
        "connect_timeout": 5,
    }
    config["CONN_HEALTH_CHECKS"] = True
    return config


# The log is written back once it has 32 MB: a page that changes often is written once then, instead of every 4 MB.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=20000", "wal_autocheckpoint=8000")


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite for several processes: write-ahead log, immediate transactions, patience with locks."""
    return {
        "ENGINE": "config.sqlite",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in PRAGMAS),
        },
        "TEST": {"NAME": str(path.with_name("test.sqlite3"))},
    }
