"""Bells: they wake a worker sooner than the sweep would. Best effort: safe to lose, safe to repeat."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from django.core.cache import cache
from django.db import connections, router, transaction

from apps.core.work import counters, kinds, publisher
from apps.core.work.models import WorkRow

log = structlog.get_logger(__name__)
OUTSTANDING_S = 10
QUIET_S = 2.0

_tasks: dict[str, str] = {}
_quiet_until = 0.0


def register(name: str, *, task: str) -> None:
    """Name a bell that is no kind's; a kind's bell bears the kind's name."""
    _tasks[name] = task


def task_of(name: str) -> str:
    """The Celery task that a bell wakes; empty where a process of its own looks after the kind.

    Raises:
        LookupError: nothing is registered under this name.
    """
    return _tasks[name] if name in _tasks else kinds.get(name).task


def ring(name: str) -> bool:
    """Wake a worker now; False where one is on its way already, the broker can't be reached, or no bell is needed.

    Raises:
        LookupError: no such bell: a slip in the code.
    """
    global _quiet_until  # noqa: PLW0603
    task = task_of(name)
    if not task:
        return False
    if time.monotonic() < _quiet_until:
        counters.bell(name, "quiet")
        return False
    flagged = _flag(name)
    if flagged is False:
        counters.bell(name, "coalesced")
        return False
    try:
        publisher.publish(task)
    except Exception as error:  # noqa: BLE001 - a bell is best effort, whatever its servers do
        _quiet_until = time.monotonic() + QUIET_S
        log.warning("bell.failed", bell=name, error=repr(error))
        counters.bell(name, "failed")
        if flagged:
            answered(name)
        return False
    counters.bell(name, "rung")
    return True


def _flag(name: str) -> bool | None:
    """Say that a bell is on its way: False where one is already, None where the cache can't tell."""
    try:
        return bool(cache.add(_key(name), 1, timeout=OUTSTANDING_S))
    except Exception as error:  # noqa: BLE001 - a bell is best effort, whatever its servers do
        log.warning("bell.cache_away", bell=name, error=repr(error))
        return None


def answered(name: str) -> None:
    """Let the next bell of this name through; the drain says so before its first claim."""
    try:
        cache.delete(_key(name))
    except Exception as error:  # noqa: BLE001 - the flag runs out by itself
        log.warning("bell.cache_away", bell=name, error=repr(error))


def ring_on_commit(name: str) -> None:
    """Ring once this transaction commits; many in one transaction are one.

    Raises:
        LookupError: no such bell: a slip in the code.
    """
    if not task_of(name):
        return
    alias = router.db_for_write(WorkRow)
    connection = connections[alias]
    bell = _Bell(name)
    open_savepoints = set(connection.savepoint_ids)
    if any(waiting[1] == bell and waiting[0] <= open_savepoints for waiting in connection.run_on_commit):
        return
    transaction.on_commit(bell, using=alias, robust=True)


@dataclass(frozen=True)
class _Bell:
    """A bell that waits for its transaction; equal to every other of its name."""

    name: str

    def __call__(self) -> None:
        ring(self.name)


def _key(name: str) -> str:
    return f"bell:{name}"


def forget_failures() -> None:
    """Publish again at once, although the broker has just failed."""
    global _quiet_until  # noqa: PLW0603
    _quiet_until = 0.0
