"""What can happen to a work row. Each verb is one transaction around one conditional UPDATE whose count is checked.

The worker's verbs go by the token of its claim: `begin`, `renew`, `finish`, `defer`, `release`, `retry`, `fault`,
`fail`, `unknown`. People's verbs go by the state they find: `revive`, `give_up`, `arrived`, `move`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import kinds, lanes
from apps.core.work.history import entry, extended
from apps.core.work.models import WorkRow, rows_of

State = WorkRow.State
FAULTS_MAX = 3
BACKOFF_FIRST_S = 5.0
BACKOFF_CAP_S = 3600.0
RETRY_LEAST_S = 0.05
WORKER_LOST = "worker_lost"


class LeaseLost(Exception):  # noqa: N818
    """Another worker or a person has taken the row meanwhile; nothing was recorded."""


OPEN_STATES = (State.LEASED, State.UNKNOWN)


@contextmanager
def recorded(row: WorkRow, *, states: tuple[State, ...] = OPEN_STATES, **changes: Any) -> Iterator[None]:
    """Apply an outcome to a row that this token holds, together with what the caller does inside the block.

    A row that became unknown meanwhile still takes its late outcome by the same token.

    Raises:
        LeaseLost: the token is no longer the row's; nothing is changed.
    """
    token, before = row.token, {name: getattr(row, name) for name in changes}
    if token is None:
        raise LeaseLost(f"{row} is not claimed")
    try:
        with transaction.atomic():
            lane = lanes.hold(row)
            held = rows_of(row).filter(pk=row.pk, token=token, state__in=states)
            if held.update(**changes) != 1:
                raise LeaseLost(f"{row} has been taken over")
            _assign(row, changes)
            yield
            if lane is not None:
                _settle_lane(row, lane)
    except BaseException:
        _assign(row, before)
        raise


def _assign(row: WorkRow, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _settle_lane(row: WorkRow, lane: lanes.Lane) -> None:
    at = now()
    if row.state == State.UNKNOWN and lane.head == row.pk and lane.unknown_until is None:
        lane.unknown_until = at + lanes.UNKNOWN_HOLDS
    lanes.settle(lane, type(row), at=at, ended=row.pk if row.state == State.DONE else None)


def _told(row: WorkRow, event: str, detail: str = "", *, by: object = None) -> list[Any]:
    return list(extended(row.history, entry(event, at=now(), detail=detail, by=str(by) if by else "")))


def begin(row: WorkRow, **told: object) -> None:
    """Commit that a request which must not repeat is about to leave; `told` are columns of the kind's own.

    Raises:
        LeaseLost: the lease ran out, or the row was cancelled, moved or begun before.
    """
    at = now()
    if row.token is None:
        raise LeaseLost(f"{row} is not claimed")
    with transaction.atomic(durable=True):
        held = rows_of(row).filter(pk=row.pk, token=row.token, state=State.LEASED, begun_at=None, not_before__gt=at)
        if held.update(begun_at=at, **told) != 1:
            raise LeaseLost(f"{row} may not begin any more")
    _assign(row, {"begun_at": at, **told})


def renew(row: WorkRow, *, lease: timedelta) -> None:
    """Move the lease's end; call it between the steps of long work.

    Raises:
        LeaseLost: another worker has the row.
    """
    with recorded(row, states=(State.LEASED,), not_before=now() + lease):
        pass


def finish(row: WorkRow, *, effect: Callable[[], None] | None = None) -> None:
    """Mark the row done and apply its effect in the same transaction: exactly once.

    Raises:
        LeaseLost: another worker has the row; the effect is not applied.
    """
    changes: dict[str, Any] = {"state": State.DONE, "finished_at": now(), "token": None, "error": "", "error_code": ""}
    with recorded(row, **changes):
        if effect is not None:
            effect()


def finish_all(rows: list[WorkRow]) -> list[WorkRow]:
    """Mark the rows of one claim done in one UPDATE; returns those that were still ours.

    Call it inside the transaction of their common effect. Not for laned rows; the objects keep their claim, so that
    each can be tried alone where the transaction fails.
    """
    if not rows:
        return []
    done = {"state": State.DONE, "finished_at": now(), "token": None, "error": "", "error_code": ""}
    tokens = {row.token for row in rows}
    claimed = rows_of(rows[0]).filter(pk__among=[row.pk for row in rows], token__in=tokens, state__in=OPEN_STATES)
    with transaction.atomic():
        if claimed.update(**done) == len(rows):
            return rows
        transaction.set_rollback(True)
    with transaction.atomic():
        ours = set(claimed.select_for_update().values_list("pk", flat=True))
        rows_of(rows[0]).filter(pk__among=ours).update(**done)
    return [row for row in rows if row.pk in ours]


def defer(row: WorkRow, *, until: datetime, reason: str = "") -> None:
    """Put the row back for later; this was not an attempt."""
    _put_back(row, max(until, now() + timedelta(seconds=RETRY_LEAST_S)), "deferred", reason, attempts=row.attempts - 1)


def release(row: WorkRow) -> None:
    """Put back a row that was not started, at the time it had."""
    _put_back(row, row.was_due_at, "released", "", attempts=row.attempts - 1)


def retry(row: WorkRow, *, error: str, code: str = "", retry_after: float | None = None) -> None:
    """Put the row back after an expected failure; the other side's wish wins over the backoff."""
    wait = backoff_s(row.attempts) if retry_after is None else max(retry_after, RETRY_LEAST_S)
    _put_back(row, now() + timedelta(seconds=wait), "retry", error, error=error, error_code=code)


