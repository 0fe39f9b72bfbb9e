"""The watchdog: what is due and does not move raises one alert a workspace and cause, closed when it moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from apps.accounts.models import Alert, Workspace
from apps.accounts.services import alert_close, alert_raise
from apps.core.clock import now
from apps.core.work.admin import words
from apps.delivery.models import Attempt, Delivery, Lane

KEY = "delivery.stuck:"
# What is put off is due again within an hour at the latest.
PUT_OFF_FOR = timedelta(hours=1)
PUT_OFF = frozenset({"deferred", "retry", "fault", "lost"})
# Of each workspace, so that the lines of one hide nobody else's.
LOOKED_AT = 1000


@dataclass(frozen=True)
class Stuck:
    """A first of its lane that should have left, and why it has not: paused, put_off, behind or no_worker."""

    delivery: Delivery
    cause: str
    detail: str = ""


def stuck_tell(*, at: datetime | None = None) -> int:
    """Raise, renew and close the alerts about what does not move; returns how many first ones of lanes stand."""
    found = stuck_now(at or now())
    many = Counter(one.delivery.workspace_id for one in found)
    groups: dict[tuple[int, str], list[Stuck]] = {}
    for one in found:
        groups.setdefault((one.delivery.workspace_id, one.cause), []).append(one)
    for (_workspace, cause), several in groups.items():
        _told(cause, several)
    opened = Alert.objects.filter(key__startswith=KEY, closed_at=None).select_related("workspace")
    for alert in opened:
        # Where there is more than was looked at, what was not seen may stand as well.
        if many[alert.workspace_id] < LOOKED_AT and (alert.workspace_id, alert.key.removeprefix(KEY)) not in groups:
            alert_close(workspace=alert.workspace, key=alert.key)
    return len(found)


def stuck_now(at: datetime) -> list[Stuck]:
    """Up to a thousand heads of lanes of each workspace that were due long ago, the oldest first."""
    since = at - timedelta(minutes=settings.DELIVERY_STUCK_MINUTES)
    paused = _heads(Lane.objects.filter(~Q(paused_reason="")), since)
    waiting = _heads(Lane.objects.filter(next_at__lte=at + PUT_OFF_FOR, paused_reason=""), since)
    found = [Stuck(row, "paused", row.lane.paused_reason) for row in paused]
    is_moving = Attempt.objects.filter(at__gt=since).order_by("-id").exists() if waiting else False
    for row in waiting:
        last = row.history[-1] if row.history else None
        if row.not_before <= since:
            found.append(Stuck(row, "behind" if is_moving else "no_worker"))
        elif last is not None and last["event"] in PUT_OFF:
            found.append(Stuck(row, "put_off", words(last["detail"])))
    return found


def _heads(lanes: QuerySet[Lane], since: datetime) -> list[Delivery]:
    rows = Delivery.objects.filter(pk__in=lanes.values("head"), state=Delivery.State.READY, order_at__lte=since)
    spaces = rows.order_by().values_list("workspace", flat=True).distinct()
    oldest = rows.select_related("lane", "workspace").defer("payload").order_by("order_at", "pk")
    return [row for space in spaces for row in oldest.filter(workspace=space)[:LOOKED_AT]]


def _told(cause: str, several: list[Stuck]) -> None:
    oldest = several[0].delivery
    workspace = oldest.workspace
    with override(workspace.language):
        alert_raise(
            workspace=workspace,
            key=f"{KEY}{cause}",
            level=Alert.Level.WARNING if cause == "paused" else Alert.Level.ERROR,
            message=_message(workspace, several),
            url=f"{reverse('admin:delivery_delivery_changelist')}?standing=waiting",
        )


def _message(workspace: Workspace, several: list[Stuck]) -> str:
    first = several[0]
    count = ngettext("%(count)d line of deliveries stands", "%(count)d lines of deliveries stand", len(several))
    said = _("%(count)s; the oldest, to “%(to)s”, was due at %(when)s. %(why)s")
    return said % {
        "count": count % {"count": len(several)},
        "to": first.delivery.destination,
        "when": date_format(first.delivery.order_at.astimezone(workspace.zone), "SHORT_DATETIME_FORMAT"),
        "why": why(first),
    }


def why(stuck: Stuck) -> str:
    """The cause in words, with what can be done."""
    match stuck.cause:
        case "paused":
            return _("The line is paused: %(reason)s") % {"reason": stuck.detail}
        case "no_worker":
            return _("No worker takes deliveries. Start one for the queue “deliver”.")
        case "behind":
            return _("More is due than leaves: the workers are behind. Start another for the queue “deliver”.")
    return _("It is put off again and again: %(reason)s") % {"reason": stuck.detail}
