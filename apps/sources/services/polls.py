"""Collecting feeds: plan, fetch, record, and when to come again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core import http
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer
from apps.core.work.models import WorkRow
from apps.sources import filters
from apps.sources.models import Poll, Source
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import IntakeReport, UnreadableError
from apps.sources.services.intake import Prepared, items_prepare, posts_record
from apps.sources.services.schedule import failing_key, gone_key, poll_next, source_url, wait_after

FAILURES_TOLD = 3  # failures in a row before a person is told
KEPT = timedelta(days=7)  # finished collections are kept for reading so long
BUSY_WAIT_S = 30.0
ACCEPT = ", ".join(
    ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/xml;q=0.9", "*/*;q=0.5")
)


@dataclass(frozen=True, slots=True)
class PollPlan:
    """What a collection needs to know, apart from rows; `is_wanted` is False once the source is paused."""

    url: str
    etag: str
    last_modified: str
    rules: filters.Rules
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a collection came to; `outcome` is empty where the source did not want it any more."""

    outcome: str
    status: int | None = None
    prepared: tuple[Prepared, ...] = ()
    etag: str = ""
    last_modified: str = ""
    problem: str = ""
    retry_after: float | None = None


def poll_plan(row: Poll) -> PollPlan:
    """Read what the source has now."""
    source = row.source
    return PollPlan(source.url, source.etag, source.last_modified, filters.rules_of(source), source.is_active)


async def poll_fetch(plan: PollPlan, client: http.Session) -> PollResult:
    """Ask for the feed, with the marks of the last answer; every failure becomes words."""
    if not plan.is_wanted:
        return PollResult("")
    try:
        answer = await client.fetch(plan.url, headers=_headers(plan))
    except (RetryableError, PermanentError) as exc:
        if exc.code == "host_busy":
            wait = getattr(exc, "retry_after", None) or BUSY_WAIT_S
            raise Defer(until=now() + timedelta(seconds=wait), reason=str(exc)) from exc
        return PollResult(Poll.Outcome.FAILED, problem=str(exc), retry_after=getattr(exc, "retry_after", None))
    if answer.status == 304:
        return PollResult(Poll.Outcome.UNCHANGED, 304, etag=plan.etag, last_modified=plan.last_modified)
    if answer.status == 410:
        return PollResult(Poll.Outcome.GONE, 410, problem=status_words(410))
    if not answer.is_success:
        return PollResult(
            Poll.Outcome.FAILED, answer.status, problem=status_words(answer.status), retry_after=answer.retry_after
        )
    try:
        prepared = await asyncio.to_thread(_read, plan, answer)
    except UnreadableError as exc:
        return PollResult(Poll.Outcome.FAILED, answer.status, problem=str(exc))
    return PollResult(
        Poll.Outcome.FETCHED,
        answer.status,
        prepared=prepared,
        etag=_mark(answer, "ETag", 300),
        last_modified=_mark(answer, "Last-Modified", 100),
    )


def poll_record(row: Poll, result: PollResult) -> None:
    """Store what came, note how it went on the source, and make the next collection."""
    if not result.outcome:
        return
    source = Source.objects.select_for_update().get(pk=row.source_id)
    report = IntakeReport()
    if result.outcome == Poll.Outcome.FETCHED:
        report = posts_record(source=source, prepared=result.prepared)
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
        poll_next(source, wait=wait_after(source, failures=failures, retry_after=result.retry_after))
    else:
        _succeeded(source, result)
        poll_next(source, wait=wait_after(source, failures=0))
    Poll.objects.filter(source=source, state=WorkRow.State.DONE, finished_at__lt=now() - KEPT).delete()


def poll_dead(row: WorkRow) -> None:
    """A collection died (a bug, a lost worker): say so on the source and try again later all the same."""
    source = Source.objects.select_for_update().get(pk=Poll.objects.values_list("source_id").get(pk=row.pk)[0])
    failures = _failed(source, _("The collection broke off: %(error)s") % {"error": row.error})
    poll_next(source, wait=wait_after(source, failures=failures + FAILURES_TOLD))


def status_words(status: int) -> str:
    """What an HTTP status means for the one who added the feed."""
    if status == 410:
        words = _("The site says that this feed is gone for good. Remove it or give its new address.")
    elif status == 404:
        words = _("There is nothing at this address any more. Check the address of the feed.")
    elif status in {401, 402, 403, 407, 451}:
        words = _("The site refuses to give this feed. It may want a login or block robots.")
    elif status == 429:
        words = _("The site asks to come less often.")
    elif status >= 500:
        words = _("The site has trouble of its own. Pult will try again.")
    else:
        words = _("The site answered with something other than the feed.")
    return f"{words} ({status})"


def _headers(plan: PollPlan) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if plan.etag:
        headers["If-None-Match"] = plan.etag
    if plan.last_modified:
        headers["If-Modified-Since"] = plan.last_modified
    return headers


def _read(plan: PollPlan, answer: http.Fetched) -> tuple[Prepared, ...]:
    kind = answer.headers.get("Content-Type") or ""
    charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
    page = parse_feed(answer.body, charset=charset, base_url=answer.url)
    return tuple(items_prepare(page.items, plan.rules))


def _mark(answer: http.Fetched, header: str, limit: int) -> str:
    """A mark to send back next time; one that does not fit is forgotten rather than cut."""
    value = answer.headers.get(header) or ""
    return value if len(value) <= limit and value.isprintable() else ""


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
    failures = source.failures + 1
    Source.objects.filter(pk=source.pk).update(
        last_tried_at=now(), last_error=problem, failures=F("failures") + 1, etag="", last_modified=""
    )
    if failures >= FAILURES_TOLD:
        alert_raise(
            workspace=source.workspace,
            key=failing_key(source),
            message=_("“%(source)s” can't be collected: %(problem)s") % {"source": source.name, "problem": problem},
            url=source_url(source),
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
