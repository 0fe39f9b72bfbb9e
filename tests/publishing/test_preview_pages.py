"""The preview pages: what a visitor sees, and what not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.delivery.tasks import deliveries_send
from apps.publishing.html import plain, sanitized
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.slugs import slug_free, slug_from
from apps.stories.models import Story, StoryVersion
from tests.delivery.factories import member
from tests.publishing.factories import preview_channel, scheduled, telegram_channel

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _english(client: Client, settings: Settings) -> None:
    """The visitor has chosen English."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"


def messages(
    channel: Channel, count: int, *, start: datetime | None = None, html: str = "text"
) -> list[PreviewMessage]:
    """Messages a minute apart, oldest first."""
    start = start or now() - timedelta(days=1)
    story = Story.objects.create(workspace=channel.workspace, title="s", first_at=start, last_at=start)
    version = StoryVersion.objects.create(story=story, number=1, title="s")
    made = []
    for number in range(count):
        other = Story.objects.create(workspace=channel.workspace, title=f"s{number}", first_at=start, last_at=start)
        publication = Publication.objects.create(
            workspace=channel.workspace, channel=channel, story=other, version=version, html=html, publish_at=start
        )
        made.append(
            PreviewMessage.objects.create(
                channel=channel,
                publication=publication,
                title=f"Message {number}",
                html=f"{html} {number}",
                published_at=start + timedelta(minutes=number),
            )
        )
    return made


def test_page_shows_messages_in_order_with_days_and_permalinks(workspace: Workspace, client: Client) -> None:
    channel = preview_channel(workspace, about="What the port lives by")
    # 20:30 UTC is already the next day in Yekaterinburg
    made = messages(channel, 3, start=datetime(2026, 3, 1, 18, 59, tzinfo=UTC))
    page = client.get("/preview/showcase/")
    html = page.content.decode()
    assert page.status_code == 200
    assert re.findall(r'<article class="bubble" id="m(\d+)"', html) == [str(each.pk) for each in made]
    assert re.findall(r'class="day"><time datetime="([\d-]+)"', html) == ["2026-03-01", "2026-03-02"]
    assert ">23:59</time>" in html
    assert ">00:00</time>" in html
    assert f'href="/preview/showcase/?at={made[0].pk}#m{made[0].pk}"' in html
    assert "<title>Showcase · Pult</title>" in html
    assert '<meta property="og:description" content="What the port lives by">' in html
    assert "?before=" not in html


def test_pages_go_back_by_key(workspace: Workspace, client: Client) -> None:
    channel = preview_channel(workspace)
    made = messages(channel, 45)
    seen: list[int] = []
    address = "/preview/showcase/"
    while address:
        html = client.get(address).content.decode()
        seen = [int(pk) for pk in re.findall(r'id="m(\d+)"', html)] + seen
        earlier = re.search(r'href="(\?before=\d+)"', html)
        address = f"/preview/showcase/{earlier[1]}" if earlier else ""
    assert seen == [each.pk for each in made]
    at = client.get(f"/preview/showcase/?at={made[5].pk}").content.decode()
    assert re.findall(r'id="m(\d+)"', at)[-1] == str(made[5].pk)


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", "?at=999999", "?before=" + "9" * 40, "?at=²"])
def test_odd_keys_show_the_newest(workspace: Workspace, client: Client, query: str) -> None:
    channel = preview_channel(workspace)
    made = messages(channel, 1)
    page = client.get(f"/preview/showcase/{query}")
    assert page.status_code == 200
    assert f'id="m{made[0].pk}"' in page.content.decode()


def test_hostile_markup_is_not_on_the_page(workspace: Workspace, client: Client) -> None:
    channel = preview_channel(workspace)
    messages(channel, 1, html='<script>alert(1)</script><b onclick="x()">bold</b><a href="javascript:x()">j</a>')
    html = client.get("/preview/showcase/").content.decode()
    assert "<b>bold</b>" in html
    assert "alert(1)" not in html
    assert "onclick" not in html
    assert "javascript:" not in html


def test_telegrams_markup_stays() -> None:
    html = (
        '<b>b</b> <tg-spoiler>s</tg-spoiler> <span class="tg-spoiler">s</span> <blockquote>q</blockquote> <pre>p</pre>'
    )
    assert sanitized(html) == html
    assert sanitized('<span class="other">x</span>') == '<span class="">x</span>'
    assert sanitized('<a href="https://a.test">x</a>') == (
        '<a href="https://a.test" rel="nofollow noopener noreferrer">x</a>'
    )
    assert plain("<b>A &amp; B</b>\n\nC") == "A & B C"
    assert plain("word " * 100, 10) == "word word…"


def test_empty_page_says_what_will_appear(workspace: Workspace, client: Client) -> None:
    preview_channel(workspace)
    html = client.get("/preview/showcase/").content.decode()
    assert "Nothing published here yet" in html
    assert "<article" not in html


def test_unknown_address_is_a_friendly_404(db: None, client: Client) -> None:
    page = client.get("/preview/nothing-here/")
    assert page.status_code == 404
    assert "There is no such channel" in page.content.decode()
    assert client.get("/preview/nothing-here/feed.xml").status_code == 404


