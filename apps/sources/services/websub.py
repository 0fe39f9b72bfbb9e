"""WebSub (w3.org/TR/websub): hubs tell of new entries, and the feed itself is asked only once a day, for safety.

A subscription is asked for when a feed names a hub, is live once the hub has verified it at its callback, and is
renewed before its lease ends. One `HubAsk` a subscription is always waiting: the next asking, renewing or trying again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.sources.models import HubAsk, HubPush, Poll, Source, Subscription
from apps.sources.services.intake import Prepared
from apps.sources.services.schedule import safety_wait

LEASE_S = 10 * 86_400  # asked for; the hub decides
LEASE_LEAST_S, LEASE_MOST_S = 300, 60 * 86_400
RENEWED_AT = 0.8  # of the lease
VERIFIED_WITHIN = timedelta(hours=24)  # a hub that has not verified by then is asked again
TRIED_AGAIN = timedelta(days=7)  # after a refusal
LATE = timedelta(hours=1)  # an entry that the hub has not told of by then was missed
LONG_UNASKED = timedelta(hours=12)  # a collection after so long was one for safety
DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
NOT_PUBLIC = (".local", ".localhost", ".internal", ".test", ".lan", ".home.arpa")
State = Subscription.State
NOT_LIVE = (State.ASKED, State.REFUSED)
PUSHES_MAX, PUSHED_MAX = 20, 20 * 1024 * 1024  # waiting of one hub: how many, and their bytes


def callback_base() -> str:
    """The public address under which hubs reach this site; empty where there is none, so that nothing is asked."""
    base = str(settings.BASE_URL).rstrip("/")
    if settings.WEBSUB == "off":
        return ""
    return base if settings.WEBSUB == "on" or _is_public(base) else ""


def callback_url(subscription: Subscription) -> str:
    """Where the hub verifies and tells."""
    return callback_base() + reverse("websub", args=[subscription.key])


def hub_noticed(source: Source, *, hub: str, topic: str) -> None:
    """Ask the hub that a feed names, once; call it in the transaction that records the feed."""
    subscription = Subscription.objects.filter(source=source).first()
    if not hub or not callback_base() or not _may_be_asked(hub):
        if subscription is not None and subscription.state != State.LIVE:
            HubAsk.objects.filter(subscription=subscription, state=WorkRow.State.READY).delete()
        return
    key, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    if subscription is None:
        subscription = Subscription.objects.create(source=source, hub=hub, topic=topic, key=key, secret=secret)
        audit_record(verb="source.hub_asked", target=source, details={"hub": hub})
    elif (subscription.hub, subscription.topic) != (hub, topic):
        _other_hub(subscription, hub=hub, topic=topic, key=key, secret=secret)
    ask_next(subscription)


def _other_hub(subscription: Subscription, *, hub: str, topic: str, key: str, secret: str) -> None:
    """Go over to another hub: the former one knows the key and the secret, so the new one gets its own."""
    former = Subscription.objects.filter(pk=subscription.pk, key=subscription.key)
    own = {"hub": hub, "topic": topic, "key": key, "secret": secret}
    changes = {**own, "state": State.ASKED, "problem": "", "ends_at": None, "renew_at": None}
    was_live = former.filter(state=State.LIVE).update(**changes)
    if not was_live and not former.exclude(state=State.LIVE).update(**changes):
        return
    HubAsk.objects.filter(subscription=subscription, state=WorkRow.State.READY).delete()
    if was_live:
        audit_record(verb="source.unsubscribed", target=subscription.source, details={"hub": subscription.hub})
    audit_record(verb="source.hub_asked", target=subscription.source, details={"hub": hub})


def ask_next(subscription: Subscription, *, at: datetime | None = None) -> None:
    """Have the hub asked at that time, unless it is to be asked already."""
    row = HubAsk(workspace_id=subscription.source.workspace_id, subscription=subscription, not_before=at or now())
    HubAsk.objects.bulk_create([row], ignore_conflicts=True)
    if at is None:
        bells.ring_on_commit("hub_ask")


@transaction.atomic
def subscription_verify(*, key: str, mode: str, topic: str, lease_s: int) -> bool:
    """Answer a hub that asks whether it is to begin or end telling; True where it is as we want it."""
    subscription = Subscription.objects.select_related("source__workspace").filter(key=key, topic=topic).first()
    if subscription is None:
        return False
    source = Source.objects.select_for_update().get(pk=subscription.source_id)  # a pause waits, or is seen
    wanted = source.is_active and subscription.state != State.ENDED
    if mode == "unsubscribe":
        return not wanted
    if mode != "subscribe" or not wanted:
        return False
    lease = timedelta(seconds=min(max(lease_s or LEASE_S, LEASE_LEAST_S), LEASE_MOST_S))
    moment = now()
    renew_at = moment + lease * RENEWED_AT
    rows = Subscription.objects.filter(pk=subscription.pk, key=key, topic=topic)
    changes = {"ends_at": moment + lease, "renew_at": renew_at, "problem": ""}
    renewed = rows.filter(state=State.LIVE).update(**changes)
    if not renewed and not rows.filter(state=State.ASKED).update(state=State.LIVE, **changes):
        return False  # nobody asks this hub now
    waiting = HubAsk.objects.filter(subscription=subscription, state=WorkRow.State.READY)
    if not waiting.update(not_before=renew_at):
        ask_next(subscription, at=renew_at)
    if not renewed:
        audit_record(verb="source.subscribed", target=source, details={"hub": subscription.hub})
    return True


@transaction.atomic
def subscription_refuse(*, key: str, topic: str, reason: str) -> bool:
    """Note that a hub refuses to tell of a feed, or stops to; the feed is collected as usual."""
    subscription = Subscription.objects.select_related("source__workspace").filter(key=key, topic=topic).first()
    if subscription is None:
        return False
    words = _("The hub refuses: %(reason)s") % {"reason": reason[:300] or "–"}
    return subscription_stop(subscription, state=State.REFUSED, problem=words)


def subscription_stop(subscription: Subscription, *, state: str, problem: str) -> bool:
    """Go back to collecting as usual; the hub is asked again in a week. Call it inside a transaction.

    False, and nothing is changed, where the subscription has ended, or another hub was asked meanwhile.
    """
    again = now() + TRIED_AGAIN
    rows = Subscription.objects.filter(pk=subscription.pk, key=subscription.key)
    changes = {"state": state, "problem": problem, "renew_at": again, "ends_at": None}
    was_live = rows.filter(state=State.LIVE).update(**changes)
    was_asked = 0 if was_live else rows.filter(state=State.ASKED).update(**changes)
    if not was_live and not was_asked and not rows.filter(state=State.REFUSED).update(**changes):
        return False
    if not HubAsk.objects.filter(subscription=subscription, state=WorkRow.State.READY).update(not_before=again):
        ask_next(subscription, at=again)
    if was_live:
        source = subscription.source
        _poll_soon(source)
        audit_record(verb="source.unsubscribed", target=source, details={"hub": subscription.hub, "problem": problem})
    elif was_asked:
        details = {"hub": subscription.hub, "problem": problem}
        audit_record(verb="source.hub_refused", target=subscription.source, details=details)
    return True


def subscription_end(subscription: Subscription) -> None:
    """Nobody wants the hub to tell any more: what it tells is answered with 410 from now on. In a transaction."""
    rows = Subscription.objects.filter(pk=subscription.pk, key=subscription.key)
    changes = {"state": State.ENDED, "ends_at": None, "renew_at": None}
    if rows.filter(state=State.LIVE).update(**changes):
        audit_record(verb="source.unsubscribed", target=subscription.source, details={"hub": subscription.hub})
    elif rows.filter(state__in=NOT_LIVE).update(**changes):
        audit_record(verb="source.hub_left", target=subscription.source, details={"hub": subscription.hub})


def signature_is_right(secret: str, body: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature` (method=hex digest) is that of the body; compared in constant time."""
    method, _equals, digest = header.strip().partition("=")
    maker = DIGESTS.get(method.lower())
    if maker is None:
        return False
    right = hmac.new(secret.encode(), body, maker).hexdigest()
    return hmac.compare_digest(right.encode(), digest.strip().lower().encode())


