"""A channel's queue: paused, and resumed with what came due meanwhile decided by a person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Alert, User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import bells, lanes
from apps.delivery.models import Delivery, Lane
from apps.publishing import slots
from apps.publishing.models import Channel, ChannelSchedule, Publication, QueueResume
from apps.publishing.services.publications import publication_cancel, publication_move
from apps.publishing.services.schedule import schedule_locked
from apps.publishing.services.schedule_rules import rules_of, taken
from apps.publishing.services.ways import lane_key

Status = Publication.Status
NOW, SLOTS, CANCEL = CHOICES = ("now", "slots", "cancel")
# Begins the lane's reason where the pause is a person's: one that something else set is not ours to end.
SIGN = "⏸"


@dataclass(frozen=True)
class Planned:
    """What would become of an overdue publication; `at` is None where it is cancelled or finds no slot."""

    publication: Publication
    at: datetime | None


@transaction.atomic
def queue_pause(*, channel: Channel, editor: User, reason: str = "") -> None:
    """Let nothing leave for the channel until somebody resumes its queue.

    Raises:
        TransitionError: it is paused already.
    """
    row = schedule_locked(channel)
    paused = ChannelSchedule.objects.filter(pk=row.pk, paused_at=None).update(
        paused_at=now(), paused_by=editor, paused_reason=reason.strip()[:200]
    )
    if paused != 1:
        raise TransitionError(_("The queue is paused already."))
    lane_pause(channel, editor, reason.strip())
    audit_record(actor=editor, verb="queue.paused", target=channel, details={"reason": reason} if reason else {})
    paused_tell(channel, editor, reason.strip())


def lane_pause(channel: Channel, who: User | None, reason: str) -> None:
    """Let nothing of the channel's lane be claimed; one that something else paused keeps its reason."""
    lane = _lane(channel)
    if not lane.paused_reason:
        lanes.pause(lane, f"{SIGN} {who or ''}: {reason}".rstrip(": "))


def paused_tell(channel: Channel, who: User | None, reason: str) -> None:
    """Raise the alert that nothing goes out."""
    with translation.override(channel.workspace.language):
        words = _("“%(channel)s”: the queue is paused by %(who)s, nothing goes out. %(reason)s")
        message = words % {"channel": channel.name, "who": who or "—", "reason": reason[:200]}
    alert_raise(
        workspace=channel.workspace,
        key=alert_key(channel),
        level=Alert.Level.WARNING,
        message=message.strip(),
        url=reverse("desk:queue_resume", args=[channel.pk]),
    )


def queue_overdue(channel: Channel) -> QuerySet[Publication]:
    """What should have gone out by now and waits, in the order of its times; what has begun to leave just goes on."""
    rows = Publication.objects.filter(channel=channel, status=Status.SCHEDULED, publish_at__lte=now())
    rows = rows.exclude(parts__delivery__outcome=Delivery.Outcome.SENT)
    return rows.select_related("workspace", "channel", "delivery").order_by("publish_at", "pk")


def queue_plan(channel: Channel, choice: str) -> list[Planned]:
    """What would become of each overdue publication by this choice; changes nothing.

    Raises:
        PermanentError: there is no such choice.
    """
    rows = list(queue_overdue(channel))
    if choice == CANCEL:
        return [Planned(row, None) for row in rows]
    rules, begin = rules_of(channel), now()
    others = taken(channel, begin, besides=[row.pk for row in rows])
    if choice == NOW:
        times = slots.in_order(rules, begin, others, len(rows))
    elif choice == SLOTS:
        times = slots.next_free_many(rules, begin, others, len(rows))
    else:
        raise PermanentError(_("Say what shall become of what is overdue: send, move or cancel it."), code="ask")
    missing: list[datetime | None] = [None] * (len(rows) - len(times))
    return [Planned(row, at) for row, at in zip(rows, [*times, *missing], strict=True)]


