"""Claiming: which rows a worker may start now, fairly between workspaces.

A claim never asks which workspaces have work by DISTINCT: it steps through the workspace index (a skip-scan),
beginning where the last claim of this process ended, and takes a share from each. A lease that ran out is due like
everything else: a row that was begun becomes unknown, any other is counted a fault and claimed alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import models, transaction

from apps.core.clock import now
from apps.core.work import lanes, scan
from apps.core.work.history import entry, extended
from apps.core.work.kinds import Kind
from apps.core.work.models import WorkQuerySet, WorkRow
from apps.core.work.verbs import FAULTS_MAX, WORKER_LOST

log = structlog.get_logger(__name__)
State = WorkRow.State
HOOK_PAUSE = timedelta(seconds=60)
DIED = "the worker died on it"
"""English on purpose: it is stored, and shown through gettext."""


@dataclass
class Claimed:
    """What a claim gave.

    Attributes:
        rows: leased to this worker, each with the token.
        alone: the one row must be worked with nothing else in flight.
        waiting: a row that must be claimed alone was left because the worker is busy.
        settled: how many rows were not given but moved on, so that another claim may find more.
    """

    rows: list[Any] = field(default_factory=list)
    alone: bool = False
    waiting: bool = False
    settled: int = 0


def claim(
    kind: Kind,
    *,
    limit: int,
    lease: timedelta,
    idle: bool = True,
    at: datetime | None = None,
    only: scan.Only | None = None,
    ahead: timedelta = timedelta(),
) -> Claimed:
    """Lease up to `limit` due rows of a kind; `idle` says that nothing else is in flight in this worker.

    `only` narrows a kind without lanes to the rows that this worker can work. With `ahead` it leases heads of lanes
    that are not due yet, but will be within that time, and nothing else: the worker waits for each one's time.
    """
    moment = at or now()
    if ahead:
        return _claim_ahead(kind, limit=limit, lease=lease, at=moment, ahead=ahead)
    table = scan.Table.of_rows(kind.model, only) if kind.lane_model is None else scan.Table.of_lanes(kind.lane_model)
    spaces = scan.due_workspaces(table, at=moment, limit=limit)
    if not spaces:
        return Claimed()
    with transaction.atomic(using=table.alias):
        found = scan.lock_due(table, spaces, at=moment, limit=limit)
        if kind.lane_model is None:
            stored = kind.model._base_manager.in_bulk(found)
            rows = [stored[pk] for pk in found]
            held: dict[int, lanes.Lane] = {}
        else:
            rows, held = _heads(kind, found, moment)
        claimed = _lease(kind, rows, held, lease=lease, idle=idle, at=moment)
        claimed.settled += len(found) - len(rows)
        return claimed


def _claim_ahead(kind: Kind, *, limit: int, lease: timedelta, at: datetime, ahead: timedelta) -> Claimed:
    """Heads that only wait for their time; what else a lane waits for is looked at when it is due."""
    assert kind.lane_model is not None  # noqa: S101
    table, until = scan.Table.of_lanes(kind.lane_model).after(at), at + ahead
    spaces = scan.due_workspaces(table, at=until, limit=limit)
    if not spaces:
        return Claimed()
    with transaction.atomic(using=table.alias):
        by_id = kind.lane_model._base_manager.in_bulk(scan.lock_due(table, spaces, at=until, limit=limit))
        heads = [lane.head for lane in by_id.values() if lane.head and not lane.paused_reason]
        ready = kind.model._base_manager.select_for_update().filter(pk__in=heads, state=State.READY, not_before__gt=at)
        rows = [row for row in ready if row.not_before <= until]
        held = {row.pk: by_id[getattr(row, f"{lanes.LANE_FIELD}_id")] for row in rows}
        return _lease(kind, rows, held, lease=ahead + lease, idle=True, at=at)


def _heads(kind: Kind, found: Sequence[int], at: datetime) -> tuple[list[Any], dict[int, lanes.Lane]]:
    """The heads of locked lanes that are due; a lane whose head is not is put right."""
    assert kind.lane_model is not None  # noqa: S101
    by_id = kind.lane_model._base_manager.in_bulk(found)
    stored = kind.model._base_manager.select_for_update().in_bulk([lane.head for lane in by_id.values() if lane.head])
    rows, held = [], {}
    for pk in found:
        lane = by_id[pk]
        row = stored.get(lane.head or 0)
        if row is None or not row.is_live or row.not_before > at or (lane.paused_reason and row.state == State.READY):
            lanes.settle(lane, kind.model, at=at)
            continue
        rows.append(row)
        held[row.pk] = lane
    return rows, held


def _lease(
    kind: Kind, rows: list[Any], held: dict[int, lanes.Lane], *, lease: timedelta, idle: bool, at: datetime
) -> Claimed:
    """Lease the clean rows, or else one whose last worker was lost; settle what can't be leased any more."""
    clean = [row for row in rows if row.state == State.READY]
    expired = [row for row in rows if row.state == State.LEASED]
    lost = [row for row in expired if not _settled(kind, row, held.get(row.pk), at=at)]
    settled = len(expired) - len(lost)
    if lost and idle:
        suspect = lost[0]
        changes = {"faults": suspect.faults + 1, "error": DIED, "error_code": WORKER_LOST}
        changes["history"] = extended(suspect.history, entry("lost", at=at, detail=DIED))
        _take(kind, [suspect], held, until=at + lease, **changes)
        return Claimed([suspect], alone=True, settled=settled)
    _take(kind, clean, held, until=at + lease)
    return Claimed(clean, waiting=bool(lost), settled=settled)


