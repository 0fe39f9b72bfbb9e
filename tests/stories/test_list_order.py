"""The list of stories: important first or newest first, why each stands where it does, and by topic."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.sources.models import PostTopic, Topic
from apps.stories.list_order import why_words
from apps.stories.models import Story
from apps.stories.ranking import rank_of
from apps.stories.services.ranking import stories_rank
from tests.sources.factories import TopicFactory
from tests.stories.factories import (
    BEGAN,
    MembershipFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:stories_story_changelist")
NEW = "?status__exact=new"


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


def story_of(workspace: Workspace, title: str, hours: float, voices: int = 1, topic: Topic | None = None) -> Story:
    """A ranked story, whose voices all spoke so many hours after `BEGAN`."""
    at = BEGAN + timedelta(hours=hours)
    story: Story = StoryFactory.create(
        workspace=workspace, title=title, first_at=at, last_at=at, posts_count=voices, sources_count=voices
    )
    source = SourceFactory.create(workspace=workspace)
    for number in range(voices):
        post = PostFactory.create(source=source, channel=str(number), published_at=at)
        StoryPostFactory.create(story=story, post=post)
        if topic is not None:
            PostTopic.objects.create(topic=topic, post=post, published_at=at)
    stories_rank([story.pk])
    return story


def titles(client: Client, query: str = "") -> list[str]:
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    return [story.title for story in answer.context["cl"].result_list]


@pytest.mark.usefixtures("editor")
def test_new_stories_stand_by_rank_and_others_by_time(client: Client, workspace: Workspace) -> None:
    story_of(workspace, "Многие", 0, voices=4)
    story_of(workspace, "Поздний", 5)
    story_of(workspace, "Позднейший", 20)

    assert titles(client, NEW) == ["Позднейший", "Многие", "Поздний"]
    assert titles(client, f"{NEW}&order=time") == ["Позднейший", "Поздний", "Многие"]
    assert titles(client) == ["Позднейший", "Поздний", "Многие"]
    assert titles(client, "?order=rank") == ["Позднейший", "Многие", "Поздний"]
    assert titles(client, "?order=nonsense") == ["Позднейший", "Поздний", "Многие"]
    assert titles(client, f"{NEW}&o=-2")[0] == "Многие"
    assert titles(client, f"{NEW}&o=2")[-1] == "Многие"


@pytest.mark.usefixtures("editor")
def test_a_line_says_why_it_stands_where_it_does(client: Client, workspace: Workspace) -> None:
    story_of(workspace, "Порт", 0, voices=4, topic=TopicFactory.create(workspace=workspace, name="Город", weight=2))
    story_of(workspace, "Один", 0)

    page = client.get(LIST + NEW).content.decode()

    assert "4 voices +8 h · 4 of them within 4 h +6 h · topic +6 h" in page
    assert "moved forward by 20 h" in page
    assert page.count("queue-why") == 1
    assert "How “important first” is made" in page
    assert "+4 h whenever their number doubles" in page
    by_time = client.get(f"{LIST}{NEW}&order=time").content.decode()
    assert "queue-why" not in by_time
    assert '<span class="queue-topic">Город</span>' in by_time


def test_what_adds_nothing_is_not_told() -> None:
    assert why_words(rank_of(BEGAN)) == []
    assert why_words(rank_of(BEGAN, weight=1)) == ["topic +3 h"]
    slow = rank_of(BEGAN, [BEGAN, BEGAN - timedelta(hours=16)])
    assert why_words(slow) == ["2 voices +2.3 h"]


@pytest.mark.usefixtures("editor")
def test_the_chosen_order_is_marked_and_kept_with_the_filters(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    orders = client.get(f"{LIST}{NEW}&topic={topic.pk}&p=1").context["queue_orders"]
    assert [(one["name"], one["is_chosen"]) for one in orders] == [("Important first", True), ("Newest first", False)]
    assert orders[1]["address"] == f"?status__exact=new&topic={topic.pk}&order=time"


@pytest.mark.usefixtures("editor")
def test_stories_are_listed_by_topic_of_the_own_workspace(client: Client, workspace: Workspace) -> None:
    own, foreign = TopicFactory.create(workspace=workspace, name="Своя"), TopicFactory.create(name="Чужая")
    story_of(workspace, "Порт", 0, topic=own)
    story_of(workspace, "Погода", 1)
    story_of(foreign.workspace, "Чужой", 2, topic=foreign)

    assert titles(client, f"?topic={own.pk}") == ["Порт"]
    for strange in (foreign.pk, "x"):
        assert titles(client, f"?topic={strange}") == []
    assert "Чужая" not in client.get(LIST).content.decode()


@pytest.mark.usefixtures("editor")
def test_the_tabs_keep_the_topic_and_count_its_stories(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    story_of(workspace, "Порт", 0, topic=topic)
    Story.objects.filter(pk=story_of(workspace, "Пожар", 1, topic=topic).pk).update(status=Story.Status.DRAFT)
    story_of(workspace, "Погода", 2)

    def tabs(query: str) -> list[tuple[int, str]]:
        return [(tab.count, tab.address) for tab in client.get(LIST + query).context["queue_tabs"][:3]]

    assert tabs(f"?topic={topic.pk}&order=rank&p=0") == [
        (2, f"?topic={topic.pk}"),
        (1, f"?status__exact=new&topic={topic.pk}"),
        (1, f"?status__exact=draft&topic={topic.pk}"),
    ]
    assert titles(client, f"?status__exact=draft&topic={topic.pk}") == ["Пожар"]
    assert tabs(NEW) == [(3, "?"), (2, "?status__exact=new"), (1, "?status__exact=draft")]
    assert [count for count, _address in tabs("?topic=x")] == [0, 0, 0]


@pytest.mark.usefixtures("editor")
def test_more_stories_cost_no_more_queries(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    client.get(LIST + NEW)
    counts = []
    for _round in range(2):
        for number in range(4):
            story_of(workspace, f"Порт {number}", number, voices=2, topic=topic)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST + NEW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
