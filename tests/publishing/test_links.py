"""Short links: what becomes of links in a text, and what is counted when they are followed."""

from __future__ import annotations

import re

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User, Workspace
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, LinkClicks, PreviewMessage, Publication, PublicationPart, ShortLink
from apps.publishing.preflight import preflight
from apps.publishing.services import publication_cancel, publication_schedule
from apps.publishing.services.after import publication_edit, publication_withdraw
from apps.publishing.services.options import options_of
from apps.publishing.statistics.links import addresses_in, filled, is_countable, replaced, unknown_variables, with_utm
from apps.stories.legal import DraftText
from tests.accounts.factories import logged_in
from tests.delivery.factories import member
from tests.publishing.factories import approved_story, preview_channel, telegram_channel

PERSON = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
TELEGRAM = "TelegramBot (like TwitterBot)"
UTM = {"utm_source": "telegram", "utm_medium": "{channel}", "utm_campaign": "s{story}-p{publication}"}


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    made = preview_channel(workspace)
    Channel.objects.filter(pk=made.pk).update(short_links=True, **UTM)
    made.refresh_from_db()
    return made


def out(channel: Channel, editor: User, body: str, **more: object) -> Publication:
    """A publication of a text."""
    story = approved_story(channel.workspace, "Fire", lead="", body=body)
    return publication_schedule(story=story, channel=channel, editor=editor, **more)  # type: ignore[arg-type]


def clicks() -> tuple[int, int]:
    """People and programs so far."""
    rows = LinkClicks.objects.all()
    return sum(row.people for row in rows), sum(row.machines for row in rows)


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("https://a.test", "https://a.test/?utm_source=tg"),
        ("https://a.test/x#part", "https://a.test/x?utm_source=tg#part"),
        ("https://a.test/x?b=%20c&d#e?f", "https://a.test/x?b=%20c&d&utm_source=tg#e?f"),
        ("https://a.test/?utm_source=mine", "https://a.test/?utm_source=mine"),
        ("https://a.test/?UTM_Source=", "https://a.test/?UTM_Source="),
        ("http://пример.рф/путь", "http://пример.рф/путь?utm_source=tg"),
        ("https://a.test:8443/x?utm_medium=m", "https://a.test:8443/x?utm_medium=m&utm_source=tg"),
    ],
)
def test_parameters_are_added_and_the_rest_stays(address: str, becomes: str) -> None:
    assert with_utm(address, {"utm_source": "tg"}) == becomes


def test_values_are_quoted_and_empty_ones_left_out() -> None:
    utm = {"utm_source": "новости & co", "utm_medium": ""}
    assert with_utm("https://a.test/", utm).endswith(
        "/?utm_source=%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8%20%26%20co"
    )
    assert filled("{channel}-{story}-{other}", {"channel": "port", "story": "7"}) == "port-7-{other}"
    assert unknown_variables("{channel}{editor}{}") == ["{editor}", "{}"]


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        ("https://a.test/x", True),
        ("HTTPS://A.TEST", True),
        ("http://[2001:db8::1]/x", True),
        ("https://t.me/port", False),
        ("https://port.t.me/", False),
        ("https://telegram.me./x", False),
        ("https://nott.me/x", True),
        ("tg://resolve?domain=x", False),
        ("mailto:a@b.test", False),
        ("javascript:alert(1)", False),
        ("//a.test/x", False),
        ("https://user:pass@a.test/", False),
        ("https:///x", False),
        ("https://[broken/", False),
        ("https://a.test/" + "x" * 2000, False),
    ],
)
def test_which_links_lead_through_ours(address: str, *, is_so: bool) -> None:
    assert is_countable(address) is is_so


@pytest.mark.parametrize(
    ("html", "becomes"),
    [
        ('<a href="https://a.test/?b=1&amp;c=2">x</a>', '<a href="S">x</a>'),
        ("<A HREF='https://a.test'>x</A>", '<A HREF="S">x</A>'),
        ("see https://a.test/x.", 'see <a href="S">https://a.test/x</a>.'),
        ("(https://a.test/x_(y))", '(<a href="S">https://a.test/x_(y)</a>)'),
        ("«https://a.test/x»", '«<a href="S">https://a.test/x</a>»'),
        ("a &amp; b https://a.test/?b=1&amp;c=2, d", 'a &amp; b <a href="S">https://a.test/?b=1&amp;c=2</a>, d'),
        (
            "<code>https://a.test</code> <pre>https://a.test</pre>",
            "<code>https://a.test</code> <pre>https://a.test</pre>",
        ),
        ('<a href="https://t.me/x">https://a.test</a>', '<a href="https://t.me/x">https://a.test</a>'),
        ("https://t.me/x &lt;b&gt; a.test", "https://t.me/x &lt;b&gt; a.test"),
        ("<b>https://a.test/<i>x</i></b>", '<b><a href="S">https://a.test/</a><i>x</i></b>'),
        ("<blockquote expandable>x</blockquote>", "<blockquote expandable>x</blockquote>"),
    ],
)
def test_only_addresses_change(html: str, becomes: str) -> None:
    assert replaced(html, lambda _address: "S") == becomes


