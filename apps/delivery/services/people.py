"""What a person decides about a delivery that stopped."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, lanes, verbs
from apps.core.work.history import entry, extended
from apps.delivery.models import Attempt, Delivery
from apps.delivery.ports import Receipt
from apps.delivery.services.following import followers_settle, place_again, tell_sender
from apps.delivery.services.outbox import STOPPABLE, refusal
from apps.delivery.services.outcomes import alerts_close, delivery_attempted, delivery_sent, delivery_waits

State = Delivery.State


@transaction.atomic
def delivery_retry(*, delivery: Delivery, by: User | None = None) -> None:
    """Try a failed delivery again: the last of its lane, and marked late, where later ones have left meanwhile.

    Raises:
        TransitionError: it has not failed.
    """
    lanes.hold(delivery)
    if not Delivery.objects.select_for_update().filter(pk=delivery.pk, state=State.DEAD).exists():
        raise TransitionError(_("Only what was not sent can be tried again."))
    verbs.revive(delivery, by=by, order_at=place_again(delivery))
    delivery_waits(delivery)
    audit_record(actor=by, verb="delivery.retried", target=delivery)
    bells.ring_on_commit("delivery")


@transaction.atomic
def delivery_send_again(*, delivery: Delivery, by: User) -> None:
    """A person has looked: it is not there, so it may leave again; last and late where later ones have left meanwhile.

    Raises:
        TransitionError: its outcome is not in doubt.
    """
    _doubted(delivery)
    verbs.revive(delivery, by=by, reason=_("not there: send again"), order_at=place_again(delivery))
    delivery_attempted(delivery, Attempt.Outcome.ABSENT, kind=Attempt.Kind.PERSON, detail=str(by))
    delivery_waits(delivery)
    audit_record(actor=by, verb="delivery.sent_again", target=delivery)
    bells.ring_on_commit("delivery")


@transaction.atomic
def delivery_arrived(*, delivery: Delivery, by: User, vendor_id: str = "", url: str = "") -> None:
    """A person has looked: it is there.

    Raises:
        TransitionError: its outcome is not in doubt.
    """
    _doubted(delivery)
    verbs.arrived(delivery, by=by, reason=_("it is there"))
    delivery_attempted(delivery, Attempt.Outcome.SENT, kind=Attempt.Kind.PERSON, detail=str(by))
    delivery_sent(delivery, Receipt(vendor_id=vendor_id, url=url))
    audit_record(actor=by, verb="delivery.arrived", target=delivery, details={"vendor_id": vendor_id})
    bells.ring_on_commit("delivery")


@transaction.atomic
def delivery_absent(*, delivery: Delivery, by: User) -> None:
    """A person has looked: it is not there, and it stays unsent.

    Raises:
        TransitionError: its outcome is not in doubt.
    """
    _doubted(delivery)
    reason = _("It is not there, and it is not sent again.")
    _unsent(delivery, Q(state=State.UNKNOWN), reason=reason, how="absent", by=by)
    delivery_attempted(delivery, Attempt.Outcome.ABSENT, kind=Attempt.Kind.PERSON, detail=str(by))
    audit_record(actor=by, verb="delivery.not_there", target=delivery)


@transaction.atomic
def delivery_give_up(*, delivery: Delivery, reason: str, by: User | None = None) -> None:
    """Leave it unsent for good, with the reason; nobody is reminded of it any more.

    What may have arrived can't be called unsent: a person says first whether it is there.

    Raises:
        TransitionError: it is leaving at this moment, it has ended, or nobody knows whether it arrived.
    """
    _unsent(delivery, STOPPABLE, reason=reason, how="given_up", by=by)
    audit_record(actor=by, verb="delivery.given_up", target=delivery, details={"reason": reason})


def _unsent(delivery: Delivery, allowed: Q, *, reason: str, how: str, by: User | None) -> None:
    """End it as not sent where its state allows, let its lane go on, and tell its sender."""
    lane = lanes.hold(delivery)
    assert lane is not None  # noqa: S101 - every delivery has one
    stored = Delivery.objects.select_for_update().get(pk=delivery.pk)
    at = now()
    told = extended(stored.history, entry(how, at=at, detail=reason, by=str(by or "")))
    ended = Delivery.objects.filter(allowed, pk=delivery.pk).update(
        state=State.DONE,
        outcome=Delivery.Outcome.FAILED,
        token=None,
        begun_at=None,
        finished_at=at,
        error=reason,
        error_code=how,
        history=told,
    )
    if ended != 1:
        raise TransitionError(refusal(stored))
    lanes.settle(lane, Delivery, at=at)
    delivery.refresh_from_db()
    alerts_close(delivery)
    tell_sender(delivery)
    followers_settle(delivery)
    bells.ring_on_commit("delivery")


def _doubted(delivery: Delivery) -> None:
    """Lock the lane, then the row, and refuse what is not in doubt."""
    lanes.hold(delivery)
    if not Delivery.objects.select_for_update().filter(pk=delivery.pk, state=State.UNKNOWN).exists():
        raise TransitionError(_("There is no doubt about this one: its outcome is known."))
