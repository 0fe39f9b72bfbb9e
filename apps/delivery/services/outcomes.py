"""How tries end. Everything here runs inside the transaction that records the end."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.work import bells, lanes, verbs
from apps.core.work.models import WorkRow
from apps.delivery.models import Attempt, Delivery, LookUp
from apps.delivery.ports import (
    Absent,
    CannotTell,
    Found,
    LookUpAnswer,
    Receipt,
    RepeatableSender,
    SearchingSender,
    Sender,
)
from apps.delivery.services.following import (
    followers_hold,
    followers_settle,
    outcome_set,
    place_again,
    sender_of,
    tell_sender,
)

Outcome = Delivery.Outcome
# The other side may need a moment until an accepted message can be seen.
LOOK_UP_AFTER = timedelta(seconds=3)
# A worker that dies on such a delivery must not be killed in a circle.
REPEAT_AFTER = timedelta(seconds=1)
NEVER_ARRIVES = "never_arrives"
# Ends that the try itself did not live to write into the log.
UNSEEN = frozenset({"worker_lost", "bug", "lease_over", NEVER_ARRIVES})
# So often in a row something may be proven absent; then there is a reason that a person has to find.
ABSENT_MAX = 3


def delivery_sent(delivery: Delivery, receipt: Receipt) -> None:
    """Record that it left, with the other side's receipt."""
    is_followed = followers_hold(delivery)
    was = Delivery.objects.values_list("outcome", flat=True).get(pk=delivery.pk)
    outcome_set(delivery, Outcome.SENT, vendor_id=receipt.vendor_id[:200], url=receipt.url[:500], sent_at=now())
    if was != Outcome.WAITING:  # of what merely waited nobody was told or asked
        alerts_close(delivery)
    tell_sender(delivery)
    if is_followed:
        followers_settle(delivery)


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
    outcome_set(delivery, Outcome.FAILED)
    alert_close(workspace=delivery.workspace, key=unknown_key(delivery))  # a late answer: it is known by now
    audit_record(verb="delivery.failed", target=delivery, details={"reason": delivery.error})
    alert_raise(
        workspace=delivery.workspace,
        key=dead_key(delivery),
        level=Alert.Level.ERROR,
        message=_("“%(to)s”: not sent. %(reason)s") % {"to": delivery.destination, "reason": delivery.error},
        url=admin_url(delivery),
    )
    tell_sender(delivery)
    followers_settle(delivery)


def delivery_unknown(row: WorkRow) -> None:
    """It left and no answer came: ask the other side where that is possible, else tell a person.

    A sender whose only effect is a row of ours has lost nothing and doubles nothing, and what may be done twice does
    no harm: those are simply tried again.
    """
    delivery = _delivery(row)
    way = sender_of(delivery)
    if delivery.error_code in UNSEEN:
        delivery_attempted(delivery, Attempt.Outcome.UNKNOWN, detail=delivery.error)
    if way is not None and way.exactly_once:
        repeated(row, reason=_("nothing had left"), is_fault=delivery.error_code == "bug")
        return
    if way is not None and is_repeatable(way, delivery):
        is_fault = delivery.error_code in {"bug", "worker_lost"}
        repeated(row, reason=_("it may be repeated"), is_fault=is_fault, pause=REPEAT_AFTER)
        return
    outcome_set(delivery, Outcome.UNKNOWN)
    audit_record(verb="delivery.unknown", target=delivery, details={"reason": delivery.error})
    if way is not None and (way.looks_up or (isinstance(way, SearchingSender) and way.search_begin(delivery))):
        look_up_make(delivery)
    else:
        unknown_alert(delivery)
    tell_sender(delivery)


def delivery_back(row: WorkRow) -> None:
    """A late answer: it certainly did not arrive, and leaves again by itself; nobody is in doubt any more."""
    delivery = _delivery(row)
    if Delivery.objects.filter(pk=row.pk, outcome=Outcome.UNKNOWN).exists():
        delivery_waits(delivery)
        audit_record(verb="delivery.absent", target=delivery)


def look_up_make(delivery: Delivery) -> None:
    """Have it looked up; questions of an earlier doubt about it count no more."""
    questions_end(delivery)
    LookUp.objects.create(workspace_id=delivery.workspace_id, delivery=delivery, not_before=now() + LOOK_UP_AFTER)
    bells.ring_on_commit("look_up")


def questions_end(delivery: Delivery) -> None:
    """Nobody wants to know any more whether it arrived; a question that is being recorded now sees so itself."""
    asked = LookUp.objects.live().filter(delivery=delivery).select_for_update(skip_locked=True)
    ended = [row.pk for row in asked]
    done = {"state": LookUp.State.DONE, "finished_at": now(), "token": None}
    LookUp.objects.filter(pk__in=ended).update(**done)


