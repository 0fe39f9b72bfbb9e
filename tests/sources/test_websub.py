"""Hubs are asked, verify, tell and fall silent; the feed itself is asked once a day meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.sources.models import HubAsk, HubPush, Post, Source, Subscription
from apps.sources.services import source_create, source_pause
from apps.sources.services.websub import callback_base
from apps.sources.tasks import hubs_ask, polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import WorkspaceFactory
from tests.sources.hubs import asked_of, collect_again, next_wait, page, subscribed, tell, verify
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


def test_hub_that_a_feed_names_is_asked_once(host: SiteServer, source: Source) -> None:
    polls_collect()
    hubs_ask()
    hubs_ask()

    subscription = Subscription.objects.get()
    asked = asked_of(host)
    assert asked == [
        {
            "hub.mode": "subscribe",
            "hub.topic": host.url + "/feed.xml",
            "hub.callback": f"https://pult.example/websub/{subscription.key}/",
            "hub.secret": subscription.secret,
            "hub.lease_seconds": "864000",
        }
    ]
    assert subscription.state == "asked"
    assert len(subscription.key) >= 32
    assert HubAsk.objects.get(state="ready").not_before > now() + DAY * 0.9
    assert next_wait(source) <= timedelta(seconds=600)


def test_link_header_names_hub_and_topic_too(host: SiteServer) -> None:
    links = f'<{host.url}/hub>; rel="hub", </topic.xml>; rel=self; title="a, b"'
    url = host.page("/feed.xml", rss(entry("a")), headers={"Link": links})
    source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url)

    polls_collect()

    subscription = Subscription.objects.get()
    assert (subscription.hub, subscription.topic) == (host.url + "/hub", host.url + "/topic.xml")


def test_verified_subscription_slows_collecting_to_a_day(host: SiteServer, source: Source, client: Client) -> None:
    subscription = subscribed(source, client)

    collect_again(source)

    assert subscription.state == "live"
    assert timedelta(days=9.9) < subscription.ends_at - now() <= timedelta(days=10)  # type: ignore[operator]
    assert timedelta(hours=21) < next_wait(source) <= DAY
    assert AuditEntry.objects.filter(verb="source.subscribed").count() == 1
    assert HubAsk.objects.get(state="ready").not_before == subscription.renew_at


def test_renewal_is_asked_before_the_lease_ends(host: SiteServer, source: Source, client: Client) -> None:
    subscription = subscribed(source, client, lease=1000)
    assert timedelta(seconds=790) < subscription.renew_at - now() <= timedelta(seconds=800)  # type: ignore[operator]
    HubAsk.objects.filter(state="ready").update(not_before=now())

    hubs_ask()

    subscription.refresh_from_db()
    assert len(asked_of(host)) == 2
    assert subscription.state == "live"
    verify(client, subscription, lease=5000)
    subscription.refresh_from_db()
    assert subscription.ends_at > now() + timedelta(seconds=4900)  # type: ignore[operator]
    assert HubAsk.objects.filter(state="ready").count() == 1


def test_hub_that_verifies_before_it_answers_is_renewed_all_the_same(
    host: SiteServer, source: Source, client: Client
) -> None:
    polls_collect()
    subscription = Subscription.objects.get()
    HubAsk.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000", not_before=now() + DAY)
    verify(client, subscription, lease=1000)
    HubAsk.objects.update(state="ready", token=None, not_before=now())

    hubs_ask()

    waiting = HubAsk.objects.get(state="ready")
    assert timedelta(seconds=700) < waiting.not_before - now() <= timedelta(seconds=800)


def test_lease_that_ran_out_means_collecting_as_usual(host: SiteServer, source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    Subscription.objects.update(ends_at=now() - timedelta(seconds=1))

    collect_again(source)

    assert next_wait(source) <= timedelta(seconds=600)
    assert tell(client, subscription, rss(entry("b"))) == 202  # a late word is taken


def test_safety_collection_comes_no_later_than_the_end_of_the_lease(
    host: SiteServer, source: Source, client: Client
) -> None:
    subscribed(source, client, lease=3600)

    collect_again(source)

    assert next_wait(source) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("mode", "change"),
    [
        ("subscribe", {"hub.topic": "https://other.example/"}),
        ("unsubscribe", {}),
        ("dance", {}),
        ("subscribe", {"hub.challenge": ""}),
    ],
)
def test_wrong_verification_is_refused(source: Source, client: Client, mode: str, change: dict[str, str]) -> None:
    polls_collect()
    subscription = Subscription.objects.get()

    assert verify(client, subscription, mode=mode, **change).status_code == 404

    subscription.refresh_from_db()
    assert (subscription.state, subscription.ends_at) == ("asked", None)


@pytest.mark.parametrize("lease", ["", "0", "-5", "soon", "99999999999999"])
def test_nonsensical_lease_is_bounded(source: Source, client: Client, lease: str) -> None:
    polls_collect()
    subscription = Subscription.objects.get()

    assert verify(client, subscription, **{"hub.lease_seconds": lease}).status_code == 200

    subscription.refresh_from_db()
    assert subscription.ends_at is not None
    assert timedelta(minutes=4) < subscription.ends_at - now() <= timedelta(days=60)


def test_hub_that_denies_is_left_for_a_week(source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    collect_again(source)

    answer = verify(client, subscription, mode="denied", **{"hub.reason": "no room"})

    assert answer.status_code == 200
    subscription.refresh_from_db()
    assert (subscription.state, subscription.ends_at) == ("refused", None)
    assert "no room" in subscription.problem
    assert next_wait(source) <= timedelta(seconds=600)
    assert HubAsk.objects.get(state="ready").not_before > now() + timedelta(days=6)
    assert AuditEntry.objects.filter(verb="source.unsubscribed").count() == 1
    assert tell(client, subscription, rss(entry("b"))) == 202
    assert HubPush.objects.count() == 0


def test_hub_that_denied_is_not_listened_to_until_it_is_asked_again(source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    verify(client, subscription, mode="denied")

    assert verify(client, subscription).status_code == 404

    subscription.refresh_from_db()
    assert (subscription.state, subscription.ends_at) == ("refused", None)
    Subscription.objects.update(state="asked")
    assert verify(client, subscription).status_code == 200


def test_hub_that_refuses_outright_is_left_for_a_week(host: SiteServer, source: Source) -> None:
    host.page("/hub", "topic not allowed", status=403)

    polls_collect()
    hubs_ask()

    subscription = Subscription.objects.get()
    assert subscription.state == "refused"
    assert "topic not allowed" in subscription.problem
    assert HubAsk.objects.get(state="ready").not_before > now() + timedelta(days=6)
    assert next_wait(source) <= timedelta(seconds=600)


def test_hub_in_trouble_is_asked_again(host: SiteServer, source: Source) -> None:
    host.page("/hub", "", status=503)
    polls_collect()
    hubs_ask()
    host.page("/hub", "", status=202)
    HubAsk.objects.update(not_before=now())

    hubs_ask()

    assert len(asked_of(host)) == 2
    assert Subscription.objects.get().state == "asked"


def test_silent_hub_is_left_once_a_safety_collection_finds_what_it_did_not_tell(
    host: SiteServer, source: Source, client: Client
) -> None:
    subscription = subscribed(source, client)
    collect_again(source)
    Source.objects.update(last_ok_at=now() - timedelta(hours=20))
    page(host, entry("a"), entry("b", "Паром отменён"))

    collect_again(source)

    subscription.refresh_from_db()
    assert (subscription.state, Post.objects.count()) == ("ended", 2)
    assert subscription.problem
    assert next_wait(source) <= timedelta(seconds=600)
    assert tell(client, subscription, rss(entry("c"))) == 410


def test_entries_of_the_last_hour_are_not_held_against_the_hub(
    host: SiteServer, source: Source, client: Client
) -> None:
    subscription = subscribed(source, client)
    Source.objects.update(last_ok_at=now() - timedelta(hours=20))
    fresh = entry("b").replace("Fri, 20 Nov 2026 12:00:00 +0300", f"{now():%a, %d %b %Y %H:%M:%S} +0000")
    page(host, entry("a"), fresh)

    collect_again(source)

    subscription.refresh_from_db()
    assert (subscription.state, Post.objects.count()) == ("live", 2)


def test_paused_source_wants_nothing_of_its_hub(host: SiteServer, source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    source_pause(source=source)
    HubAsk.objects.filter(state="ready").update(not_before=now())
    asked = len(asked_of(host))

    assert tell(client, subscription, rss(entry("b"))) == 410
    assert verify(client, subscription).status_code == 404
    assert verify(client, subscription, mode="unsubscribe").content == b"sesame"
    hubs_ask()

    assert len(asked_of(host)) == asked
    assert not HubAsk.objects.filter(state="ready").exists()
    subscription.refresh_from_db()
    assert subscription.state == "ended"


def test_another_hub_is_asked_anew(host: SiteServer, source: Source, client: Client) -> None:
    subscribed(source, client)
    host.page("/other", "", status=202)
    host.page("/feed.xml", rss(entry("a")), headers={"Link": f"<{host.url}/other>; rel=hub"})

    collect_again(source)
    hubs_ask()

    subscription = Subscription.objects.get()
    assert (subscription.hub, subscription.state) == (host.url + "/other", "asked")
    assert len(host.log.of("/other")) == 1


@pytest.mark.parametrize(
    ("mode", "base", "asks"),
    [
        ("auto", "https://pult.example.org", True),
        ("auto", "http://pult.example.org", False),
        ("auto", "https://localhost", False),
        ("auto", "https://pult.local", False),
        ("auto", "https://192.168.1.5", False),
        ("auto", "https://[::1]:8000", False),
        ("auto", "https://9.9.9.9", True),
        ("on", "http://127.0.0.1:8000", True),
        ("off", "https://pult.example.org", False),
    ],
)
def test_hubs_are_asked_only_where_they_can_answer(settings: Any, mode: str, base: str, asks: bool) -> None:
    settings.WEBSUB, settings.BASE_URL = mode, base

    assert bool(callback_base()) is asks
