"""What every test gets: a cache of its own, no bell left waiting by another test, the language of the sources."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadScopeScheduling

from apps.core.work import bells
from tests.migrated import postgres_drop, postgres_put, postgres_template, sqlite_put, sqlite_template

SCREENS = "tests/e2e/screens/"


def pytest_collection() -> None:
    """Load the admins, whose tests walk them all, and make what databases are copied from, outside any test's time."""
    import_module(django_settings.ROOT_URLCONF)
    # seconds of loading, which the first message that a test sends would spend of its lease
    import_module("apps.telegram.adapters.aiogram")
    server = os.environ.get("DATABASE_URL", "")
    if server:
        postgres_template(server)
    else:
        sqlite_template()


class ScreensTogether(LoadScopeScheduling):  # type: ignore[misc]
    """Every test to whichever process is free, but all that click through the demo to one: a start of it serves all."""

    def _split_scope(self, nodeid: str) -> str:
        return SCREENS if nodeid.startswith(SCREENS) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out among the processes."""
    return ScreensTogether(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, whatever else their order, so that none of them is waited for alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """A test database that is migrated already: see `tests.migrated`."""
    with django_db_blocker.unblock():
        name = connection.creation._get_test_db_name()
        if connection.vendor == "postgresql":
            postgres_put(os.environ["DATABASE_URL"], name)
        else:
            sqlite_put(Path(name))
        made = setup_databases(verbosity=0, interactive=False, keepdb=True)
    yield
    with django_db_blocker.unblock():
        is_postgres = connection.vendor == "postgresql"
        teardown_databases(made, verbosity=0, keepdb=is_postgres)
        if is_postgres:
            # whatever thread of a test still holds a connection
            postgres_drop(os.environ["DATABASE_URL"], name)


@pytest.fixture(autouse=True)
def _own_cache(settings: object) -> Iterator[None]:
    """Give each test its own cache keys, so that flags and counters of one never reach another."""
    caches["default"].key_prefix = uuid4().hex
    bells.forget_failures()
    yield
    caches["default"].key_prefix = ""


@pytest.fixture(autouse=True)
def _whole_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no window of a limit end while a test counts up to it: they end on the clock, about once a minute."""
    began = int(time.time())
    monkeypatch.setattr("django_ratelimit.core._get_window", lambda _value, period: began + period)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Read words as they stand in the code, whether catalogues are compiled or not."""
    with translation.override("en"):
        yield
