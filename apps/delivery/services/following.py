"""Deliveries that name another one: they wait for it, end with it, or leave inside it.

Everything here runs inside the transaction that changes the one they name. What is locked, and in which order: its
lane, itself, the lanes of those that name it, then whatever its sender keeps of it. Who locks a sender's row of their
own first, such as an editor's change of a publication, holds the lanes before that (`lanes_hold`).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import bells, lanes
from apps.core.work.history import entry, extended
from apps.delivery import senders
from apps.delivery.models import Delivery, Lane
from apps.delivery.ports import Sender

State, Outcome = Delivery.State, Delivery.Outcome
# The code of one that was cancelled because the one it names ended otherwise.
UNFOLLOWED = "after_ended"
ENDED = frozenset({Outcome.FAILED, Outcome.CANCELLED})


def delivery_placed(delivery: Delivery) -> None:
    """Settle a new one that names another: it may be sent already, or have ended without."""
    assert delivery.after is not None  # noqa: S101 - the caller has asked
    named = Delivery.objects.select_for_update().get(pk=delivery.after.pk)
    delivery.after = named
    if named.outcome == Outcome.SENT:
        _released(delivery)
    elif named.outcome in ENDED:
        _cancelled(delivery, named)


def followers_hold(delivery: Delivery) -> bool:
    """Lock the lanes of those that name it, before its sender's own rows are; False where none names it.

    The delivery is changed in this transaction: who comes to name it waits until that is over (`delivery_placed`).
    """
    lanes_of = set(Delivery.objects.filter(after=delivery).values_list("lane", flat=True))
    if others := lanes_of - {delivery.lane_id}:
        list(Lane.objects.select_for_update().filter(pk__in=others).order_by("pk").values_list("pk", flat=True))
    return bool(lanes_of)


def followers_settle(delivery: Delivery) -> None:
    """Let those that name this one follow its outcome: go, end with it, or wait for it again."""
    followers = Delivery.objects.filter(after=delivery).select_related("workspace").order_by("order_at", "id")
    if delivery.outcome == Outcome.SENT:
        for row in followers.filter(is_joined=True).exclude(outcome=Outcome.SENT):
            _sent_inside(row, delivery)
        for row in followers.filter(is_held=True, state=State.READY, is_joined=False):
            _released(row)
        for row in followers.filter(outcome=Outcome.CANCELLED, error_code=UNFOLLOWED):
            _awaited(row)
            _released(row)
    else:  # failed or cancelled
        for row in followers.filter(is_joined=True, state=State.READY):
            _parted(row)
        for row in followers.filter(is_held=True, state=State.READY):
            _cancelled(row, delivery)


def place_again(delivery: Delivery) -> datetime | None:
    """The place of one that leaves again: its own, or the last of its lane, marked late, where later ones have left.

    One that was cancelled or failed behind it has not left: nobody read it before this one.
    """
    lanes.hold(delivery)
    if not is_passed(delivery):
        return None
    Delivery.objects.filter(pk=delivery.pk).update(is_late=True)
    delivery.is_late = True
    return lanes.last_place(delivery)


def is_passed(delivery: Delivery) -> bool:
    """Whether some that stand behind it in its lane have left; those that were cancelled or failed never did."""
    return lanes.is_passed(delivery, besides=Q(outcome__in=ENDED))


def outcome_set(delivery: Delivery, outcome: str, **values: object) -> None:
    """Write an outcome with what belongs to it."""
    changes = {"outcome": outcome, **values}
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
    for name, value in changes.items():
        setattr(delivery, name, value)


def tell_sender(delivery: Delivery) -> None:
    """Let the sender follow the outcome in its own rows."""
    way = sender_of(delivery)
    if way is not None:
        way.recorded(delivery, delivery.outcome)


def sender_of(delivery: Delivery) -> Sender | None:
    """Who sends it; None where nobody does any more."""
    try:
        return senders.sender(delivery.sender)
    except PermanentError:
        return None


def _released(row: Delivery) -> None:
    """Its turn may come: what it waited for is there; the last of its lane, and late, where later ones have left."""
    place = place_again(row)
    _changed(row, "let_go", is_held=False, order_at=row.order_at if place is None else place)
    bells.ring_on_commit("delivery")


def joined_part(delivery: Delivery) -> None:
    """Let those that would have left inside this one leave by themselves."""
    for row in Delivery.objects.filter(after=delivery, is_joined=True, state=State.READY).order_by("order_at", "id"):
        _parted(row)


def _parted(row: Delivery) -> None:
    """What it would have left with was not sent; it leaves by itself."""
    _changed(row, "parted", is_held=False, is_joined=False, after=None)
    bells.ring_on_commit("delivery")


def _awaited(row: Delivery) -> None:
    """It was cancelled with the one it names, which was sent after all."""
    _changed(
        row,
        "revived",
        state=State.READY,
        is_held=True,
        not_before=max(row.not_before, now()),
        finished_at=None,
        error="",
        error_code="",
        outcome=Outcome.WAITING,
    )
    audit_record(verb="delivery.retried", target=row)
    tell_sender(row)


def _cancelled(row: Delivery, named: Delivery) -> None:
    """The one it names ended without being sent, so this one means nothing; so do those that name this one."""
    words = _("It belongs to “%(to)s”, which was not sent.") % {"to": named.destination}
    _changed(
        row,
        "cancelled",
        words,
        state=State.DONE,
        outcome=Outcome.CANCELLED,
        finished_at=now(),
        error=words,
        error_code=UNFOLLOWED,
    )
    audit_record(verb="delivery.cancelled", target=row, details={"reason": words})
    tell_sender(row)
    followers_settle(row)


def _sent_inside(row: Delivery, whole: Delivery) -> None:
    """It left inside another one: the same message, so the same id, link and time."""
    _changed(
        row,
        "sent_with",
        state=State.DONE,
        finished_at=now(),
        is_held=False,
        error="",
        error_code="",
        outcome=Outcome.SENT,
        vendor_id=whole.vendor_id,
        url=whole.url,
        sent_at=whole.sent_at,
    )
    tell_sender(row)
    followers_settle(row)


def _changed(row: Delivery, event: str, detail: str = "", **changes: object) -> None:
    """Change one under its lane's lock and let the lane go on."""
    lane = lanes.hold(row)
    assert lane is not None  # noqa: S101 - every delivery has one
    changes["history"] = extended(row.history, entry(event, at=now(), detail=detail))
    Delivery.objects.filter(pk=row.pk).update(**changes)
    for name, value in changes.items():
        setattr(row, name, value)
    lanes.settle(lane, Delivery, at=now())
