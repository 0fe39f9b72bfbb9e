"""Adding a web page: its address, the choice of a list, what would be collected, and saving."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.sources.models import Poll, Source
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, MembershipFactory, WorkspaceFactory
from tests.sources.pages import article, listing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
ADD = "admin:sources_source_add_page"


@pytest.fixture
def paper(host: SiteServer) -> str:
    """A newspaper's list of five articles."""
    names = [f"n{number}" for number in range(5)]
    for name in names:
        host.page(f"/news/{name}.html", article(f"Случай {name}").encode())
    host.page("/news/n1.html", b"<title>Just a moment...</title><body>Checking your browser</body>")
    return host.page("/news/", listing(names).encode())


def logged_in(client: Client, role: str = "editor") -> Client:
    client.force_login(MembershipFactory.create(role=role, user__language="en").user)
    return client


def test_a_page_becomes_a_source_in_three_steps(client: Client, paper: str) -> None:
    logged_in(client)
    address = reverse(ADD)
    assert client.get(address).status_code == 200

    looked = client.post(address, {"step": "look", "url": paper}).content.decode()
    assert 'value="h2.title &gt; a"' in looked
    assert "Что случилось в городе: n0" in looked
    assert 'value="save"' not in looked

    chosen = {"url": paper, "selector": "h2.title > a", "name": "Газета"}
    shown = client.post(address, {"step": "preview", **chosen}).content.decode()
    assert "загорелся склад" in shown
    assert shown.count('class="pg-article"') == 3
    assert "person" in shown  # the second article is behind a check
    assert not Source.objects.exists()

    saved = client.post(address, {"step": "save", **chosen})
    source = Source.objects.get()
    assert saved.headers["Location"] == reverse("admin:sources_source_change", args=[source.pk])
    assert (source.kind, source.url, source.link_selector, source.name) == ("page", paper, "h2.title > a", "Газета")
    assert Poll.objects.filter(source=source, state="ready").exists()
    assert AuditEntry.objects.get(verb="source.created").target_id == str(source.pk)


def test_the_links_of_a_source_are_chosen_anew(client: Client, paper: str) -> None:
    membership = MembershipFactory.create()
    client.force_login(membership.user)
    source = FeedFactory.create(
        workspace=membership.workspace, kind="page", url=paper, link_selector=".old a", etag="x"
    )
    address = reverse("admin:sources_source_links", args=[source.pk])
    assert ".old a" in client.get(address).content.decode()

    client.post(address, {"step": "save", "url": paper, "own_selector": "main h2 a", "selector": "h2.title > a"})

    source.refresh_from_db()
    assert (source.link_selector, source.etag) == ("main h2 a", "")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"url": ""}, "Give the address"),
        ({"url": "ftp://gazeta.example/"}, "http"),
        ({"url": "http://10.0.0.1/"}, "10.0.0.1"),
        ({"url": "http://[::1]/"}, "::1"),
        ({"url": "http://169.254.169.254/latest/"}, "169.254"),
    ],
)
def test_an_address_that_can_not_be_looked_at_is_said(client: Client, typed: dict[str, str], said: str) -> None:
    answer = logged_in(client).post(reverse(ADD), {"step": "look", **typed})
    assert answer.status_code == 200
    assert said in answer.content.decode()


@pytest.mark.parametrize(
    ("selector", "said"), [("a[", "not a CSS selector"), (".nothing a", "No links"), ("", "Choose a list")]
)
def test_a_choice_that_gives_nothing_is_said(client: Client, paper: str, selector: str, said: str) -> None:
    answer = logged_in(client).post(reverse(ADD), {"step": "preview", "url": paper, "own_selector": selector})
    assert said in answer.content.decode()


def test_what_can_not_be_saved_keeps_what_was_typed(client: Client, paper: str) -> None:
    logged_in(client)
    answer = client.post(reverse(ADD), {"step": "save", "url": paper, "selector": "h2.title > a", "name": ""})
    assert answer.status_code == 400
    assert not Source.objects.exists()
    assert paper in answer.content.decode()


@pytest.mark.parametrize("url", ["http://10.0.0.1/news/", "https://user:pw@gazeta.example/", "http://[::1]/"])
def test_an_address_that_can_never_be_fetched_is_not_saved(client: Client, url: str) -> None:
    answer = logged_in(client).post(reverse(ADD), {"step": "save", "url": url, "selector": "h2 a", "name": "Газета"})
    assert answer.status_code == 400
    assert not Source.objects.exists()


def test_a_person_looks_so_often_a_minute(client: Client, paper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_ratelimit.core._get_window", lambda *_args: 2**31)  # a minute that does not end
    logged_in(client)
    for _look in range(20):
        client.post(reverse(ADD), {"step": "look", "url": "ftp://gazeta.example/"})
    answer = client.post(reverse(ADD), {"step": "look", "url": paper}).content.decode()
    assert "Wait a little" in answer


def test_only_those_who_may_add_sources_come_there(client: Client) -> None:
    assert logged_in(client, "viewer").get(reverse(ADD)).status_code == 403


def test_a_page_of_another_workspace_is_not_there(client: Client, paper: str) -> None:
    source = FeedFactory.create(workspace=WorkspaceFactory.create(), kind="page", url=paper, link_selector="a")
    answer = logged_in(client).post(
        reverse("admin:sources_source_links", args=[source.pk]), {"step": "save", "url": paper, "selector": "h2 a"}
    )
    assert answer.status_code == 404
    source.refresh_from_db()
    assert source.link_selector == "a"


def test_another_workspace_can_not_be_chosen(client: Client, paper: str) -> None:
    other = WorkspaceFactory.create()
    membership = MembershipFactory.create()
    client.force_login(membership.user)
    chosen = {"url": paper, "selector": "h2.title > a", "name": "Газета", "workspace": str(other.pk)}
    client.post(reverse(ADD), {"step": "save", **chosen})
    assert Source.objects.get().workspace == membership.workspace
