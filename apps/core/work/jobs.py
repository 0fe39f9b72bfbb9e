"""What an app says about its work: how a row is planned, worked and recorded."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.work import scan


class Defer(Exception):  # noqa: N818
    """Raised by `plan` or `work`: put the row back for later; this was not an attempt."""

    def __init__(self, *, until: datetime, reason: str = "") -> None:
        super().__init__(reason)
        self.until = until
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Job:
    """How rows of a kind are worked one by one.

    Attributes:
        kind: name of the kind.
        plan: row to a frozen dataclass; synchronous, may use the ORM. Without it `work` gets the row.
        work: what the plan says; synchronous or a coroutine function (then many at a time, and no ORM inside).
        record: runs inside the transaction that marks the row done; its effect happens exactly once.
        lease: how long a row is ours without renewal.
        batch: most rows that are claimed at once.
        concurrency: most coroutines at a time.
        begins: the work must not repeat: `begin` is committed right before it.
        session: opened once per drain and passed as the second argument of asynchronous work.
        attempts_max: expected failures after which the row is dead; without it, never.
        only: asked before each claim, on the drain's thread: the part of the rows that this worker can work.
    """

    kind: str
    work: Callable[..., Any]
    plan: Callable[[Any], Any] | None = None
    record: Callable[[Any, Any], None] | None = None
    lease: timedelta = timedelta(minutes=5)
    batch: int = 20
    concurrency: int = 8
    begins: bool = False
    session: Callable[[], AbstractAsyncContextManager[Any]] | None = None
    attempts_max: int | None = None
    only: Callable[[], scan.Only] | None = None

    @property
    def is_async(self) -> bool:
        """Does the work wait on the network, many at a time?"""
        return inspect.iscoroutinefunction(self.work)


@dataclass(frozen=True, kw_only=True)
class BatchJob:
    """How rows of a kind are worked many at once, inside the one transaction that finishes them all."""

    kind: str
    work: Callable[[list[Any]], None]
    lease: timedelta = timedelta(minutes=5)
    batch: int = 200
    attempts_max: int | None = None