def test_each_link_once_in_order() -> None:
    html = 'https://b.test <a href="https://a.test/?x=1&amp;y=2">a</a> https://b.test'
    assert addresses_in(html) == ["https://b.test", "https://a.test/?x=1&y=2"]


def test_links_are_made_with_the_publication_once_a_target(channel: Channel, editor: User) -> None:
    buttons = [[{"text": "Read", "url": "https://a.test/x#p"}, {"text": "Channel", "url": "https://t.me/port"}]]
    made = out(
        channel,
        editor,
        "https://a.test/x#p and https://a.test/x#p, https://t.me/port",
        options=options_of(channel, buttons=buttons),
    )
    link = ShortLink.objects.get()
    leads = f"https://a.test/x?utm_source=telegram&utm_medium=showcase&utm_campaign=s{made.story_id}-p{made.pk}#p"
    assert (link.target, link.address, link.publication) == ("https://a.test/x#p", leads, made)
    short = f"http://127.0.0.1:8000/l/{link.code}"
    part = PublicationPart.objects.get()
    assert part.html.count(f'<a href="{short}">https://a.test/x#p</a>') == 2
    assert part.buttons == [[{"text": "Read", "url": short}, {"text": "Channel", "url": "https://t.me/port"}]]
    assert "https://t.me/port" in part.html
    assert Delivery.objects.get().payload["html"] == part.html
    assert short not in made.html  # the editor goes on with what was written


def test_a_channel_that_does_not_count_changes_nothing(workspace: Workspace, editor: User) -> None:
    out(preview_channel(workspace), editor, "https://a.test/x")
    assert not ShortLink.objects.exists()
    assert "https://a.test/x" in PublicationPart.objects.get().html


def test_two_publications_count_apart(workspace: Workspace, channel: Channel, editor: User) -> None:
    out(channel, editor, "https://a.test/x")
    out(channel, editor, "https://a.test/x")
    codes = set(ShortLink.objects.values_list("code", flat=True))
    assert len(codes) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9]{9}", code) for code in codes)


def test_a_new_text_keeps_the_links_of_the_old_one(channel: Channel, editor: User) -> None:
    made = out(channel, editor, "https://a.test/x")
    deliveries_send()
    first = ShortLink.objects.get()
    publication_edit(publication=made, html="new https://a.test/x and https://b.test", editor=editor)
    assert [one.target for one in ShortLink.objects.order_by("pk")] == ["https://a.test/x", "https://b.test"]
    assert f"/l/{first.code}" in PreviewMessage.objects.get().html
    made.refresh_from_db()
    assert made.html == "new https://a.test/x and https://b.test"


def test_telegram_gets_short_links_in_text_and_buttons(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    Channel.objects.filter(pk=channel.pk).update(short_links=True)
    channel.refresh_from_db()
    out(channel, editor, "https://a.test/x")
    assert f"/l/{ShortLink.objects.get().code}" in Delivery.objects.get().payload["html"]
    assert ShortLink.objects.get().address == "https://a.test/x"


@pytest.mark.django_db
def test_following_leads_on_without_a_cookie_and_counts(
    channel: Channel, editor: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    out(channel, editor, "https://a.test/x")
    link = ShortLink.objects.get()
    for _time in range(3):
        answer = client.get(f"/l/{link.code}", headers={"user-agent": PERSON})
        assert (answer.status_code, answer["Location"]) == (302, link.address)
        assert (dict(answer.cookies), answer["Cache-Control"]) == ({}, "no-store")
    assert clicks() == (3, 0)
    LinkClicks.objects.all().delete()
    with django_assert_num_queries(5):  # the link, the hour's row that is missing, and its making in a savepoint
        client.get(f"/l/{link.code}", headers={"user-agent": PERSON})


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": TELEGRAM},
        {"user-agent": ""},
        {"user-agent": "curl/8.5.0"},
        {"user-agent": "WhatsApp/2.23"},
        {"user-agent": PERSON, "sec-purpose": "prefetch"},
        {"user-agent": PERSON, "purpose": "preview"},
    ],
)
def test_programs_are_led_on_and_counted_apart(
    channel: Channel, editor: User, client: Client, headers: dict[str, str]
) -> None:
    out(channel, editor, "https://a.test/x")
    link = ShortLink.objects.get()
    assert client.get(f"/l/{link.code}", headers=headers)["Location"] == link.address
    assert clicks() == (0, 1)
    assert client.head(f"/l/{link.code}", headers={"user-agent": PERSON}).status_code == 302
    assert clicks() == (0, 2)


