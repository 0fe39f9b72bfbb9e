"""What upper apps ask of the outbox: take this, not before then; no, don't; no, later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, lanes, verbs
from apps.core.work.history import entry, extended
from apps.core.work.lanes import Priority
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import following
from apps.delivery.services.following import tell_sender
from apps.delivery.services.outcomes import alerts_close

State = Delivery.State
STOPPABLE = Q(is_joined=False) & (Q(state__in=[State.READY, State.DEAD]) | Q(state=State.LEASED, begun_at=None))


@transaction.atomic
def delivery_create(
    *,
    workspace: Workspace,
    sender: str,
    destination: str,
    payload: Mapping[str, Any],
    dedupe_key: str,
    order_key: str = "",
    not_before: datetime | None = None,
    kind: str = "",
    priority: Priority = Priority.NORMAL,
    after: Delivery | None = None,
) -> Delivery:
    """Put something in the outbox, once: a known `dedupe_key` gives the delivery that is already there.

    Deliveries with one `order_key` leave one after the other, in the order of their times; without one it waits for
    nobody. `priority` acts between such lanes. One that names another as `after` never leaves before that one is sent,
    and is cancelled where that one ends otherwise.
    """
    if found := (known := Delivery.objects.filter(workspace=workspace, dedupe_key=dedupe_key)).first():
        return found
    delivery = Delivery(
        workspace=workspace,
        lane=_lane_locked(workspace, order_key or f"only:{dedupe_key}"),
        sender=sender,
        destination=destination[:200],
        payload=dict(payload),
        dedupe_key=dedupe_key,
        not_before=not_before or now(),
        kind=kind,
        priority=priority,
        after=after,
        is_held=after is not None,
    )
    try:
        with transaction.atomic():
            lanes.append(delivery)
    except IntegrityError:  # another process asked for the same in this very moment
        return known.get()
    return _placed(delivery)


def _lane_locked(workspace: Workspace, key: str) -> Lane:
    """The lane of an order key, locked at once, so that one that is cleared away in this moment is made anew."""
    lane, _made = Lane.objects.select_for_update().get_or_create(workspace=workspace, key=key)
    return lane


def lanes_hold(*, workspace: Workspace, order_keys: Sequence[str]) -> None:
    """Lock lanes in this order, before rows that recording a delivery changes: it locks its lane first as well."""
    for key in order_keys:
        _lane_locked(workspace, key)


def _placed(delivery: Delivery) -> Delivery:
    audit_record(verb="delivery.created", target=delivery, workspace=delivery.workspace)
    if delivery.after is not None:
        following.delivery_placed(delivery)
    bells.ring_on_commit("delivery")
    return delivery


@transaction.atomic
def delivery_cancel(*, delivery: Delivery, by: User | None = None, reason: str = "") -> None:
    """Take back what has not left.

    Raises:
        TransitionError: it is leaving, it has left, or nobody knows.
    """
    lane = lanes.hold(delivery)
    assert lane is not None  # noqa: S101 - every delivery has one
    stored = Delivery.objects.select_for_update().get(pk=delivery.pk)
    at = now()
    told = extended(stored.history, entry("cancelled", at=at, detail=reason, by=str(by or "")))
    moved = Delivery.objects.filter(STOPPABLE, pk=delivery.pk).update(
        state=State.DONE,
        outcome=Delivery.Outcome.CANCELLED,
        token=None,
        begun_at=None,
        finished_at=at,
        error="",
        error_code="",
        history=told,
    )
    if moved != 1:
        raise TransitionError(refusal(stored))
    lanes.settle(lane, Delivery, at=at)
    delivery.refresh_from_db()
    alerts_close(delivery)
    tell_sender(delivery)
    following.followers_settle(delivery)
    audit_record(actor=by, verb="delivery.cancelled", target=delivery, details={"reason": reason} if reason else {})
    bells.ring_on_commit("delivery")


@transaction.atomic
def delivery_move(*, delivery: Delivery, to: datetime, by: User | None = None) -> None:
    """Give what has not left another time; it takes the place of that time among the others.

    Raises:
        TransitionError: it is leaving, or it has ended.
    """
    lanes.hold(delivery)  # nobody joins it from here on
    if Delivery.objects.filter(pk=delivery.pk, is_joined=True).exists():
        raise TransitionError(refusal(Delivery(is_joined=True)))
    try:
        verbs.move(delivery, not_before=to, by=by)
    except TransitionError as exc:
        raise TransitionError(refusal(Delivery.objects.get(pk=delivery.pk))) from exc
    following.joined_part(delivery)
    audit_record(actor=by, verb="delivery.moved", target=delivery, details={"to": to.isoformat()})
    bells.ring_on_commit("delivery")


def refusal(delivery: Delivery) -> str:
    """Why a delivery in this state can't be stopped or moved."""
    if delivery.is_joined:
        return _("It leaves together with another message and can't be stopped by itself.")
    match delivery.state:
        case State.LEASED:
            return _("It is leaving at this moment and can't be stopped any more.")
        case State.UNKNOWN:
            return _("Nobody knows whether it arrived. Say first whether it is there.")
        case State.DEAD:
            return _("It was not sent. Try it again or cancel it.")
    if delivery.outcome == Delivery.Outcome.SENT:
        return _("It has been sent already.")
    return _("It has been cancelled or given up already.")