@transaction.atomic
def push_keep(*, subscription: Subscription, body: bytes, content_type: str) -> HubPush | None:
    """Keep what a hub told until a worker reads it; None where too much waits: the feed is collected instead."""
    source = subscription.source
    Subscription.objects.select_for_update().get(pk=subscription.pk)  # pushes at once count one another
    waiting = HubPush.objects.filter(source=source, state__in=(WorkRow.State.READY, WorkRow.State.LEASED))
    sizes = list(waiting.annotate(size=Length("body")).values_list("size", flat=True)[:PUSHES_MAX])
    if len(sizes) >= PUSHES_MAX or sum(sizes) + len(body) > PUSHED_MAX:
        _poll_soon(source)
        return None
    push = HubPush.objects.create(
        workspace_id=source.workspace_id,
        source=source,
        body=body,
        content_type=content_type[:200],
    )
    Subscription.objects.filter(pk=subscription.pk).update(told_at=now())
    bells.ring_on_commit("hub_push")
    return push


def _poll_soon(source: Source) -> None:
    soon = now() + source.interval
    Poll.objects.filter(source=source, state=WorkRow.State.READY, not_before__gt=soon).update(not_before=soon)


def live_subscription(source: Source) -> Subscription | None:
    """The subscription by which a hub tells of the source's entries now."""
    return Subscription.objects.filter(source=source, state=State.LIVE, ends_at__gt=now()).first()


def wait_while_told(source: Source) -> timedelta | None:
    """How long to leave alone a source whose hub tells; None where none does."""
    subscription = live_subscription(source)
    return safety_wait(subscription, now()) if subscription is not None else None


def missed_noticed(source: Source, *, prepared: Sequence[Prepared], added: int) -> None:
    """Leave a hub that did not tell of entries which a collection for safety found; `source` as it was before it."""
    moment = now()
    if not added or source.last_ok_at is None or moment - source.last_ok_at < LONG_UNASKED:
        return
    fresh = sum(one.published_at is None or one.published_at > moment - LATE for one in prepared)
    subscription = live_subscription(source)
    if subscription is not None and added > fresh:
        words = _("The hub did not tell of new entries; the feed is collected as usual.")
        subscription_stop(subscription, state=State.ENDED, problem=words)


def _may_be_asked(hub: str) -> bool:
    """A secret is sent to hubs, so they have to be asked by https, unless the installation says that WebSub is on."""
    return hub.startswith("https://") or settings.WEBSUB == "on"


def _is_public(base: str) -> bool:
    parts = urlsplit(base)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or "." not in host or host.endswith(NOT_PUBLIC):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return True