def fault(row: WorkRow, *, error: str, code: str = "bug") -> None:
    """Count a bug on the row: it comes back later, and is dead after three."""
    faults = row.faults + 1
    if faults >= FAULTS_MAX:
        fail(row, error=error, code=code, faults=faults)
        return
    until = now() + timedelta(seconds=backoff_s(faults))
    _put_back(row, until, "fault", error, error=error, error_code=code, faults=faults)


def _put_back(row: WorkRow, until: datetime, event: str, detail: str, **changes: Any) -> None:
    had_begun = row.begun_at is not None
    changes |= {"state": State.READY, "not_before": until, "token": None, "begun_at": None}
    with recorded(row, history=_told(row, event, detail), **changes):
        if had_begun:
            kinds.of(row).tell_back(row)


def fail(row: WorkRow, *, error: str, code: str = "", **changes: Any) -> None:
    """End the row badly; a person sees it and may revive it."""
    changes |= {"state": State.DEAD, "finished_at": now(), "token": None, "error": error, "error_code": code}
    with recorded(row, history=_told(row, "dead", error), **changes):
        kinds.of(row).tell_dead(row)


def unknown(row: WorkRow, *, error: str, code: str = "") -> None:
    """Say that the request may or may not have been carried out; the claim's token can still settle it.

    Where the lease ran out before, this has been said already and is not said twice.
    """
    if rows_of(row).filter(pk=row.pk, token=row.token, state=State.UNKNOWN).exists():
        return
    changes: dict[str, Any] = {"state": State.UNKNOWN, "error": error, "error_code": code}
    with recorded(row, states=(State.LEASED,), history=_told(row, "unknown", error), **changes):
        kinds.of(row).tell_unknown(row)


def backoff_s(failures: int) -> float:
    """Seconds to wait after so many failures: doubling up to an hour, with full jitter."""
    ceiling = min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2 ** min(max(failures - 1, 0), 20))
    return max(random.uniform(0, ceiling), 1.0)


PERSON_FIELDS = ("state", "not_before", "token", "begun_at", "faults", "error", "error_code", "history", "finished_at")
NOT_STARTED = Q(state=State.READY) | Q(state=State.LEASED, begun_at=None)


@transaction.atomic
def _by_person(
    row: WorkRow,
    allowed: Q,
    refusal: str,
    change: Callable[[WorkRow], dict[str, Any]],
    then: Callable[[WorkRow], None] | None = None,
) -> None:
    """Lock the stored row where its state allows a person's verb, change it, and copy what was done into `row`."""
    lane = lanes.hold(row)
    stored: WorkRow | None = rows_of(row).select_for_update().filter(allowed, pk=row.pk).first()
    if stored is None:
        raise TransitionError(refusal)
    changes = change(stored)
    rows_of(row).filter(pk=row.pk).update(**changes)
    _assign(stored, changes)
    if lane is not None:
        _settle_lane(stored, lane)
    if then is not None:
        then(stored)
    _assign(row, {name: getattr(stored, name) for name in PERSON_FIELDS})


def revive(
    row: WorkRow,
    *,
    by: object = None,
    reason: str = "",
    not_before: datetime | None = None,
    order_at: datetime | None = None,
) -> None:
    """Try a dead or unknown row again; a laned one at its old place, or at `order_at`.

    Raises:
        TransitionError: it is neither.
    """

    def change(stored: WorkRow) -> dict[str, Any]:
        return {
            "state": State.READY,
            "token": None,
            "begun_at": None,
            "finished_at": None,
            "faults": 0,
            "not_before": not_before or now(),
            **({} if order_at is None else {"order_at": order_at}),
            "history": _told(stored, "revived", reason, by=by),
        }

    _by_person(row, Q(state__in=[State.DEAD, State.UNKNOWN]), _("Only failed work can be tried again."), change)


def give_up(row: WorkRow, *, reason: str, by: object = None, code: str = "given_up", tell: bool = True) -> None:
    """End a row that was not started, or whose outcome is unknown; `tell=False` leaves the owner's hook out.

    Raises:
        TransitionError: its request is under way, or it has ended.
    """

    def change(stored: WorkRow) -> dict[str, Any]:
        return {
            "state": State.DEAD,
            "token": None,
            "finished_at": now(),
            "error": reason,
            "error_code": code,
            "history": _told(stored, "given_up", reason, by=by),
        }

    refusal = _("This work is under way or has ended already.")
    hook = kinds.of(row).tell_dead if tell else None
    _by_person(row, NOT_STARTED | Q(state=State.UNKNOWN), refusal, change, hook)


def arrived(row: WorkRow, *, by: object = None, reason: str = "") -> None:
    """Settle an unknown row: its request was carried out.

    Raises:
        TransitionError: it is not unknown.
    """

    def change(stored: WorkRow) -> dict[str, Any]:
        return {
            "state": State.DONE,
            "token": None,
            "finished_at": now(),
            "error": "",
            "error_code": "",
            "history": _told(stored, "arrived", reason, by=by),
        }

    _by_person(row, Q(state=State.UNKNOWN), _("The outcome of this work is not in doubt."), change)


def move(row: WorkRow, *, not_before: datetime, by: object = None) -> None:
    """Give a row that was not started another time; a claim that holds it loses it.

    Raises:
        TransitionError: its request is under way, or it has ended.
    """

    def change(stored: WorkRow) -> dict[str, Any]:
        place = {"order_at": not_before} if isinstance(stored, lanes.LanedRow) else {}
        return {
            "state": State.READY,
            "token": None,
            "not_before": not_before,
            **place,
            "history": _told(stored, "moved", not_before.isoformat(timespec="seconds"), by=by),
        }

    _by_person(row, NOT_STARTED, _("This work is under way or has ended already."), change)