def _take(kind: Kind, rows: list[Any], held: dict[int, lanes.Lane], *, until: datetime, **changes: Any) -> None:
    """One UPDATE for the rows of a claim: they share its token."""
    if not rows:
        return
    token = uuid.uuid4()
    kind.model._base_manager.filter(pk__among=[row.pk for row in rows]).update(
        state=State.LEASED, token=token, not_before=until, begun_at=None, attempts=models.F("attempts") + 1, **changes
    )
    for row in rows:
        row.remember_due(row.not_before)
        row.state, row.token, row.not_before, row.begun_at = State.LEASED, token, until, None
        row.attempts += 1
        for name, value in changes.items():
            setattr(row, name, value)
    lanes_held = [held[row.pk] for row in rows if row.pk in held]
    if lanes_held:
        type(lanes_held[0])._base_manager.filter(pk__among=[lane.pk for lane in lanes_held]).update(next_at=until)


def _settled(kind: Kind, row: WorkRow, lane: lanes.Lane | None, *, at: datetime) -> bool:
    """Settle a row whose lease ran out: begun is unknown, too often is dead; False where it may be tried again."""
    changes: dict[str, Any] = {"error": DIED, "error_code": WORKER_LOST}
    tell: Callable[[WorkRow], None] = kind.tell_unknown
    if row.begun_at is not None:
        changes |= {"state": State.UNKNOWN}
        event = "unknown"
    elif row.faults + 1 >= FAULTS_MAX:
        changes |= {"state": State.DEAD, "token": None, "finished_at": at, "faults": row.faults + 1}
        event, tell = "dead", kind.tell_dead
    elif lane is not None and lane.paused_reason:
        changes |= {"state": State.READY, "token": None, "faults": row.faults + 1}
        event, tell = "lost", _tell_nobody
    else:
        return False
    changes["history"] = extended(row.history, entry(event, at=at, detail=DIED))
    for name, value in changes.items():
        setattr(row, name, value)
    rows = kind.model._base_manager.filter(pk=row.pk)
    try:
        with transaction.atomic():
            rows.update(**changes)
            tell(row)
    except Exception:
        log.exception("work.hook_failed", kind=kind.name, row=row.pk, became=event)
        rows.update(not_before=at + HOOK_PAUSE)
        row.refresh_from_db()
    if lane is not None:
        if row.state == State.UNKNOWN:
            lane.unknown_until = at + lanes.UNKNOWN_HOLDS
        lanes.settle(lane, kind.model, at=at)
    return True


def _tell_nobody(_row: WorkRow) -> None:
    """A row that is put back is nobody's news."""


def settle_begun(kind: Kind, *, limit: int = 100, at: datetime | None = None) -> int:
    """Make begun rows whose lease ran out unknown, without waiting for their turn in the backlog."""
    moment = at or now()
    rows: WorkQuerySet[WorkRow] = WorkQuerySet(kind.model)
    expired = rows.expired(moment).filter(begun_at__isnull=False)
    count = 0
    for row in expired.order_by("not_before")[:limit]:
        with transaction.atomic():
            lane = lanes.hold(row)
            stored = expired.select_for_update().filter(pk=row.pk).first()
            count += stored is not None and _settled(kind, stored, lane, at=moment)
    return count


def is_due(kind: Kind, *, at: datetime | None = None, only: scan.Only | None = None) -> bool:
    """Is anything of this kind due now?"""
    table = scan.Table.of_rows(kind.model, only) if kind.lane_model is None else scan.Table.of_lanes(kind.lane_model)
    return scan.any_due(table, at=at or now())
