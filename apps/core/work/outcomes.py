"""Recording what became of a row. The one place where a bug becomes a count on the row that met it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections, router

from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.core.work import counters, verbs
from apps.core.work.jobs import BatchJob, Defer, Job
from apps.core.work.models import WorkRow
from apps.core.work.verbs import LeaseLost

log = structlog.get_logger(__name__)
DATABASE_WAITS_S = (0.1, 0.5, 2.0)


@contextmanager
def bound(kind: str, row: WorkRow) -> Iterator[None]:
    """Let every log line inside name the row."""
    names: dict[str, Any] = {"work": kind, "work_row": row.pk, "workspace": row.workspace_id}
    if row.request_id:
        names["request_id"] = row.request_id
    with structlog.contextvars.bound_contextvars(**names):
        yield


def succeed(job: Job, row: WorkRow, result: Any) -> datetime | None:
    """Record a success and its effect; returns when the row is due again, where it is."""
    effect = partial(job.record, row, result) if job.record else None
    try:
        patiently(partial(verbs.finish, row, effect=effect))
    except Exception as error:  # noqa: BLE001 - a failure of the effect is the row's failure
        return fail(job, row, error)
    counters.outcome(job.kind, row.state)
    return None


def succeed_all(job: Job, rows: list[WorkRow]) -> None:
    """Record many successes that have no effect of their own."""
    held: list[WorkRow] = []
    try:
        patiently(lambda: held.extend(verbs.finish_all(rows)))
    except DatabaseError:  # they stay leased and are worked again
        log.exception("work.not_recorded", kind=job.kind, rows=len(rows))
        counters.outcome(job.kind, "not_recorded", len(rows))
        return
    counters.outcome(job.kind, "done", len(held))
    if len(held) < len(rows):
        log.warning("work.lease_lost", kind=job.kind, rows=len(rows) - len(held))
        counters.outcome(job.kind, "lost", len(rows) - len(held))


def succeed_batch(job: BatchJob, row: WorkRow) -> datetime | None:
    """Work one row of a batch in the transaction that finishes it; returns when it is due again, where it is."""
    try:
        patiently(partial(verbs.finish, row, effect=lambda: job.work([row])))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's failure and no other's
        return fail(job, row, error)
    counters.outcome(job.kind, row.state)
    return None


def fail(job: Job | BatchJob, row: WorkRow, error: BaseException) -> datetime | None:
    """Record a failure by its class; returns when the row is due again, where a time was asked for."""
    try:
        patiently(partial(_failed, job, row, error))
    except LeaseLost as lost:
        log.warning("work.lease_lost", reason=str(lost))
        counters.outcome(job.kind, "lost")
        return None
    except Exception:  # the row stays leased; its lease runs out and the next claim settles it
        log.exception("work.not_recorded")
        counters.outcome(job.kind, "not_recorded")
        return None
    counters.outcome(job.kind, row.state)
    asked = isinstance(error, Defer) or getattr(error, "retry_after", None) is not None
    return row.not_before if asked and row.state == WorkRow.State.READY else None


def _failed(job: Job | BatchJob, row: WorkRow, error: BaseException) -> None:
    """The verb for a failure: what is expected goes by its class, what is not is a bug."""
    begun = row.begun_at is not None
    code = str(getattr(error, "code", ""))
    match error:
        case LeaseLost():
            raise error
        case Defer():
            verbs.defer(row, until=error.until, reason=error.reason)
        case PermanentError():
            log.warning("work.dead", error=str(error), code=code)
            verbs.fail(row, error=str(error), code=code)
        case UnknownOutcomeError() if begun:
            log.warning("work.unknown", error=str(error), code=code)
            verbs.unknown(row, error=str(error), code=code)
        case RetryableError() | UnknownOutcomeError():
            log.info("work.retry", error=str(error), code=code)
            if job.attempts_max is not None and row.attempts >= job.attempts_max:
                verbs.fail(row, error=str(error), code=code)
            else:
                verbs.retry(row, error=str(error), code=code, retry_after=getattr(error, "retry_after", None))
        case OperationalError() | InterfaceError() if not begun:
            log.error("work.database_failed", exc_info=error)
            verbs.retry(row, error=f"{type(error).__name__}: {error}", code="database")
        case _:
            log.error("work.bug", exc_info=error)
            text = f"{type(error).__name__}: {error}"
            if begun:
                verbs.unknown(row, error=text, code="bug")
            else:
                verbs.fault(row, error=text)


def release(job: Job | BatchJob, rows: list[WorkRow]) -> None:
    """Put back rows that were not started."""
    for row in rows:
        try:
            patiently(partial(verbs.release, row))
        except (LeaseLost, DatabaseError):
            log.warning("work.not_released", kind=job.kind, row=row.pk, exc_info=True)


def patiently(verb: Callable[[], None]) -> None:
    """Carry out a verb through a short absence of the database."""
    for wait in DATABASE_WAITS_S:
        try:
            return verb()
        except (OperationalError, InterfaceError):
            connection = connections[router.db_for_write(WorkRow)]
            if connection.in_atomic_block:
                raise
            log.warning("work.database_away", exc_info=True)
            time.sleep(wait)
            connection.close_if_unusable_or_obsolete()
    return verb()
