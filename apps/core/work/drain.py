"""Draining: claim what is due, work it outside any transaction, record each outcome, until nothing is due.

A drain claims no more than it can start now, ends after `DRAIN_S` and rings again if more is due. Losing it at any
moment loses nothing: the lease of what it had runs out and the next claim settles it.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import transaction

from apps.core.clock import now
from apps.core.work import bells, claims, counters, kinds, outcomes, stopping, turns, verbs
from apps.core.work.jobs import BatchJob, Defer, Job
from apps.core.work.loop import Handle, Landed, SlicedLoop, current, entered
from apps.core.work.models import WorkRow
from apps.core.work.verbs import LeaseLost

__all__ = ["BatchJob", "Defer", "Handle", "Job", "LeaseLost", "current", "run", "run_batches"]

log = structlog.get_logger(__name__)
DRAIN_S = 30.0
SLICE_S = 1.0
BRIEF_S = 0.005
PATIENCE_S = 2.0
GRACE_S = 10.0
HORIZON_S = 0.25


class _Drain(ABC):
    """What every form of draining shares: its time, its claims, and when to look again."""

    def __init__(self, job: Job | BatchJob) -> None:
        self.job = job
        self.kind = kinds.get(job.kind)
        self.ends = time.monotonic() + DRAIN_S
        self.soonest: datetime | None = None
        bells.answered(self.kind.name)

    @property
    def may_claim(self) -> bool:
        return not stopping.is_asked() and time.monotonic() < self.ends

    def claim(self, limit: int, *, idle: bool = True) -> claims.Claimed:
        only = self.job.only() if isinstance(self.job, Job) and self.job.only else None
        return claims.claim(self.kind, limit=limit, lease=self.job.lease, idle=idle, only=only)

    @abstractmethod
    def step(self) -> bool:
        """Claim, work and record once; False where nothing was there."""

    def run(self) -> None:
        """Drain, unless another thread of this process does."""
        if turns.take(self.kind.name):
            self.work_through(self.step)

    def note(self, due: datetime | None) -> None:
        """Remember when something that this drain put back is due again."""
        if due is not None and (self.soonest is None or due < self.soonest):
            self.soonest = due

    def pause_s(self) -> float | None:
        """How long to wait for the soonest row that was put back; None where it is not worth waiting."""
        if self.soonest is None:
            return None
        seconds = max((self.soonest - now()).total_seconds(), 0.0)
        if seconds == 0.0:
            self.soonest = None
        return seconds if seconds < PATIENCE_S else None

    def work_through(self, step: Callable[[], bool]) -> None:
        """Repeat a step that says whether it found work, until nothing is due or the time is over."""
        heed = True
        try:
            while True:
                while self.may_claim and (step() or self.waited()):
                    pass
                heed = self.may_claim
                if turns.end(self.kind.name, heed=heed):
                    break
        except BaseException:
            turns.end(self.kind.name, heed=False)
            raise
        if not heed and not stopping.is_asked() and claims.is_due(self.kind):
            bells.ring(self.kind.name)

    def waited(self) -> bool:
        """Sit out a short pause that this drain's own rows asked for; a bell ends it."""
        seconds = self.pause_s()
        if seconds is None:
            return False
        turns.wait(self.kind.name, seconds)
        return True


def run(job: Job) -> None:
    """Work the due rows of a kind one by one, or many at a time where the work is asynchronous."""
    drain: _SyncDrain | _AsyncDrain = _AsyncDrain(job) if job.is_async else _SyncDrain(job)
    drain.run()


def run_batches(job: BatchJob) -> None:
    """Work the due rows of a kind many at once, each batch in one transaction."""
    _BatchDrain(job).run()


class _SyncDrain(_Drain):
    """Rows one by one on this thread; it claims about as many as it can start within `HORIZON_S`."""

    job: Job

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.size = 1
        self.done: list[WorkRow] = []

    def step(self) -> bool:
        claimed = self.claim(self.size)
        began, worked = time.monotonic(), 0
        for place, row in enumerate(claimed.rows):
            if stopping.is_asked():
                outcomes.release(self.job, claimed.rows[place:])
                break
            with outcomes.bound(self.kind.name, row), entered(Handle(row, self.job.lease)):
                self.work(row)
            worked += 1
        self.flush()
        self.resize(time.monotonic() - began, worked)
        return bool(claimed.rows) or claimed.settled > 0

    def resize(self, seconds: float, worked: int) -> None:
        """Claim twice as many next time, as long as they can be started soon."""
        if worked:
            startable = int(HORIZON_S * worked / max(seconds, 1e-6))
            self.size = max(1, min(self.job.batch, self.size * 2, startable))

    def work(self, row: WorkRow) -> None:
        try:
            plan = self.job.plan(row) if self.job.plan else row
            if self.job.begins:
                verbs.begin(row)
            result = self.job.work(plan)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's failure and no other's
            self.flush()
            self.note(outcomes.fail(self.job, row, error))
            return
        if self.job.record is None and not self.job.begins and self.kind.lane_model is None:
            self.done.append(row)
        else:
            outcomes.succeed(self.job, row, result)

    def flush(self) -> None:
        """Finish the rows that had no effect to record, in one UPDATE."""
        if self.done:
            rows, self.done = self.done, []
            outcomes.succeed_all(self.job, rows)


