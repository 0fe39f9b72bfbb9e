"""Adding feeds from their site's address and from lists, as an editor does it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.sources import admin_feeds
from apps.sources.models import Poll, Source
from apps.sources.parsers.opml import Outline, read_opml, write_opml
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, MembershipFactory, SubscriptionFactory, WorkspaceFactory
from tests.sources.payloads import entry, rss
from tests.sources.test_opml import AT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
FIND, LIST = "admin:sources_source_feeds_find", "admin:sources_source_opml"


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(MembershipFactory.create(role="editor", user__language="en").user)
    return client


@pytest.fixture
def site(host: SiteServer) -> str:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{n}.xml">' for n in "ab")
    host.page("/", f"<!doctype html><html><head>{links}</head></html>")
    host.page("/a.xml", rss(entry("1"), title='Новости &amp;amp; "люди"'))
    host.page("/b.xml", rss(title="Спорт"))
    return host.url


def upload(*outlines: Outline) -> BytesIO:
    file = BytesIO(write_opml(outlines, title="Мои", at=AT))
    file.name = "feeds.opml"
    return file


def test_feeds_of_a_site_are_shown_and_the_chosen_one_is_added(editor: Client, site: str) -> None:
    address = reverse(FIND)
    assert editor.get(address).status_code == 200

    shown = editor.post(address, {"step": "look", "address": site}).content.decode()

    assert "2 feeds were found" in shown
    assert "1 entry" in shown
    assert "Новости &amp; &quot;люди&quot;" in shown
    assert not Source.objects.exists()
    form = {"step": "save", "address": site, "feed": ["2"], "url-1": f"{site}/a.xml", "name-1": "Новости"}
    answer = editor.post(address, {**form, "url-2": f"{site}/b.xml", "name-2": "Спорт дня"})
    assert answer.headers["Location"] == reverse("admin:sources_source_changelist")
    source = Source.objects.get()
    assert (source.kind, source.name, source.url) == ("feed", "Спорт дня", f"{site}/b.xml")
    assert Poll.objects.filter(source=source, state="ready").exists()
    assert AuditEntry.objects.filter(verb="source.created").count() == 1


def test_feed_that_is_there_already_is_named(editor: Client, site: str) -> None:
    workspace = MembershipFactory._meta.model.objects.get().workspace
    FeedFactory.create(workspace=workspace, name="Своя лента", url=f"{site}/a.xml?utm_source=x")
    FeedFactory.create(name="Чужая лента", url=f"{site}/b.xml")

    shown = editor.post(reverse(FIND), {"step": "look", "address": site}).content.decode()

    assert "Своя лента" in shown
    assert "Чужая лента" not in shown


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"step": "save"}, "Choose at least one feed"),
        ({"step": "save", "feed": "1", "url-1": "https://a.example/rss", "name-1": ""}, "name"),
        ({"step": "save", "feed": "1", "url-1": "file:///etc/passwd", "name-1": "Файл"}, "Файл"),
        ({"step": "look", "address": "http://169.254.169.254/"}, "not public"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_added(editor: Client, form: dict[str, str], words: str) -> None:
    answer = editor.post(reverse(FIND), form)

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Source.objects.exists()


def test_searches_are_limited(editor: Client, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_feeds, "SEARCH_RATE", "1/m")

    pages = [editor.post(reverse(FIND), {"step": "look", "address": site}).content.decode() for _time in range(2)]

    assert "So many searches" in pages[1]
    assert "So many searches" not in pages[0]


def test_list_is_shown_before_it_is_added(editor: Client) -> None:
    workspace = MembershipFactory._meta.model.objects.get().workspace
    FeedFactory.create(workspace=workspace, name="Порт", url="https://a.example/rss")
    outlines = [
        Outline("Порт", "https://a.example/rss"),
        Outline("Маяк", "https://b.example/rss", ("Город",)),
        Outline("Файл", "file:///etc/passwd"),
    ]

    answer = editor.post(reverse(LIST), {"file": upload(*outlines)})

    shown = answer.content.decode()
    assert [(group["state"], group["count"]) for group in answer.context["groups"]] == [
        ("new", 1),
        ("known", 1),
        ("broken", 1),
    ]
    assert "Город / Маяк" in shown
    assert "Add 1 feed" in shown
    assert Source.objects.count() == 1
    token = answer.context["token"]
    editor.post(reverse(LIST), {"token": token, "workspace": str(workspace.pk)})
    assert set(Source.objects.values_list("name", flat=True)) == {"Порт", "Город / Маяк"}
    again = editor.post(reverse(LIST), {"token": token})
    assert "waited for too long" in again.content.decode()
    assert Source.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose an OPML file"),
        (b"<html></html>", "no list of feeds"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "entities"),
        (b"<opml><body/></opml>", "names no feeds"),
    ],
)
def test_bad_list_is_refused_in_words(editor: Client, content: bytes, words: str) -> None:
    file = BytesIO(content)
    file.name = "x.opml"

    answer = editor.post(reverse(LIST), {"file": file})

    assert words in answer.content.decode()


def test_list_of_another_person_is_not_added(editor: Client) -> None:
    token = editor.post(reverse(LIST), {"file": upload(Outline("Маяк", "https://b.example/rss"))}).context["token"]
    other = Client()
    other.force_login(MembershipFactory.create(role="editor").user)

    other.post(reverse(LIST), {"token": token})

    assert not Source.objects.exists()


def test_all_feeds_are_downloaded(editor: Client) -> None:
    workspace = MembershipFactory._meta.model.objects.get().workspace
    FeedFactory.create(workspace=workspace, name="Город / Порт", url="https://a.example/rss")
    FeedFactory.create(name="Чужая лента")

    answer = editor.get(reverse("admin:sources_source_opml_download"))

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{workspace.slug}.opml"'
    assert read_opml(answer.content).outlines == (Outline("Порт", "https://a.example/rss", ("Город",)),)


@pytest.mark.parametrize("name", [FIND, LIST])
def test_only_those_who_may_add_sources_come_there(client: Client, name: str) -> None:
    client.force_login(MembershipFactory.create(role="viewer").user)

    assert client.get(reverse(name)).status_code == 403
    assert client.post(reverse(name), {"address": "a.example"}).status_code == 403


def test_another_workspace_can_not_be_chosen(editor: Client, site: str) -> None:
    foreign = WorkspaceFactory.create()
    form = {"step": "save", "feed": "1", "url-1": f"{site}/a.xml", "name-1": "Новости", "workspace": str(foreign.pk)}

    editor.post(reverse(FIND), form)

    assert not Source.objects.filter(workspace=foreign).exists()
    assert Source.objects.count() == 1


def test_ways_to_add_stand_over_the_list(editor: Client) -> None:
    shown = editor.get(reverse("admin:sources_source_changelist")).content.decode()

    assert "Find feeds of a site" in shown
    assert "List of feeds (OPML)" in shown
    assert "Add a web page" in shown
    assert reverse(FIND) in editor.get(reverse("admin:sources_source_add")).content.decode()


def test_page_of_a_feed_tells_of_its_hub_and_its_move(editor: Client) -> None:
    workspace = MembershipFactory._meta.model.objects.get().workspace
    source = FeedFactory.create(workspace=workspace, moved_to="https://new.example/rss")
    subscription = SubscriptionFactory.create(source=source, ends_at=now() + timedelta(days=5))
    address = reverse("admin:sources_source_change", args=[source.pk])

    shown = editor.get(address).content.decode()

    assert "hub.example tells of new posts" in shown
    assert "https://new.example/rss for good" in shown
    assert subscription.secret not in shown
    assert subscription.key not in shown
    type(subscription).objects.update(state="refused", problem="The hub refuses: no room")
    assert "hub.example: Refused. The hub refuses: no room" in editor.get(address).content.decode()


def test_rhythm_can_be_switched_off(editor: Client) -> None:
    workspace = MembershipFactory._meta.model.objects.get().workspace
    source = FeedFactory.create(workspace=workspace, url="https://a.example/rss")
    form = {"name": source.name, "url": source.url, "interval_s": "900"}

    editor.post(reverse("admin:sources_source_change", args=[source.pk]), form)

    source.refresh_from_db()
    assert (source.is_adaptive, source.interval_s) == (False, 900)
