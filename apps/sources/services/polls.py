"""One collection: plan, fetch, record, and when to come again; `apps.sources.collectors` knows each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core import http
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer
from apps.core.work.models import WorkRow
from apps.sources.collectors import collector_of, is_collected
from apps.sources.collectors.results import PollResult
from apps.sources.models import Poll, Source
from apps.sources.ports import IntakeReport
from apps.sources.services.identity import recognised
from apps.sources.services.intake import posts_record
from apps.sources.services.schedule import FAILURES_TOLD, failing_key, gone_key, poll_next, source_url, wait_after
from apps.sources.services.websub import missed_noticed, wait_while_told

KEPT = timedelta(days=7)  # finished collections are kept for reading so long
BUSY_WAIT_S = 30.0
SOON = timedelta(seconds=5)  # to read what a collection has left over


@dataclass(frozen=True, slots=True)
class PollPlan:
    """What a collection needs to know; `what` is its collector's own, None once the source is not wanted any more."""

    kind: str
    what: Any = None


def poll_plan(row: Poll) -> PollPlan:
    """Read what the source has now."""
    source = row.source
    if not source.is_active or not is_collected(source.kind):
        return PollPlan(source.kind)
    return PollPlan(source.kind, collector_of(source.kind).plan(source))


async def poll_fetch(plan: PollPlan, client: http.Session) -> PollResult:
    """Collect as the kind of the source wants it; every failure becomes words."""
    if plan.what is None:
        return PollResult("")
    try:
        return await collector_of(plan.kind).collect(plan.what, client)
    except (RetryableError, PermanentError) as exc:
        if exc.code == "host_busy":
            wait = getattr(exc, "retry_after", None) or BUSY_WAIT_S
            raise Defer(until=now() + timedelta(seconds=wait), reason=str(exc)) from exc
        return PollResult(
            Poll.Outcome.FAILED,
            problem=str(exc),
            retry_after=getattr(exc, "retry_after", None),
            is_answered=isinstance(exc, PermanentError),
        )


def poll_record(row: Poll, result: PollResult) -> None:
    """Store what came, note how it went on the source, and make the next collection."""
    source = Source.objects.select_for_update().get(pk=row.source_id)
    if not result.outcome:
        poll_next(source)  # it was not wanted as this was planned, and may be by now; one that is paused gets none
        return
    report = IntakeReport()
    if result.outcome == Poll.Outcome.FETCHED:
        report = posts_record(source=source, prepared=recognised(source, result.prepared))
        missed_noticed(source, prepared=result.prepared, added=report.added)
    if result.notes is not None:
        collector_of(source.kind).record(source, result.notes)
    Poll.objects.filter(pk=row.pk).update(
        outcome=result.outcome,
        status=result.status,
        added=report.added,
        changed=report.changed,
        dropped=report.dropped,
        problem=result.problem,
    )
    if result.outcome == Poll.Outcome.GONE:
        _gone(source, result)
        return
    if result.outcome == Poll.Outcome.FAILED:
        failures = _failed(source, result.problem)
        wait = wait_after(source, failures=failures, retry_after=result.retry_after, is_answered=result.is_answered)
    else:
        _succeeded(source, result)
        wait = SOON if result.is_partial else wait_while_told(source) or wait_after(source, failures=0)
    poll_next(source, wait=wait)
    Poll.objects.filter(source=source, state=WorkRow.State.DONE, finished_at__lt=now() - KEPT).delete()


def poll_dead(row: WorkRow) -> None:
    """A collection died (a bug, a lost worker): say so on the source and try again later all the same."""
    source = Source.objects.select_for_update().get(pk=Poll.objects.values_list("source_id").get(pk=row.pk)[0])
    # What went wrong stands on the collection itself; a technical text tells an editor nothing.
    failures = _failed(source, _("The collection broke off because of a fault in Pult. It will be tried again."))
    poll_next(source, wait=wait_after(source, failures=failures + FAILURES_TOLD))


def _succeeded(source: Source, result: PollResult) -> None:
    moment = now()
    Source.objects.filter(pk=source.pk).update(
        etag=result.etag,
        last_modified=result.last_modified,
        last_ok_at=moment,
        last_tried_at=moment,
        last_error="",
        failures=0,
    )
    if source.failures:
        alert_close(workspace=source.workspace, key=failing_key(source))


def _failed(source: Source, problem: str) -> int:
    """Note the failure; `services.health` tells of it, or of an outage of all sources, a minute later at most."""
    failures = source.failures + 1
    Source.objects.filter(pk=source.pk).update(
        last_tried_at=now(), last_error=problem, failures=F("failures") + 1, etag="", last_modified=""
    )
    return failures


def _gone(source: Source, result: PollResult) -> None:
    paused = Source.objects.filter(pk=source.pk, is_active=True).update(
        is_active=False, paused_reason=result.problem, last_tried_at=now(), last_error=result.problem
    )
    if paused:
        audit_record(verb="source.gone", target=source)
        alert_raise(
            workspace=source.workspace,
            key=gone_key(source),
            message=_("“%(source)s” is paused: %(problem)s") % {"source": source.name, "problem": result.problem},
            level=Alert.Level.ERROR,
            url=source_url(source),
        )
        alert_close(workspace=source.workspace, key=failing_key(source))
