"""What the tests of WebSub share: a feed that names a hub, and the hub's own calls."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from django.test import Client

from apps.core.clock import now
from apps.sources.models import Poll, Source, Subscription
from apps.sources.tasks import hubs_ask, polls_collect
from tests.servers.site import SiteServer
from tests.sources.payloads import rss


def page(host: SiteServer, *entries: str, **headers: str) -> str:
    links = f'<atom:link rel="hub" href="{host.url}/hub"/><atom:link rel="self" href="{host.url}/feed.xml"/>'
    text = rss(*entries).replace("<channel>", f"<channel>{links}").replace("<rss", '<rss xmlns:atom="a"')
    return host.page("/feed.xml", text, headers=headers)


def asked_of(host: SiteServer) -> list[dict[str, str]]:
    return [one.params for one in host.log.of("/hub")]


def subscribed(source: Source, client: Client, lease: int = 864_000) -> Subscription:
    polls_collect()
    hubs_ask()
    subscription = Subscription.objects.get(source=source)
    answer = verify(client, subscription, lease=lease)
    assert (answer.status_code, answer.content) == (200, b"sesame")
    subscription.refresh_from_db()
    return subscription


def verify(
    client: Client, subscription: Subscription, *, mode: str = "subscribe", lease: int = 864_000, **more: str
) -> Any:
    query = {
        "hub.mode": mode,
        "hub.topic": subscription.topic,
        "hub.challenge": "sesame",
        "hub.lease_seconds": str(lease),
    }
    return client.get(f"/websub/{subscription.key}/", {**query, **more})


def tell(
    client: Client,
    subscription: Subscription,
    body: str | bytes,
    *,
    method: str = "sha256",
    signature: str | None = None,
) -> int:
    content = body.encode() if isinstance(body, str) else body
    digest = hmac.new(subscription.secret.encode(), content, getattr(hashlib, method)).hexdigest()
    headers = {"X-Hub-Signature": f"{method}={digest}" if signature is None else signature}
    answer = client.post(f"/websub/{subscription.key}/", content, content_type="application/rss+xml", headers=headers)
    return int(answer.status_code)


def next_wait(source: Source) -> timedelta:
    return Poll.objects.get(source=source, state="ready").not_before - now()


def collect_again(source: Source) -> None:
    Poll.objects.filter(source=source, state="ready").update(not_before=now())
    polls_collect()
