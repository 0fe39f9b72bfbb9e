"""What workers do for WebSub: ask hubs, and read what they told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.services import audit_record
from apps.core import http
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer
from apps.core.work.models import WorkRow
from apps.sources import filters
from apps.sources.models import HubAsk, HubPush, Source, Subscription
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import UnreadableError
from apps.sources.services import websub
from apps.sources.services.identity import items_named, recognised
from apps.sources.services.intake import Prepared, items_prepare, posts_record

KEPT = timedelta(days=2)  # what was asked and told is kept for reading so long
ANSWER_MAX = 100_000
State = Subscription.State
NOT_ASKED = (State.REFUSED, State.ENDED)


@dataclass(frozen=True, slots=True)
class AskPlan:
    """What a hub is asked; None of it where nothing is wanted of it any more."""

    hub: str = ""
    form: bytes = b""
    key: str = ""


@dataclass(frozen=True, slots=True)
class PushRead:
    """What a hub told: entries, or why they can't be read."""

    prepared: tuple[Prepared, ...] = ()
    problem: str = ""


@transaction.atomic
def ask_plan(row: HubAsk) -> AskPlan:
    """Read what is to be asked, and note that it is."""
    subscription = Subscription.objects.select_related("source__workspace").get(pk=row.subscription_id)
    if not _is_wanted(subscription.source):
        return AskPlan()
    form = {
        "hub.mode": "subscribe",
        "hub.topic": subscription.topic,
        "hub.callback": websub.callback_url(subscription),
        "hub.secret": subscription.secret,
        "hub.lease_seconds": str(websub.LEASE_S),
    }
    idle = Subscription.objects.filter(pk=subscription.pk, key=subscription.key, state__in=NOT_ASKED)
    if idle.update(state=State.ASKED):  # before the hub is asked: it may verify before it answers
        audit_record(verb="source.hub_asked", target=subscription.source, details={"hub": subscription.hub})
    return AskPlan(subscription.hub, urlencode(form).encode(), subscription.key)


async def ask_send(plan: AskPlan, client: http.Session) -> str:
    """Ask the hub; the answer is the key that it was given, empty where nothing was to be asked.

    Raises:
        RetryableError: it has trouble of its own.
        PermanentError: it refuses.
    """
    if not plan.hub:
        return ""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = await client.fetch(plan.hub, method="POST", body=plan.form, headers=headers, max_bytes=ANSWER_MAX)
    except RetryableError as exc:
        if exc.code == "host_busy":
            raise Defer(until=now() + timedelta(seconds=exc.retry_after or 30), reason=str(exc)) from exc
        raise
    if not answer.is_success and 400 <= answer.status < 500 and answer.status not in {408, 425, 429}:
        reason = " ".join(answer.body[:300].decode("utf-8", errors="replace").split())
        raise PermanentError(
            _("The hub refuses (%(status)d): %(reason)s") % {"status": answer.status, "reason": reason or "–"},
            code=f"http_{answer.status}",
        )
    answer.expect()
    return plan.key


def ask_record(row: HubAsk, asked: str) -> None:
    """Make the next asking: the renewal of what is live, or another try where the hub does not verify."""
    subscription = Subscription.objects.select_for_update().get(pk=row.subscription_id)
    if not asked and not _is_wanted(subscription.source):
        websub.subscription_end(subscription)
        return
    moment = now()
    if asked != subscription.key:  # resumed, or another hub is named, since this was planned
        websub.ask_next(subscription)
    elif subscription.state == State.LIVE and subscription.renew_at and subscription.renew_at > moment:
        websub.ask_next(subscription, at=subscription.renew_at)
    else:
        websub.ask_next(subscription, at=moment + websub.VERIFIED_WITHIN)
    HubAsk.objects.filter(subscription=subscription, state=WorkRow.State.DONE, finished_at__lt=moment - KEPT).delete()


def _is_wanted(source: Source) -> bool:
    return source.is_active and bool(websub.callback_base())


def ask_dead(row: WorkRow) -> None:
    """The hub refused or never answered: the feed is collected as usual, the hub asked again in a week."""
    ask = HubAsk.objects.select_related("subscription__source__workspace").get(pk=row.pk)
    problem = row.error if row.error_code else _("The hub could not be asked.")
    websub.subscription_stop(ask.subscription, state=State.REFUSED, problem=problem)


def push_read(row: HubPush) -> PushRead:
    """Read what a hub told by the feed's own parser."""
    kind = row.content_type.partition("charset=")[2].split(";")[0].strip(" \"'")
    try:
        page = parse_feed(bytes(row.body), charset=kind, base_url=row.source.url)
    except UnreadableError as exc:
        return PushRead(problem=str(exc))
    return PushRead(tuple(items_prepare(items_named(page.items), filters.rules_of(row.source))))


def push_record(row: HubPush, read: PushRead) -> None:
    """Store the entries as a collection would; what the hub sent is not needed any more."""
    source = Source.objects.select_for_update().get(pk=row.source_id)
    report = posts_record(source=source, prepared=recognised(source, read.prepared))
    HubPush.objects.filter(pk=row.pk).update(
        body=b"", added=report.added, changed=report.changed, dropped=report.dropped, error=read.problem
    )
    Subscription.objects.filter(source=source).update(problem=read.problem)
    HubPush.objects.filter(source=source, state=WorkRow.State.DONE, finished_at__lt=now() - KEPT).delete()
