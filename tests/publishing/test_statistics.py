"""The statistics of publications: what is counted, by what, for whom, and with how many queries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.publishing.models import Channel, LinkClicks, Publication, PublicationReading, ShortLink
from apps.publishing.numbers import Chosen, numbers_of, usual_views
from apps.publishing.statistics.summary import Line, grouped, grouped_many, tally
from apps.sources.models import Topic
from apps.sources.numbers import Period
from apps.stories.models import StoryTopic
from tests.accounts.factories import logged_in
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import preview_channel, published, telegram_channel

ZONE = ZoneInfo("Asia/Yekaterinburg")
NOON = datetime(2026, 11, 10, 7, 0, tzinfo=UTC)  # noon there, a Tuesday
DAYS = Period(date(2026, 11, 9), date(2026, 11, 11), ZONE)
PAGE = "/admin/publishing/publication/statistics/"
FILE = "/admin/publishing/publication/statistics.csv"


def line(pk: int = 1, **fields: Any) -> Line:
    known: dict[str, Any] = {"channel": 1, "author": 1, "preset": None, "story": pk, "at": NOON.astimezone(ZONE)}
    return Line(pk, **{**known, **fields})


def read(publication: Publication, age_h: int = 24, **numbers: int | None) -> PublicationReading:
    """A reading at an age."""
    assert publication.sent_at is not None
    at = publication.sent_at + timedelta(hours=age_h)
    return PublicationReading.objects.create(publication=publication, age_h=age_h, taken_at=at, **numbers)


@pytest.fixture
def english(settings: Settings) -> Any:
    def opened(user: User) -> Client:
        client = logged_in(user)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return client

    return opened


def test_what_is_unknown_is_neither_zero_nor_counted() -> None:
    found = tally([line(1, views=100, clicks=5), line(2, views=300), line(3, clicks=7), line(4), line(5, views=0)])
    assert (found.publications, found.views, found.median_views, found.all_views) == (5, [100, 300, 0], 100, 400)
    assert (found.clicks, found.forwards, found.reactions) == (12, None, None)
    assert found.click_rate == 0.05  # of the one whose views and clicks are both known
    nobody = tally([])
    assert (nobody.median_views, nobody.all_views, nobody.click_rate) == (None, None, None)


def test_groups_of_one_and_of_several() -> None:
    lines = [line(1, channel=1), line(2, channel=2), line(3, channel=1)]
    assert {key: one.publications for key, one in grouped(lines, lambda one: one.channel).items()} == {1: 2, 2: 1}
    many = grouped_many(lines, lambda one: {1: ["a", "b"], 2: ["a"]}.get(one.pk, []))
    assert {key: one.publications for key, one in many.items()} == {"a": 2, "b": 1}


def test_a_period_brings_what_came_out_in_it_with_one_reading(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    inside = published(channel, editor, sent_at=NOON, title="One")
    read(inside, 24, views=100, forwards=2, reactions=3, clicks=4)
    read(inside, 48, views=500)
    unread = published(
        channel, editor, sent_at=NOON + timedelta(hours=1), title="Two", status="withdrawn", ended_at=now()
    )
    published(channel, editor, sent_at=NOON - timedelta(days=3), title="Before")
    published(channel, editor, sent_at=NOON, title="Failed", status="failed")
    published(telegram_channel(WorkspaceFactory.create()), sent_at=NOON, title="Elsewhere")
    found = numbers_of([workspace], DAYS, age_h=24)
    assert [(one.pk, one.views, one.forwards, one.reactions, one.clicks) for one in found.lines] == [
        (inside.pk, 100, 2, 3, 4),
        (unread.pk, None, None, None, None),
    ]
    assert (found.lines[0].at.hour, found.lines[0].at.weekday()) == (12, 1)
    assert [one.views for one in numbers_of([workspace], DAYS, age_h=48).lines] == [500, None]
    assert numbers_of([workspace], DAYS, age_h=24, chosen=Chosen(author=editor.pk + 1)).lines == []
    assert len(numbers_of([workspace], DAYS, age_h=24, chosen=Chosen(channel=channel.pk)).lines) == 2


def test_the_number_of_queries_does_not_grow(
    workspace: Workspace, editor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    channel = telegram_channel(workspace)
    topic = Topic.objects.create(workspace=workspace, name="Ships")
    for number in range(12):
        made = published(channel, editor, sent_at=NOON, title=f"Story {number}")
        read(made, views=number)
        StoryTopic.objects.create(story=made.story, topic=topic)
    with django_assert_num_queries(6):  # publications, channels, presets, people, topics, topics of stories
        found = numbers_of([workspace], DAYS, age_h=24)
    assert len(found.topics) == 12


def test_the_page_shows_medians_by_everything(workspace: Workspace, editor: User, english: Any) -> None:
    channel = telegram_channel(workspace)
    topic = Topic.objects.create(workspace=workspace, name="Ships")
    for number, views in enumerate((100, 1200, 3000)):
        made = published(channel, editor, sent_at=NOON, title=f"Story {number}")
        read(made, views=views, clicks=30)
        StoryTopic.objects.create(story=made.story, topic=topic)
    published(channel, editor, sent_at=NOON, title="Unread")
    client = english(editor)
    answer = client.get(PAGE, {"from": "2026-11-09", "to": "2026-11-11"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer.context["whole"]["median"].replace("\xa0", "") == "1,200"
    assert answer.context["unread"] == 1
    assert "Of 1 publication the views at this age are not known" in html
    for words in ("Port news", editor.name, "Written by hand", "Ships", "12:00", "Tuesday", "Story 2"):
        assert words in html
    assert reverse("admin:publishing_publication_numbers", args=[Publication.objects.get(title="Story 2").pk]) in html
    assert html.count('<svg class="num-chart"') == 3  # publications and medians by day, medians by hour
    assert "2.09" in html  # 90 clicks of 4,300 views
    narrowed = client.get(PAGE, {"from": "2026-11-09", "to": "2026-11-11", "channel": channel.pk + 999})
    assert "Nothing came out in this period" in narrowed.content.decode()


@pytest.mark.parametrize("query", ["age=x", "age=25", "channel=²", "author=" + "9" * 30, "from=x&to=y", "period=0"])
def test_odd_questions_show_the_usual(workspace: Workspace, editor: User, english: Any, query: str) -> None:
    assert english(editor).get(f"{PAGE}?{query}").status_code == 200


def test_an_empty_page_says_what_will_appear(workspace: Workspace, editor: User, english: Any) -> None:
    html = english(editor).get(PAGE).content.decode()
    assert "Nothing came out in this period." in html
    assert '<svg class="num-chart"' not in html


def test_each_table_is_a_file_with_empty_cells_for_the_unknown(
    workspace: Workspace, editor: User, english: Any
) -> None:
    Channel.objects.filter(pk=telegram_channel(workspace).pk).update(name="=1+1")
    channel = Channel.objects.get()
    read(published(channel, editor, sent_at=NOON, title="One"), views=101, clicks=2)
    read(published(channel, editor, sent_at=NOON, title="Two"), views=200)
    client = english(editor)
    period = {"from": "2026-11-09", "to": "2026-11-11"}
    answer = client.get(FILE, {**period, "table": "channels"})
    assert answer["Content-Disposition"].endswith('"pult-publications-channels-24h-2026-11-09-2026-11-11.csv"')
    head, row = answer.content.decode("utf-8-sig").strip().split("\r\n")
    assert head.startswith("Channel;publications;views, median;")
    assert row == "'=1+1;2;150,5;301;2;;;2;1,98"
    for table in ("authors", "presets", "topics", "hours", "weekdays", "days"):
        assert client.get(FILE, {**period, "table": table}).status_code == 200
    assert client.get(FILE, {"table": "people"}).status_code == 404


def test_who_may_see_it(workspace: Workspace, editor: User, english: Any) -> None:
    other = WorkspaceFactory.create()
    made = published(telegram_channel(other, "Narwhal news"), sent_at=now() - timedelta(days=2), title="Narwhal")
    read(made, views=10)
    one = reverse("admin:publishing_publication_numbers", args=[made.pk])
    viewer = english(member(workspace, "viewer"))
    assert viewer.get(PAGE).status_code == 200
    for address in (PAGE, f"{FILE}?table=channels", f"{PAGE}?channel={made.channel_id}"):
        assert "arwhal" not in viewer.get(address).content.decode()
    assert viewer.get(one).status_code == 404
    client = english(member(workspace, "client"))
    for address in (PAGE, f"{FILE}?table=channels", one):
        assert client.get(address).status_code in {302, 403, 404}
    assert english(member(other, "viewer")).get(one).status_code == 200


def test_one_publication_has_a_curve_readings_and_links(workspace: Workspace, editor: User, english: Any) -> None:
    channel = telegram_channel(workspace)
    for number in range(5):
        read(published(channel, editor, age_h=200, title=f"Earlier {number}"), views=100 + number)
    made = published(channel, editor, age_h=30, title="Fire")
    read(made, 1, views=400, clicks=None)
    read(made, 24, views=1000, forwards=5, clicks=20)
    link = ShortLink.objects.create(publication=made, code="abc", target="https://a.test/x", address="https://a.test/x")
    LinkClicks.objects.create(link=link, hour=NOON, shard=1, people=12, machines=3)
    LinkClicks.objects.create(link=link, hour=NOON, shard=2, people=9)
    answer = english(editor).get(reverse("admin:publishing_publication_numbers", args=[made.pk]))
    html = answer.content.decode()
    assert answer.context["curve"]["line"].startswith("0.0,160.0 ")
    assert answer.context["curve"]["line"].endswith(" 600.0,0.0")
    assert [(one["views"], one["rate"]) for one in answer.context["rows"]] == [("400", "—"), ("1,000", "2.00 %")]
    assert "Usual in this channel after a day: 102 views (the median of the last 5)." in html
    assert [(one["people"], one["machines"]) for one in answer.context["links"]] == [(21, 3)]
    assert "http://127.0.0.1:8000/l/abc" in html
    assert usual_views(made, age_h=24) == [100, 101, 102, 103, 104][::-1] or len(usual_views(made, age_h=24)) == 5


def test_what_is_not_out_or_not_read_is_said_in_words(workspace: Workspace, editor: User, english: Any) -> None:
    client = english(editor)
    channel = preview_channel(workspace)
    waits = published(channel, editor, title="Waits", status="failed", sent_at=now())
    unread = published(channel, editor, title="Unread", age_h=1)
    html = client.get(reverse("admin:publishing_publication_numbers", args=[waits.pk])).content.decode()
    assert "It is not out yet." in html
    html = client.get(reverse("admin:publishing_publication_numbers", args=[unread.pk])).content.decode()
    assert "Nothing is known yet." in html
    assert "None of its links is counted." in html
    page = client.get(reverse("admin:publishing_publication_change", args=[unread.pk])).content.decode()
    assert reverse("admin:publishing_publication_numbers", args=[unread.pk]) in page