def repeated(row: WorkRow, *, reason: str, is_fault: bool, pause: timedelta = timedelta()) -> None:
    """Try again what does no harm twice; after three bugs, or workers that died on it, it is dead, as all is."""
    faults = row.faults + is_fault
    if faults >= verbs.FAULTS_MAX:
        verbs.give_up(row, reason=row.error, code=row.error_code)
        return
    later = max(pause, timedelta(seconds=verbs.backoff_s(faults))) if is_fault else pause
    verbs.revive(row, reason=reason, not_before=now() + later)
    Delivery.objects.filter(pk=row.pk).update(faults=faults)  # a person's "try again" forgets them, this does not
    row.faults = faults
    bells.ring_on_commit("delivery")


def look_up_settle(look_up: LookUp, answer: LookUpAnswer, *, took_s: float | None = None) -> None:
    """Take the other side's answer: it is there, it is not, or a person has to look.

    An answer about a delivery that was settled meanwhile changes nothing.
    """
    delivery = delivery_held(look_up.delivery_id)
    if delivery.state == Delivery.State.UNKNOWN:
        answer_take(delivery, answer, took_s=took_s)


def delivery_held(pk: int) -> Delivery:
    """A delivery as it is once its lane is held: with what another answer about it has brought meanwhile."""
    lanes.hold(Delivery.objects.only("lane").get(pk=pk))
    return Delivery.objects.select_related("workspace").get(pk=pk)


def answer_take(delivery: Delivery, answer: LookUpAnswer, *, took_s: float | None = None) -> None:
    """Settle one that is in doubt by what was found out."""
    kind = Attempt.Kind.LOOK_UP
    if isinstance(answer, Found):
        verbs.arrived(delivery, reason=_("found when looked up"))
        delivery_attempted(delivery, Attempt.Outcome.SENT, kind=kind, took_s=took_s)
        delivery_sent(delivery, answer.receipt)
        audit_record(verb="delivery.found", target=delivery)
    elif isinstance(answer, Absent):
        delivery_attempted(delivery, Attempt.Outcome.ABSENT, kind=kind, took_s=took_s)
        _absent_taken(delivery)
    else:
        delivery_attempted(delivery, Attempt.Outcome.UNKNOWN, kind=kind, detail=answer.reason, took_s=took_s)
        unknown_alert(delivery)
    bells.ring_on_commit("delivery")


def _absent_taken(delivery: Delivery) -> None:
    """It leaves once more, each time after a longer pause; after some times a person has to see why."""
    times = absences(delivery)
    if times >= ABSENT_MAX:
        verbs.give_up(delivery, reason=_("It left several times and never arrived."), code=NEVER_ARRIVES)
        return
    later = now() + timedelta(seconds=verbs.backoff_s(times))
    verbs.revive(delivery, reason=_("it had not arrived"), not_before=later, order_at=place_again(delivery))
    delivery_waits(delivery)
    audit_record(verb="delivery.absent", target=delivery)


def absences(delivery: Delivery) -> int:
    """How often it was proven absent since it failed or a person decided about it."""
    ends = Q(kind=Attempt.Kind.PERSON) | Q(outcome=Attempt.Outcome.FAILED)
    last = Attempt.objects.filter(ends, delivery=delivery).order_by("-pk").values_list("pk", flat=True).first() or 0
    return Attempt.objects.filter(delivery=delivery, outcome=Attempt.Outcome.ABSENT, pk__gt=last).count()


def look_up_dead(row: WorkRow) -> None:
    """The question itself failed: a person has to look."""
    assert isinstance(row, LookUp)  # noqa: S101 - the kind of this hook
    look_up_settle(row, CannotTell(row.error))


def delivery_waits(delivery: Delivery) -> None:
    """Record that it is to be sent (again)."""
    outcome_set(delivery, Outcome.WAITING, vendor_id="", url="", sent_at=None)
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


def is_repeatable(way: Sender, delivery: Delivery) -> bool:
    """Whether doing this one twice does no harm, such as deleting a message."""
    return isinstance(way, RepeatableSender) and way.is_repeatable(delivery.payload)


def alerts_close(delivery: Delivery) -> None:
    """Nobody has to care any more, and nobody has to look."""
    questions_end(delivery)
    keys = (dead_key(delivery), unknown_key(delivery))
    told = Alert.objects.filter(workspace=delivery.workspace_id, key__in=keys, closed_at=None)
    for key in told.values_list("key", flat=True):
        alert_close(workspace=delivery.workspace, key=key)


def dead_key(delivery: Delivery) -> str:
    """The key of the alert on a delivery that failed."""
    return f"delivery.dead:{delivery.pk}"


def unknown_key(delivery: Delivery) -> str:
    """The key of the alert on a delivery with an unknown outcome."""
    return f"delivery.unknown:{delivery.pk}"


def admin_url(delivery: Delivery) -> str:
    """Where a person acts on a delivery."""
    return reverse("admin:delivery_delivery_change", args=[delivery.pk])


def _delivery(row: WorkRow) -> Delivery:
    assert isinstance(row, Delivery)  # noqa: S101 - the kind of this hook
    return row
