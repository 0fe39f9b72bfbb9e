"""How the sources of a workspace fare: silence, alerts one a trouble, an outage of everything told once.

Alerts follow from what the rows say at each round, so a round that is repeated or lost changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert, Workspace
from apps.accounts.services import alert_close, alert_raise
from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.sources.models import ChannelRead, HealthCheck, Poll, Source
from apps.sources.services.learning import newest_note, sources_learn, watched
from apps.sources.services.schedule import FAILURES_TOLD, failing_key, source_url
from apps.sources.services.upkeep import HEALTH_EVERY, round_forget, round_next
from apps.sources.words import span_words

OUTAGE = "sources.outage"
OUTAGE_LEAST = 5  # fewer failing at once are told one by one
OUTAGE_BEGINS, OUTAGE_ENDS = 0.6, 0.3  # the share of those tried lately that fail
LATELY = timedelta(hours=1)
WELL_WITHIN = timedelta(hours=24)  # an outage is judged by sources that were well a day before it
WAKE_OVER_S = 600  # after an outage its sources are tried again within so many seconds, the longest unread first
SLICES = 60  # at most; the sources of one are woken at one time, by one statement for each kind of work
PROBES, PROBE_EVERY = 3, timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What one alert says about a source; `since` is when it was last well."""

    source: Source
    key: str
    message: str
    level: str
    since: datetime


def health_look(row: HealthCheck) -> None:
    """Bring what is known of the sources up to date; repeating it changes nothing."""
    zone = row.workspace.zone
    newest_note(row.workspace_id, zone)
    sources_learn(row.workspace_id, zone, now())


def health_record(row: HealthCheck, _looked: None) -> None:
    """Judge silence and failures, raise and close alerts, and make the next round."""
    at = now()
    if not outage_settle(row.workspace, at):
        quiet_judge(row.workspace_id, at)
        alerts_settle(row.workspace, at)
    round_forget(row)
    if Source.objects.filter(workspace_id=row.workspace_id).exists():
        round_next(HealthCheck, workspace_id=row.workspace_id, at=at + HEALTH_EVERY)


def quiet_judge(workspace_id: int, at: datetime) -> None:
    """Note which sources are silent against their rhythm, and which have spoken again.

    A source is silent as of its last successful look, so nobody calls it quiet because Pult did not look.
    """
    silent = Q(failures=0, quiet_at__lte=at, last_ok_at__gte=F("quiet_at"))
    rows = watched(workspace_id)
    rows.filter(silent, quiet_since=None).update(quiet_since=F("last_post_at"))
    rows.filter(Q(quiet_at=None) | Q(quiet_at__gt=at) | Q(quiet_since__lt=F("last_post_at"))).exclude(
        quiet_since=None
    ).update(quiet_since=None)


def alerts_settle(workspace: Workspace, at: datetime) -> None:
    """One open alert for each trouble, none for what is well; what a person has closed stays closed."""
    found = troubles(workspace, at)
    alerts = Alert.objects.filter(workspace=workspace)
    standing = set(
        alerts.filter(
            Q(key__startswith="source.failing:") | Q(key__startswith="source.quiet:"), closed_at=None
        ).values_list("key", flat=True)
    )
    told: dict[str, datetime] = dict(
        alerts.filter(key__in=[one.key for one in found]).values_list("key").annotate(told=Max("opened_at"))
    )
    for one in found:
        if one.key not in told or told[one.key] < one.since:
            alert_raise(
                workspace=workspace,
                key=one.key,
                message=one.message,
                level=one.level,
                url=source_url(one.source),
                at=at,
            )
    for key in standing - {one.key for one in found}:
        alert_close(workspace=workspace, key=key)


def troubles(workspace: Workspace, at: datetime) -> list[Trouble]:
    """What is wrong with the workspace's sources, one trouble a source."""
    rows = watched(workspace.pk).filter(Q(failures__gte=FAILURES_TOLD) | Q(quiet_since__isnull=False))
    return [_trouble(source, at) for source in rows.order_by("pk")]


