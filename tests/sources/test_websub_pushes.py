"""What hubs tell becomes posts; what is not signed by them is ignored."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.core.clock import now
from apps.sources import views
from apps.sources.models import HubAsk, HubPush, Poll, Post, Source, Subscription
from apps.sources.services import source_create, websub
from apps.sources.services.websub import signature_is_right
from apps.sources.tasks import hubs_ask, polls_collect, pushes_read
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, SubscriptionFactory, WorkspaceFactory
from tests.sources.hubs import asked_of, collect_again, page, subscribed, tell
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _reached(settings: Any) -> None:
    """The site is told to have hubs call it, although it is on loopback."""
    settings.WEBSUB = "on"
    settings.BASE_URL = "https://pult.example"


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def source(host: SiteServer) -> Source:
    host.page("/hub", "", status=202)
    url = page(host, entry("a"))
    return source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url, interval_s=600)


def test_unknown_key_is_not_found(client: Client) -> None:
    assert client.get("/websub/nobody/", {"hub.mode": "subscribe", "hub.challenge": "x"}).status_code == 404
    assert client.post("/websub/nobody/", b"x", content_type="text/xml").status_code == 404
    assert client.put("/websub/nobody/").status_code == 405


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_told_entries_become_posts_without_a_request(
    host: SiteServer, source: Source, client: Client, method: str
) -> None:
    subscription = subscribed(source, client)
    host.log.clear()

    assert tell(client, subscription, rss(entry("b", "Паром отменён")), method=method) == 202
    pushes_read()
    pushes_read()

    assert set(Post.objects.values_list("external_id", flat=True)) == {"a", "b"}
    assert host.log == []
    push = HubPush.objects.get()
    assert (push.state, push.added, bytes(push.body)) == ("done", 1, b"")
    subscription.refresh_from_db()
    assert subscription.told_at is not None


def test_same_push_twice_is_one_post(source: Source, client: Client) -> None:
    subscription = subscribed(source, client)

    for _time in range(2):
        tell(client, subscription, rss(entry("b")))
        pushes_read()
    collect_again(source)

    assert Post.objects.count() == 2


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=00", "md5=00", "sha256", "=", "SHA256=" + "0" * 64])
def test_wrong_signature_is_ignored_and_not_told(source: Source, client: Client, signature: str) -> None:
    subscription = subscribed(source, client)

    assert tell(client, subscription, rss(entry("b")), signature=signature) == 202

    assert HubPush.objects.count() == 0
    subscription.refresh_from_db()
    assert subscription.told_at is None


def test_signature_of_another_body_is_wrong() -> None:
    right = hmac.new(b"secret", b"body", hashlib.sha256).hexdigest()

    assert signature_is_right("secret", b"body", f"SHA256={right.upper()}")
    assert not signature_is_right("secret", b"other", f"sha256={right}")
    assert not signature_is_right("other", b"body", f"sha256={right}")
    assert not signature_is_right("secret", b"body", f"sha1={right}")
    assert not signature_is_right("secret", b"body", "sha256=ключ")


def test_huge_push_is_refused(source: Source, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = subscribed(source, client)
    monkeypatch.setattr(views, "PUSH_MAX", 100)

    assert tell(client, subscription, rss(entry("b"))) == 413
    assert HubPush.objects.count() == 0


@pytest.mark.parametrize(("limit", "most"), [("PUSHES_MAX", 2), ("PUSHED_MAX", 2500)])
def test_hub_that_tells_more_than_is_read_waits_and_the_feed_is_collected(
    source: Source, client: Client, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    subscription = subscribed(source, client)
    Poll.objects.filter(source=source, state="ready").update(not_before=now() + timedelta(days=1))
    monkeypatch.setattr(websub, limit, most)
    body = rss(entry("b")).ljust(1000)

    assert [tell(client, subscription, body) for _each in range(3)] == [202, 202, 429]

    assert HubPush.objects.count() == 2
    assert Poll.objects.get(source=source, state="ready").not_before < now() + timedelta(hours=23)
    pushes_read()
    assert tell(client, subscription, rss(entry("c"))) == 202


def test_push_that_is_no_feed_is_noted_and_harms_nothing(source: Source, client: Client) -> None:
    subscription = subscribed(source, client)

    tell(client, subscription, "<html><body>Привет</body></html>")
    pushes_read()

    subscription.refresh_from_db()
    source.refresh_from_db()
    assert "web page" in subscription.problem
    assert (source.failures, Post.objects.count()) == (0, 1)


def test_push_killed_half_way_is_read_again(source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    tell(client, subscription, rss(entry("b")))
    HubPush.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000", not_before=now(), attempts=1)

    pushes_read()

    assert Post.objects.count() == 2


def test_ask_killed_half_way_is_asked_again(host: SiteServer, source: Source) -> None:
    polls_collect()
    HubAsk.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000", not_before=now(), attempts=1)

    hubs_ask()

    assert len(asked_of(host)) == 1
    assert HubAsk.objects.filter(state="ready").count() == 1


def test_callback_is_limited(source: Source, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription = SubscriptionFactory.create(source=FeedFactory.create())
    monkeypatch.setattr(views, "KEY_RATE", "2/m")

    answers = [tell(client, subscription, "x", signature="sha256=0") for _time in range(3)]

    assert answers == [202, 202, 429]


def test_wrong_keys_are_counted_by_the_address_that_the_proxy_tells(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    monkeypatch.setattr(views, "ADDRESS_RATE", "2/m")
    subscription = SubscriptionFactory.create(source=FeedFactory.create())

    def guess(address: str) -> int:
        return int(client.post("/websub/guessed/", b"x", "text/xml", headers={"X-Forwarded-For": address}).status_code)

    assert [guess("198.51.100.1") for _time in range(3)] == [404, 404, 429]
    assert guess("198.51.100.2") == 404
    hub = client.post(f"/websub/{subscription.key}/", b"x", "text/xml", headers={"X-Forwarded-For": "198.51.100.1"})
    assert hub.status_code == 202


def test_hub_of_many_feeds_is_not_counted_by_its_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ADDRESS_RATE", "1/m")
    subscriptions = SubscriptionFactory.create_batch(3)

    assert [tell(client, one, "x", signature="sha256=0") for one in subscriptions] == [202, 202, 202]


def test_callback_makes_no_session_and_wants_no_token(client: Client) -> None:
    subscription = SubscriptionFactory.create()

    answer = client.post(f"/websub/{subscription.key}/", b"x", content_type="text/xml")

    assert answer.status_code == 202
    assert not answer.cookies


def test_hub_without_https_gets_no_secret(host: SiteServer, source: Source, settings: Any) -> None:
    settings.WEBSUB = "auto"

    polls_collect()

    assert not Subscription.objects.exists()


def test_private_hub_is_refused(host: SiteServer, source: Source, settings: Any) -> None:
    polls_collect()
    Subscription.objects.update(hub="http://169.254.169.254/latest/")

    hubs_ask()

    subscription = Subscription.objects.get()
    assert subscription.state == "refused"
    assert "169.254.169.254" in subscription.problem
