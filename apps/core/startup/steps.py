"""The preparation itself. Every step looks first and does nothing where nothing is to do."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.core.management import call_command, get_commands
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.startup.errors import StartError

ADMIN_EMAIL = "admin@example.org"
DEMO_LOAD = "demo_load"
DEMO_PLAY = "demo_play"


@dataclass(frozen=True)
class Login:
    """Someone made on the first run; the password exists only here and as a hash."""

    email: str
    password: str


def configuration_checked() -> None:
    """Run Django's checks.

    Raises:
        StartError: with the first error's own sentence.
    """
    errors = [message for message in checks.run_checks() if message.is_serious()]
    if errors:
        hint = f" {errors[0].hint}" if errors[0].hint else ""
        more = f" (and {len(errors) - 1} more: manage.py check)" if len(errors) > 1 else ""
        raise StartError(f"The configuration is not usable: {errors[0].msg}{hint}{more}")


def migrated() -> int:
    """Apply the migrations that are missing, and say how many."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", interactive=False, verbosity=0)
    return len(plan)


def static_collected(var: Path) -> int:
    """Collect static files where a source file is new, gone or changed, and say how many there are."""
    note = var / "run" / "static.json"
    files = sorted(static_sources())
    print_now = hashlib.sha256("\n".join(files).encode()).hexdigest()
    if note.exists() and json.loads(note.read_text()).get("fingerprint") == print_now:
        return 0
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    note.write_text(json.dumps({"fingerprint": print_now}))
    return len(files)


def static_sources() -> Iterator[str]:
    """Every static file with its size and time."""
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            yield f"{path} {stat.st_size} {stat.st_mtime_ns}"


def admin_made() -> Login | None:
    """Make an administrator where there is none yet."""
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(ADMIN_EMAIL, password)
    return Login(ADMIN_EMAIL, password)


def demo_loaded(var: Path) -> tuple[Login, ...]:
    """Load the demo once, into a database that has no workspace, and return its people; empty where it is not loaded.

    A demo that is there already learns the site's present address.
    """
    if DEMO_LOAD not in get_commands():
        return ()
    note = var / "run" / "demo-loaded"
    seen = note.read_text().split() if note.exists() else []
    if database_print() in seen or apps.get_model("accounts", "Workspace")._default_manager.exists():
        call_command(DEMO_LOAD, move=True)
        return ()
    told = StringIO()
    call_command(DEMO_LOAD, passwords=True, stdout=told)
    note.write_text("\n".join([*seen, database_print()]) + "\n")
    words = [line.split() for line in told.getvalue().splitlines()]
    return tuple(Login(pair[0], pair[1]) for pair in words if len(pair) == 2 and "@" in pair[0])


def database_print() -> str:
    """What tells this database from another, and nothing more."""
    return hashlib.sha256(json.dumps(connection.settings_dict, default=str, sort_keys=True).encode()).hexdigest()
