"""How tries end. Everything here runs inside the transaction that records the end."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import bells, verbs
from apps.core.work.models import WorkRow
from apps.delivery import senders
from apps.delivery.models import Attempt, Delivery, LookUp
from apps.delivery.ports import Absent, CannotTell, Found, LookUpAnswer, Receipt, Sender

Outcome = Delivery.Outcome
# The other side may need a moment until an accepted message can be seen.
LOOK_UP_AFTER = timedelta(seconds=3)
# Ends that the try itself did not live to write into the log.
UNSEEN = frozenset({"worker_lost", "bug", "lease_over"})


def delivery_sent(delivery: Delivery, receipt: Receipt) -> None:
    """Record that it left, with the other side's receipt."""
    _outcome_set(delivery, Outcome.SENT, vendor_id=receipt.vendor_id[:200], url=receipt.url[:500], sent_at=now())
    alerts_close(delivery)
    tell_sender(delivery)


def delivery_attempted(
    delivery: Delivery, outcome: str, *, kind: str = Attempt.Kind.SEND, detail: str = "", took_s: float | None = None
) -> None:
    """Write a line into the log of attempts."""
    duration = None if took_s is None else round(max(took_s, 0.0) * 1000)
    Attempt.objects.create(delivery=delivery, kind=kind, outcome=outcome, detail=detail[:2000], duration_ms=duration)


def delivery_dead(row: WorkRow) -> None:
    """It will not be sent until a person does something: tell one."""
    delivery = _delivery(row)
    if delivery.error_code in UNSEEN:
        delivery_attempted(delivery, Attempt.Outcome.FAILED, detail=delivery.error)
    _outcome_set(delivery, Outcome.FAILED)
    audit_record(verb="delivery.failed", target=delivery, details={"reason": delivery.error})
    alert_raise(
        workspace=delivery.workspace,
        key=dead_key(delivery),
        level=Alert.Level.ERROR,
        message=_("“%(to)s”: not sent. %(reason)s") % {"to": delivery.destination, "reason": delivery.error},
        url=admin_url(delivery),
    )
    tell_sender(delivery)


def delivery_unknown(row: WorkRow) -> None:
    """It left and no answer came: ask the other side where that is possible, else tell a person.

    A sender whose only effect is a row of ours has lost nothing and doubles nothing: that one is simply tried again.
    """
    delivery = _delivery(row)
    way = _way(delivery)
    if delivery.error_code in UNSEEN:
        delivery_attempted(delivery, Attempt.Outcome.UNKNOWN, detail=delivery.error)
    if way is not None and way.exactly_once:
        verbs.revive(row, reason=_("nothing had left"))
        bells.ring_on_commit("delivery")
        return
    _outcome_set(delivery, Outcome.UNKNOWN)
    audit_record(verb="delivery.unknown", target=delivery, details={"reason": delivery.error})
    if way is not None and way.looks_up:
        LookUp.objects.create(workspace_id=delivery.workspace_id, delivery=delivery, not_before=now() + LOOK_UP_AFTER)
        bells.ring_on_commit("look_up")
    else:
        unknown_alert(delivery)
    tell_sender(delivery)


def look_up_settle(look_up: LookUp, answer: LookUpAnswer, *, took_s: float | None = None) -> None:
    """Take the other side's answer: it is there, it is not, or a person has to look.

    An answer about a delivery that was settled meanwhile changes nothing.
    """
    delivery = Delivery.objects.select_related("workspace").get(pk=look_up.delivery_id)
    if delivery.state != Delivery.State.UNKNOWN:
        return
    kind = Attempt.Kind.LOOK_UP
    if isinstance(answer, Found):
        verbs.arrived(delivery, reason=_("found when looked up"))
        delivery_attempted(delivery, Attempt.Outcome.SENT, kind=kind, took_s=took_s)
        delivery_sent(delivery, answer.receipt)
        audit_record(verb="delivery.found", target=delivery)
    elif isinstance(answer, Absent):
        verbs.revive(delivery, reason=_("it had not arrived"))
        delivery_attempted(delivery, Attempt.Outcome.ABSENT, kind=kind, took_s=took_s)
        delivery_waits(delivery)
        audit_record(verb="delivery.absent", target=delivery)
    else:
        delivery_attempted(delivery, Attempt.Outcome.UNKNOWN, kind=kind, detail=answer.reason, took_s=took_s)
        unknown_alert(delivery)
    bells.ring_on_commit("delivery")


def look_up_dead(row: WorkRow) -> None:
    """The question itself failed: a person has to look."""
    assert isinstance(row, LookUp)  # noqa: S101 - the kind of this hook
    look_up_settle(row, CannotTell(row.error))


def delivery_waits(delivery: Delivery) -> None:
    """Record that it is to be sent (again)."""
    _outcome_set(delivery, Outcome.WAITING, vendor_id="", url="", sent_at=None)
    alerts_close(delivery)
    tell_sender(delivery)


def unknown_alert(delivery: Delivery) -> None:
    """Tell a person that only a person can say whether it arrived."""
    message = _(
        "“%(to)s”: nobody knows whether it arrived. %(reason)s Look there, then choose “It is there” or “Send again”."
    )
    alert_raise(
        workspace=delivery.workspace,
        key=unknown_key(delivery),
        level=Alert.Level.ERROR,
        message=message % {"to": delivery.destination, "reason": delivery.error},
        url=admin_url(delivery),
    )


def alerts_close(delivery: Delivery) -> None:
    """Nobody has to care any more."""
    for key in (dead_key(delivery), unknown_key(delivery)):
        alert_close(workspace=delivery.workspace, key=key)


def tell_sender(delivery: Delivery) -> None:
    """Let the sender follow the outcome in its own rows."""
    way = _way(delivery)
    if way is not None:
        way.recorded(delivery, delivery.outcome)


def dead_key(delivery: Delivery) -> str:
    """The key of the alert on a delivery that failed."""
    return f"delivery.dead:{delivery.pk}"


def unknown_key(delivery: Delivery) -> str:
    """The key of the alert on a delivery with an unknown outcome."""
    return f"delivery.unknown:{delivery.pk}"


def admin_url(delivery: Delivery) -> str:
    """Where a person acts on a delivery."""
    return reverse("admin:delivery_delivery_change", args=[delivery.pk])


def _way(delivery: Delivery) -> Sender | None:
    try:
        return senders.sender(delivery.sender)
    except PermanentError:
        return None


def _delivery(row: WorkRow) -> Delivery:
    assert isinstance(row, Delivery)  # noqa: S101 - the kind of this hook
    return row


def _outcome_set(delivery: Delivery, outcome: str, **values: object) -> None:
    changes = {"outcome": outcome, **values}
    Delivery.objects.filter(pk=delivery.pk).update(**changes)
    for name, value in changes.items():
        setattr(delivery, name, value)