def plan_mark(choice: str, plan: list[Planned]) -> str:
    """A short mark of what was shown: times of slots exactly, of "now" only their order."""
    told = [f"{each.publication.pk}@{each.at.isoformat() if each.at and choice == SLOTS else ''}" for each in plan]
    return hashlib.sha256(" ".join([choice, *told]).encode()).hexdigest()[:16]


@transaction.atomic
def queue_resume(*, channel: Channel, editor: User, choice: str = "", mark: str = "") -> int:
    """Let the queue go on; what is overdue becomes what was chosen. Returns how many that were.

    Args:
        choice: "now", "slots" or "cancel"; not needed where nothing is overdue.
        mark: `plan_mark` of what the editor was shown.

    Raises:
        PermanentError: something is overdue and nothing was chosen, or slots are missing.
        TransitionError: it is not paused, or what was shown has changed meanwhile; nothing is done.
    """
    row = schedule_locked(channel)
    lane = _lane(channel)
    type(lane).objects.select_for_update().get(pk=lane.pk)
    plan = queue_plan(channel, choice) if choice or queue_overdue(channel).exists() else []
    if plan and mark != plan_mark(choice, plan):
        raise TransitionError(_("Meanwhile the queue has changed. Look at the new times and confirm again."))
    if choice == SLOTS and any(each.at is None for each in plan):
        raise PermanentError(_("There are fewer free slots than overdue publications."), code="no_free_slot")
    resumed = ChannelSchedule.objects.filter(pk=row.pk, paused_at__isnull=False).update(
        paused_at=None, paused_by=None, paused_reason=""
    )
    if resumed != 1:
        raise TransitionError(_("The queue is not paused any more."))
    _remember(row, plan, choice, editor)
    for each in plan:
        _carried_out(each, editor)
    lane.refresh_from_db()
    if lane.paused_reason.startswith(SIGN):
        lanes.resume(lane)
    audit_record(
        actor=editor, verb="queue.resumed", target=channel, details={"overdue": len(plan), "choice": choice or "none"}
    )
    alert_close(workspace=channel.workspace, key=alert_key(channel))
    bells.ring_on_commit("delivery")
    return len(plan)


def resumed_words(choice: str, count: int) -> str:
    """What became of the overdue ones, for a person."""
    if not count:
        return _("The queue goes on.")
    words = {
        NOW: ngettext("%d goes out now.", "%d go out now, one after the other.", count),
        SLOTS: ngettext("%d is moved to a free slot.", "%d are moved to free slots.", count),
        CANCEL: ngettext("%d is cancelled.", "%d are cancelled.", count),
    }
    return _("The queue goes on.") + " " + words[choice] % count


def alert_key(channel: Channel) -> str:
    """The key of the alert that a channel's queue is paused."""
    return f"publishing.queue:{channel.pk}"


def _remember(paused: ChannelSchedule, plan: list[Planned], choice: str, editor: User) -> None:
    """Keep what a taking back needs: the pause as it was, and what becomes of the overdue."""
    QueueResume.objects.create(
        channel=paused.channel,
        editor=editor,
        choice=choice,
        paused_at=paused.paused_at or now(),
        paused_by_id=paused.paused_by_id,
        paused_reason=paused.paused_reason,
        planned=[_kept(each) for each in plan],
    )


def _kept(planned: Planned) -> dict[str, object]:
    """What a taking back needs to know."""
    return {
        "publication": planned.publication.pk,
        "was": planned.publication.publish_at.isoformat(),
        "to": planned.at.isoformat() if planned.at else None,
    }


def _carried_out(planned: Planned, editor: User) -> None:
    if planned.at is None:
        publication_cancel(publication=planned.publication, editor=editor, reason=_("overdue in a paused queue"))
    else:
        publication_move(publication=planned.publication, to=planned.at, editor=editor)


def _lane(channel: Channel) -> Lane:
    lane, _made = Lane.objects.get_or_create(workspace=channel.workspace, key=lane_key(channel))
    return lane
