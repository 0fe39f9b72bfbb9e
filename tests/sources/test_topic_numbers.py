"""Numbers by topic, the list of posts by topic, and the topics on a post's page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.sources.models import Post, PostTopic, Topic
from apps.sources.numbers import Period, numbers_of
from tests.sources.factories import FeedFactory, MembershipFactory, PostFactory, TopicFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
MOSCOW = ZoneInfo("Europe/Moscow")
NUMBERS, FILE = reverse("admin:sources_post_numbers"), reverse("admin:sources_post_numbers_csv")
POSTS = reverse("admin:sources_post_changelist")
PERIOD = {"from": "2026-11-10", "to": "2026-11-11"}


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in."""
    user: User = MembershipFactory.create(workspace=workspace, user__language="en").user
    client.force_login(user)
    return user


def marked(topic: Topic, at: datetime, *, text: str = "Мост", kept: bool = True, used: bool = False) -> Post:
    """A post about a topic."""
    source = FeedFactory.create(workspace=topic.workspace)
    post: Post = PostFactory.create(
        source=source, text=text, published_at=at, dropped_by="" if kept else "words:drop:x", is_used=used
    )
    PostTopic.objects.create(topic=topic, post=post, published_at=at, is_kept=kept, is_used=used)
    return post


def test_topics_are_counted_as_by_hand_in_days_of_the_zone(workspace: Workspace) -> None:
    bridges, votes, idle = (TopicFactory.create(workspace=workspace, name=name) for name in ("Б", "А", "В"))
    marked(bridges, datetime(2026, 11, 9, 20, 59, tzinfo=UTC))  # the day before in Moscow
    marked(bridges, datetime(2026, 11, 9, 21, 0, tzinfo=UTC))
    marked(bridges, datetime(2026, 11, 11, 20, 59, tzinfo=UTC), used=True)
    marked(bridges, datetime(2026, 11, 11, 21, 0, tzinfo=UTC))  # the day after
    marked(bridges, datetime(2026, 11, 10, 12, 0, tzinfo=UTC), kept=False)
    marked(votes, datetime(2026, 11, 10, 12, 0, tzinfo=UTC))
    marked(TopicFactory.create(), datetime(2026, 11, 10, 12, 0, tzinfo=UTC))

    found = numbers_of([workspace], Period(date(2026, 11, 10), date(2026, 11, 11), MOSCOW)).topics

    assert [(one.topic, one.whole.posts, one.whole.kept, one.whole.used) for one in found] == [
        (bridges, 3, 2, 1),
        (votes, 1, 1, 0),
        (idle, 0, 0, 0),
    ]
    assert {day: one.posts for day, one in found[0].days.items()} == {date(2026, 11, 10): 2, date(2026, 11, 11): 1}


@pytest.mark.usefixtures("editor")
def test_the_page_shows_topics_and_the_file_has_them(client: Client, workspace: Workspace) -> None:
    bridges = TopicFactory.create(workspace=workspace, name="Мосты")
    marked(bridges, datetime(2026, 11, 10, 12, 0, tzinfo=UTC))
    marked(bridges, datetime(2026, 11, 10, 13, 0, tzinfo=UTC), kept=False)
    marked(TopicFactory.create(name="Чужая"), datetime(2026, 11, 10, 12, 0, tzinfo=UTC))

    page = client.get(NUMBERS, PERIOD).content.decode()
    file = client.get(FILE, {**PERIOD, "table": "topics"}).content.decode("utf-8-sig")

    assert f'<a class="num-link" href="{POSTS}?topic={bridges.pk}">Мосты</a>' in page
    assert "10 November 2026: 2" in page
    assert "Чужая" not in page
    assert file.splitlines()[1:] == ["Мосты;2;1;50,0;0;0,0"]


@pytest.mark.usefixtures("editor")
def test_where_there_are_no_topics_the_page_says_how_to_get_them(client: Client) -> None:
    page = client.get(NUMBERS).content.decode()
    assert "No topics yet" in page
    assert reverse("admin:sources_topic_changelist") in page


@pytest.mark.usefixtures("editor")
def test_a_long_period_is_drawn_with_several_days_a_bar(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    for day in (1, 2, 9):
        marked(topic, datetime(2026, 1, day, 12, 0, tzinfo=UTC))
    page = client.get(NUMBERS, {"from": "2026-01-01", "to": "2026-12-31"}).content.decode()
    assert "1 January 2026 – 4 January 2026: 2" in page
    assert "9 January 2026 – 12 January 2026: 1" in page


@pytest.mark.usefixtures("editor")
def test_posts_are_listed_by_topic(client: Client, workspace: Workspace) -> None:
    bridges = TopicFactory.create(workspace=workspace, name="Мосты")
    foreign = TopicFactory.create(name="Чужая")
    for number in range(3):
        marked(bridges, datetime(2026, 11, 10, number, tzinfo=UTC), text=f"Мост номер {number}")
    PostFactory.create(source__workspace=workspace, text="Погода без темы")
    marked(foreign, datetime(2026, 11, 10, 12, tzinfo=UTC), text="Чужой мост")

    page = client.get(POSTS, {"topic": bridges.pk}).content.decode()
    places = [page.index(f"Мост номер {number}") for number in (2, 1, 0)]
    assert places == sorted(places)
    assert "Погода без темы" not in page
    assert "Чужая" not in page
    for strange in (foreign.pk, "x", "9" * 30):
        assert "Чужой мост" not in client.get(POSTS, {"topic": strange}, follow=True).content.decode()


@pytest.mark.usefixtures("editor")
def test_the_list_by_topic_costs_no_query_a_post(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    counts = []
    for hour in range(3):
        for minute in range(3):
            marked(topic, datetime(2026, 11, 10, hour, minute, tzinfo=UTC))
        with CaptureQueriesContext(connection) as queries:
            client.get(POSTS, {"topic": topic.pk})
        counts.append(len(queries))
    assert counts[1] == counts[2]


@pytest.mark.usefixtures("editor")
def test_a_post_names_its_topics(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace, name="Мосты")
    post = marked(topic, datetime(2026, 11, 10, 12, tzinfo=UTC))
    bare = PostFactory.create(source=post.source)

    page = client.get(reverse("admin:sources_post_change", args=[post.pk])).content.decode()
    assert f'href="{POSTS}?topic={topic.pk}">Мосты</a>' in page
    assert "topic=" not in client.get(reverse("admin:sources_post_change", args=[bare.pk])).content.decode()