def test_telegram_and_closed_channels_are_not_shown(workspace: Workspace, client: Client) -> None:
    closed = preview_channel(workspace, "Closed", is_public=False)
    telegram = telegram_channel(workspace)
    for channel in (closed, telegram):
        assert client.get(f"/preview/{channel.slug}/").status_code == 404
        assert client.get(f"/preview/{channel.slug}/feed.xml").status_code == 404
    listing = client.get("/preview/").content.decode()
    assert "Closed" not in listing
    assert telegram.name not in listing


def test_closed_channel_is_open_to_its_team_only(workspace: Workspace, editor: User, client: Client) -> None:
    channel = preview_channel(workspace, "Closed", is_public=False)
    client.force_login(editor)
    page = client.get(channel.get_absolute_url())
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-cache"
    other = Workspace.objects.create(name="Other", slug="other")
    stranger = preview_channel(other, "Strange", is_public=False)
    assert client.get(stranger.get_absolute_url()).status_code == 404


def test_client_reads_the_closed_channels_of_their_workspace(workspace: Workspace, client: Client) -> None:
    channel = preview_channel(workspace, "Closed", is_public=False)
    client.force_login(member(workspace, "client"))
    assert channel.get_absolute_url() in client.get("/").content.decode()
    assert client.get(channel.get_absolute_url()).status_code == 200
    other = Workspace.objects.create(name="Other", slug="other")
    stranger = preview_channel(other, "Strange", is_public=False)
    assert client.get(stranger.get_absolute_url()).status_code == 404
    assert "Strange" not in client.get("/preview/").content.decode()


def test_list_names_open_channels_and_says_when_there_are_none(workspace: Workspace, client: Client) -> None:
    assert "No preview channels yet" in client.get("/preview/").content.decode()
    preview_channel(workspace)
    html = client.get("/preview/").content.decode()
    assert 'href="/preview/showcase/"' in html


def test_published_story_is_on_the_page(workspace: Workspace, editor: User, client: Client) -> None:
    publication = scheduled(preview_channel(workspace), editor, "Fire <in> the port")
    deliveries_send()
    publication.refresh_from_db()
    html = client.get("/preview/showcase/").content.decode()
    assert "<b>Fire &lt;in&gt; the port</b>" in html
    assert client.get(publication.message_url.partition("#")[0]).status_code == 200


def test_feed_is_valid_and_its_ids_stay(workspace: Workspace, client: Client) -> None:
    channel = preview_channel(workspace)
    made = messages(channel, 3)
    answer = client.get("/preview/showcase/feed.xml")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    entries = feed.findall(f"{ATOM}entry")
    assert feed.findtext(f"{ATOM}title") == "Showcase"
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Message 2", "Message 1", "Message 0"]
    for node in (feed, *entries):
        assert (node.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", node.findtext(f"{ATOM}updated") or "")
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": "http://testserver/preview/showcase/feed.xml",
        "alternate": "http://testserver/preview/showcase/",
    }
    assert entries[0].find(f"{ATOM}link").get("href") == f"http://testserver{made[2].get_absolute_url()}"  # type: ignore[union-attr]
    elsewhere = ET.fromstring(client.get("/preview/showcase/feed.xml", headers={"host": "localhost"}).content)  # noqa: S314
    assert [e.findtext(f"{ATOM}id") for e in elsewhere.iter(f"{ATOM}entry")] == [
        entry.findtext(f"{ATOM}id") for entry in entries
    ]


def test_unchanged_feed_is_answered_before_its_messages_are_read(
    workspace: Workspace, editor: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    channel = preview_channel(workspace)
    first = client.get("/preview/showcase/feed.xml")
    with django_assert_num_queries(1):
        again = client.get("/preview/showcase/feed.xml", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    with django_assert_num_queries(1):
        since = client.get("/preview/showcase/feed.xml", headers={"if-modified-since": first["Last-Modified"]})
    assert since.status_code == 304
    scheduled(channel, editor)
    deliveries_send()
    changed = client.get("/preview/showcase/feed.xml", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_page_asks_few_queries(
    workspace: Workspace, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    messages(preview_channel(workspace), 15)
    with django_assert_num_queries(2):
        client.get("/preview/showcase/")
    for number in range(5):
        preview_channel(workspace, f"Channel {number}")
    with django_assert_num_queries(1):
        client.get("/preview/")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Новости порта", "novosti-porta"),
        ("Щучий хвост!", "schuchiy-khvost"),
        ("Port 24", "port-24"),
        ("🔥", "channel"),
    ],
)
def test_address_is_made_from_the_name(name: str, slug: str) -> None:
    assert slug_from(name) == slug


def test_taken_address_gets_a_number(workspace: Workspace) -> None:
    assert slug_free("News", {"news", "news-2"}.__contains__) == "news-3"
    assert preview_channel(workspace, "Новости").slug == "novosti"
    other = Workspace.objects.create(name="Other", slug="other")
    assert preview_channel(other, "Новости").slug == "novosti-2"