def _trouble(source: Source, at: datetime) -> Trouble:
    if source.failures >= FAILURES_TOLD or source.quiet_since is None:
        words = _("“%(source)s” can't be collected: %(problem)s")
        message = words % {"source": source.name, "problem": source.last_error}
        since = source.last_ok_at or source.created_at
        return Trouble(source, failing_key(source), message, Alert.Level.ERROR, since)
    words = _(
        "“%(source)s” went quiet: no post for %(time)s, and it usually posts every %(gap)s. Look whether it moved."
    )
    message = words % {
        "source": source.name,
        "time": span_words(at - source.quiet_since),
        "gap": span_words(timedelta(seconds=source.rhythm_s or 0)),
    }
    return Trouble(source, quiet_key(source), message, Alert.Level.WARNING, source.quiet_since)


def quiet_key(source: Source) -> str:
    """The key of the alert that a source went quiet."""
    return f"source.quiet:{source.pk}"


@transaction.atomic
def outage_settle(workspace: Workspace, at: datetime) -> bool:
    """Whether most sources fail at once; one alert tells of it, and nothing is said of each meanwhile."""
    began = _outage_began(workspace)
    well = watched(workspace.pk).filter(last_ok_at__gte=(began or at) - WELL_WITHIN)
    tried = list(well.filter(last_tried_at__gte=at - LATELY).values_list("failures", flat=True))
    failing = sum(failures > 0 for failures in tried)
    if began is None:
        begins = failing >= OUTAGE_LEAST and failing >= OUTAGE_BEGINS * len(tried)
        if begins:
            _outage_tell(workspace, failing=failing, tried=len(tried), at=at)
        return begins
    if tried and failing < OUTAGE_ENDS * len(tried):
        alert_close(workspace=workspace, key=OUTAGE)
        failed = well.filter(failures__gt=0).order_by("last_ok_at", "pk").values_list("pk", flat=True)
        polls_wake(list(failed), at, over_s=WAKE_OVER_S)
        return False
    if not well.filter(last_tried_at__gte=at - PROBE_EVERY).exists():
        probes = well.filter(failures__gt=0).order_by("-last_ok_at", "pk").values_list("pk", flat=True)[:PROBES]
        polls_wake(list(probes), at)
    return True


def _outage_began(workspace: Workspace) -> datetime | None:
    """Since when an outage lasts that was told of; one whose alert a person closed lasts until a source answers."""
    told = Alert.objects.filter(workspace=workspace, key=OUTAGE).order_by("-opened_at").first()
    if told is None:
        return None
    over = told.closed_at is not None and watched(workspace.pk).filter(last_ok_at__gt=told.opened_at).exists()
    return None if over else told.opened_at


def _outage_tell(workspace: Workspace, *, failing: int, tried: int, at: datetime) -> None:
    words = _(
        "%(failing)d of %(tried)d sources stopped answering at once. The trouble is most likely here: check the "
        "network of this server. Nothing is said of each of them until this is over."
    )
    alert_raise(
        workspace=workspace,
        key=OUTAGE,
        message=words % {"failing": failing, "tried": tried},
        level=Alert.Level.ERROR,
        url=f"{reverse('admin:sources_source_changelist')}?standing=trouble",
        at=at,
    )


def polls_wake(sources: Sequence[int], at: datetime, *, over_s: int = 0) -> None:
    """Bring the waiting collections and readings of these sources forward in their order, spread over some seconds."""
    size = -(-len(sources) // SLICES) or 1
    for first in range(0, len(sources), size):
        pks, moment = sources[first : first + size], at + timedelta(seconds=over_s * first / len(sources))
        for waiting in (Poll.objects.all(), ChannelRead.objects.all()):
            waiting.filter(source__in=pks, state=WorkRow.State.READY, not_before__gt=moment).update(not_before=moment)
    if sources:
        bells.ring_on_commit("poll")
