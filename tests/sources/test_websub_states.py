"""A subscription moves only from the state that it was seen in, and each move stands in the audit."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.sources.models import HubAsk, Source, Subscription
from apps.sources.services import hub_work, source_create, source_pause, source_resume, websub
from apps.sources.tasks import hubs_ask, polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import SubscriptionFactory, WorkspaceFactory
from tests.sources.hubs import asked_of, collect_again, page, subscribed, tell, verify
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture(autouse=True)
def _reached(settings: Any) -> None:
    """The site is told to have hubs call it, although it is on loopback."""
    settings.WEBSUB = "on"
    settings.BASE_URL = "https://pult.example"


@pytest.fixture
def source(host: SiteServer) -> Source:
    host.page("/hub", "", status=202)
    url = page(host, entry("a"))
    return source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url, interval_s=600)


def verbs() -> list[str]:
    """What the audit says of hubs, in order."""
    told = AuditEntry.objects.filter(verb__regex=r"^source\.(hub_|subscribed|unsubscribed)").order_by("pk")
    return [verb.removeprefix("source.") for verb in told.values_list("verb", flat=True)]


def test_verification_does_not_revive_what_ended_since_it_was_read(
    source: Source, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls_collect()
    hubs_ask()
    subscription = Subscription.objects.get()
    locked = Source.objects.select_for_update

    def paused_meanwhile() -> Any:
        Subscription.objects.update(state="ended")
        return locked()

    monkeypatch.setattr(Source.objects, "select_for_update", paused_meanwhile)
    answer = verify(client, subscription)

    assert answer.status_code == 404
    subscription.refresh_from_db()
    assert (subscription.state, subscription.ends_at) == ("ended", None)
    assert verbs() == ["hub_asked"]


def test_verification_sees_a_pause_that_came_after_it_was_read(
    source: Source, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls_collect()
    subscription = Subscription.objects.get()
    locked = Source.objects.select_for_update

    def paused_meanwhile() -> Any:
        Source.objects.filter(pk=source.pk).update(is_active=False)
        return locked()

    monkeypatch.setattr(Source.objects, "select_for_update", paused_meanwhile)

    assert verify(client, subscription).status_code == 404
    subscription.refresh_from_db()
    assert subscription.state == "asked"


@pytest.mark.parametrize("state", ["refused", "ended"])
def test_ended_subscription_is_not_stopped_again(state: str) -> None:
    subscription = SubscriptionFactory.create(state="live")
    Subscription.objects.update(state="ended")

    assert not websub.subscription_stop(subscription, state=state, problem="no room")

    subscription.refresh_from_db()
    assert (subscription.state, subscription.problem, HubAsk.objects.count()) == ("ended", "", 0)
    assert verbs() == []


def test_former_hubs_refusal_does_not_stop_its_successor() -> None:
    subscription = SubscriptionFactory.create(state="live")
    Subscription.objects.update(key="k" * 40, state="asked")

    assert not websub.subscription_stop(subscription, state="refused", problem="no room")

    assert Subscription.objects.get().state == "asked"


def test_another_hub_gets_another_key_and_secret(host: SiteServer, source: Source, client: Client) -> None:
    former = subscribed(source, client)
    host.page("/other", "", status=202)
    host.page("/feed.xml", rss(entry("a")), headers={"Link": f"<{host.url}/other>; rel=hub"})

    collect_again(source)
    hubs_ask()

    subscription = Subscription.objects.get()
    assert subscription.key != former.key
    assert subscription.secret != former.secret
    asked = host.log.of("/other")[0].params
    assert asked["hub.callback"] == f"https://pult.example/websub/{subscription.key}/"
    assert asked["hub.secret"] == subscription.secret
    assert tell(client, former, rss(entry("b"))) == 404
    assert verify(client, former).status_code == 404
    assert (subscription.state, subscription.ends_at, subscription.renew_at) == ("asked", None, None)
    assert verbs() == ["hub_asked", "subscribed", "unsubscribed", "hub_asked"]


def test_hub_named_while_its_predecessor_is_asked_is_asked_at_once(host: SiteServer, source: Source) -> None:
    polls_collect()
    row = HubAsk.objects.get()
    plan = hub_work.ask_plan(row)
    Subscription.objects.update(key="k" * 40)
    HubAsk.objects.update(state="done", finished_at=now())

    hub_work.ask_record(row, plan.key)

    assert HubAsk.objects.get(state="ready").not_before <= now()


def test_source_resumed_while_its_hub_is_left_goes_on_with_it(source: Source) -> None:
    polls_collect()
    row = HubAsk.objects.get()
    HubAsk.objects.update(state="done", finished_at=now())

    hub_work.ask_record(row, "")

    assert Subscription.objects.get().state == "asked"
    assert HubAsk.objects.filter(state="ready").count() == 1


def test_each_move_is_told_once(host: SiteServer, source: Source, client: Client) -> None:
    subscription = subscribed(source, client)
    verify(client, subscription)
    for _time in range(2):
        verify(client, subscription, mode="denied", **{"hub.reason": "no room"})
    assert verbs() == ["hub_asked", "subscribed", "unsubscribed"]

    for _time in range(2):
        HubAsk.objects.filter(state="ready").update(not_before=now())
        hubs_ask()
    assert verbs()[3:] == ["hub_asked"]

    source_pause(source=source)
    HubAsk.objects.filter(state="ready").update(not_before=now())
    hubs_ask()
    assert verbs()[4:] == ["hub_left"]

    page(host, entry("a"), entry("b"))
    source_resume(source=source)
    polls_collect()
    hubs_ask()
    assert verbs()[5:] == ["hub_asked"]
    assert len(asked_of(host)) == 4


def test_refusal_of_a_first_asking_is_told(host: SiteServer, source: Source) -> None:
    host.page("/hub", "no", status=403)
    polls_collect()

    hubs_ask()

    assert verbs() == ["hub_asked", "hub_refused"]