def test_links_of_a_withdrawn_and_of_a_cancelled_publication_still_lead(
    workspace: Workspace, channel: Channel, editor: User, client: Client
) -> None:
    made = out(channel, editor, "https://a.test/x")
    deliveries_send()
    publication_withdraw(publication=made, note="gone", editor=editor)
    held = Channel.objects.get(pk=channel.pk)
    other = out(held, editor, "https://b.test/x", at=None)
    publication_cancel(publication=other, editor=editor)
    for link in ShortLink.objects.all():
        assert client.get(f"/l/{link.code}", headers={"user-agent": PERSON})["Location"] == link.address


@pytest.mark.django_db
def test_there_is_no_way_to_an_address_that_is_not_stored(client: Client) -> None:
    for path in ("/l/nobodys", "/l/https:%2F%2Fevil.test", "/l/nobodys?to=https://evil.test"):
        answer = client.get(path)
        assert (answer.status_code, answer.has_header("Location")) == (404, False)
    assert client.post("/l/nobodys").status_code == 405


def test_too_many_clicks_from_one_address_lead_on_uncounted(
    channel: Channel, editor: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.publishing.links_shown.RATE", "2/m")
    out(channel, editor, "https://a.test/x")
    code = ShortLink.objects.get().code
    found = [client.get(f"/l/{code}", headers={"user-agent": PERSON}).status_code for _time in range(5)]
    assert (found, clicks()) == ([302] * 5, (2, 0))


def test_a_link_leads_on_where_nothing_can_be_counted(
    channel: Channel, editor: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object, **_more: object) -> None:
        raise DatabaseError

    monkeypatch.setattr("apps.publishing.links_shown.link_followed", away)
    out(channel, editor, "https://a.test/x")
    assert client.get(f"/l/{ShortLink.objects.get().code}", headers={"user-agent": PERSON}).status_code == 302
    assert clicks() == (0, 0)


def test_the_editor_sees_what_links_become(
    workspace: Workspace, channel: Channel, editor: User, settings: Settings
) -> None:
    story = approved_story(workspace, "Fire")
    text = DraftText("Fire", "", "see https://a.test/x and https://t.me/port")
    checked = preflight(story=story, text=text, channel=channel, options=options_of(channel), chosen=[])
    leads = f"https://a.test/x?utm_source=telegram&utm_medium=showcase&utm_campaign=s{story.pk}-p…"
    assert [(one.target, one.address) for one in checked.links] == [("https://a.test/x", leads)]
    assert not ShortLink.objects.exists()
    client = logged_in(editor)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    form = {"title": "Fire", "lead": "", "body": text.body, "channel": [channel.pk]}
    html = client.post(reverse("desk:story_preflight", args=[story.pk]), form).json()["html"]
    assert "1 link leads through a short one" in html
    assert leads.replace("&", "&amp;") in html


def test_short_links_that_nobody_could_open_are_told_before(workspace: Workspace, settings: Settings) -> None:
    channel = telegram_channel(workspace)
    Channel.objects.filter(pk=channel.pk).update(short_links=True)
    channel.refresh_from_db()
    story = approved_story(workspace, "Fire")

    def told(body: str) -> bool:
        text = DraftText("Fire", "", body)
        checked = preflight(story=story, text=text, channel=channel, options=options_of(channel), chosen=[])
        return any("which readers can’t open" in one.text for one in checked.findings)

    assert told("see https://a.test/x")
    assert not told("no link")
    settings.BASE_URL = "https://pult.example.org"
    assert not told("see https://a.test/x")


def test_the_form_refuses_unknown_variables(workspace: Workspace, channel: Channel, settings: Settings) -> None:
    client = logged_in(member(workspace, "manager"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    address = reverse("admin:publishing_channel_change", args=[channel.pk])
    form = {"name": channel.name, "slug": channel.slug, "is_public": "on", "is_active": "on", "short_links": "on"}
    refused = client.post(address, {**form, "utm_source": "{editor}"})
    assert "{editor} is not known" in refused.content.decode()
    assert client.post(address, {**form, "utm_source": "{channel}", "utm_campaign": ""}).status_code == 302
    channel.refresh_from_db()
    assert (channel.short_links, channel.utm_source, channel.utm_campaign) == (True, "{channel}", "")