class _AsyncDrain(_Drain):
    """Many coroutines on one loop; every free place is filled by a claim, every outcome is recorded as it lands."""

    job: Job

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.loop = SlicedLoop(job.session, to_the_minute=bool(self.kind.ahead))
        self.alone = False

    def run(self) -> None:
        try:
            if turns.take(self.kind.name, self.loop.wake):
                try:
                    self.work_through(self.step)
                finally:
                    self.land_all()
        finally:
            self.loop.close()

    def step(self) -> bool:
        """Fill the free places; wait for something to land where there is nothing to start."""
        # In portions: while rows are planned, nothing that is in flight moves.
        free = min(self.job.concurrency - self.loop.flights, self.job.batch)
        claimed = claims.Claimed()
        if free > 0 and not self.alone:
            claimed = self.claim(free, idle=self.loop.flights == 0)
            self.alone = claimed.alone or claimed.waiting
            self.start_all(claimed.rows)
            if self.kind.ahead and not self.alone:
                self.start_all(self.claim_ahead(free - len(claimed.rows)))
        worked = self.loop.flights
        if worked:
            self.land(BRIEF_S if free and len(claimed.rows) == self.job.batch else SLICE_S)
        if self.loop.flights == 0:
            self.alone = False
        # What landed may have made the next of its lane due.
        return bool(worked or claimed.rows or claimed.settled)

    def claim_ahead(self, free: int) -> list[Any]:
        """Rows whose time comes in a moment; half of the places stay free for what is due before that."""
        limit = min(free, self.job.concurrency // 2 - self.loop.early)
        if limit <= 0:
            return []
        return claims.claim(self.kind, limit=limit, lease=self.job.lease, ahead=self.kind.ahead).rows

    def start_all(self, rows: list[WorkRow]) -> None:
        planned = [(row, self.planned(row)) for row in rows]
        for row, plan in planned:
            if plan is not None and stopping.is_asked():
                outcomes.release(self.job, [row])
            elif plan is not None:
                with outcomes.bound(self.kind.name, row):
                    self.attempt(row, partial(self.start, row, plan[0]))

    def planned(self, row: WorkRow) -> tuple[Any] | None:
        with outcomes.bound(self.kind.name, row), entered(Handle(row, self.job.lease)):
            plan: tuple[Any] | None = self.attempt(row, lambda: (self.job.plan(row) if self.job.plan else row,))
        self.loop.between()
        return plan

    def start(self, row: WorkRow, plan: Any) -> None:
        self.loop.open()
        if self.job.begins:
            verbs.begin(row)
        self.loop.start(Handle(row, self.job.lease), self.job.work, plan)

    def attempt(self, row: WorkRow, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this row's failure and no other's
            self.note(outcomes.fail(self.job, row, error))
            return None

    def land(self, seconds: float) -> None:
        """Wait for what lands and record it."""
        if self.soonest is not None:
            seconds = min(seconds, max(0.0, (self.soonest - now()).total_seconds()))
            self.soonest = None if seconds == 0 else self.soonest
        for landed in self.loop.slice(seconds):
            with outcomes.bound(self.kind.name, landed.handle.row):
                self.record(landed)
            self.loop.between()

    def record(self, landed: Landed) -> None:
        row = landed.handle.row
        if landed.error is None:
            outcomes.succeed(self.job, row, landed.result)
        elif isinstance(landed.error, asyncio.CancelledError) and row.begun_at is None:
            outcomes.release(self.job, [row])
        else:
            self.note(outcomes.fail(self.job, row, landed.error))

    def land_all(self) -> None:
        """Let everything in flight land; a worker that must stop takes back what may be repeated."""
        patience: float | None = None
        while self.loop.flights:
            self.land(SLICE_S)
            if stopping.is_asked():
                patience = time.monotonic() + GRACE_S if patience is None else patience
                if time.monotonic() >= patience:
                    self.loop.cancel_repeatable()


class _BatchDrain(_Drain):
    """Many rows in one transaction; where that fails, each of them alone."""

    job: BatchJob

    def step(self) -> bool:
        claimed = self.claim(self.job.batch)
        if claimed.rows and not self.together(claimed.rows):
            for place, row in enumerate(claimed.rows):
                if stopping.is_asked():
                    outcomes.release(self.job, claimed.rows[place:])
                    break
                with outcomes.bound(self.kind.name, row):
                    self.note(outcomes.succeed_batch(self.job, row))
        return bool(claimed.rows) or claimed.settled > 0

    def together(self, rows: list[WorkRow]) -> bool:
        """Work and finish them all in one transaction; False where nothing came of it."""
        if len(rows) == 1 or self.kind.lane_model is not None:
            return False
        try:
            with transaction.atomic():
                held = verbs.finish_all(rows)
                self.job.work(held)
        except Exception:
            log.info("work.batch_failed", kind=self.kind.name, rows=len(rows), exc_info=True)
            return False
        counters.outcome(self.kind.name, "done", len(held))
        return True
