"""The screens of topics: written, tried on the latest posts, counted, and kept to the own workspace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.sources.models import Post, PostTopic, Source, Topic, TopicRead
from apps.sources.services.topics import topic_reread
from tests.sources.factories import FeedFactory, MembershipFactory, PostFactory, TopicFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
LIST, ADD = reverse("admin:sources_topic_changelist"), reverse("admin:sources_topic_add")
TRY, POSTS = reverse("admin:sources_topic_try"), reverse("admin:sources_post_changelist")


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


@pytest.fixture
def viewer(workspace: Workspace, client: Client) -> User:
    """Somebody who may only look, logged in."""
    user: User = MembershipFactory.create(workspace=workspace, user__language="en", role=Membership.Role.VIEWER).user
    client.force_login(user)
    return user


@pytest.fixture
def source(workspace: Workspace) -> Source:
    made: Source = FeedFactory.create(workspace=workspace)
    return made


def change(topic: Topic) -> str:
    return reverse("admin:sources_topic_change", args=[topic.pk])


def marked(topic: Topic, post: Post) -> PostTopic:
    """A post that is about a topic."""
    return PostTopic.objects.create(topic=topic, post=post, published_at=post.published_at)


@pytest.mark.usefixtures("editor")
def test_an_empty_list_says_what_a_topic_is(client: Client) -> None:
    assert "A topic is what you follow" in client.get(LIST).content.decode()


@pytest.mark.usefixtures("editor")
def test_a_topic_is_added_and_past_posts_are_read(client: Client, workspace: Workspace) -> None:
    answer = client.post(ADD, {"name": "Мосты", "words": "мост\nпереправа", "but_not": "", "weight": "2"}, follow=True)

    topic = Topic.objects.get()
    assert (topic.workspace, topic.words.split(), topic.weight) == (workspace, ["мост", "переправа"], 2)
    assert TopicRead.objects.get().topic == topic
    assert "Past posts are read now" in answer.content.decode()


@pytest.mark.usefixtures("editor")
def test_words_that_can_not_be_understood_stay_in_the_form(client: Client) -> None:
    page = client.post(ADD, {"name": "Мосты", "words": "мост*", "weight": "1"}).content.decode()
    assert "leave the asterisk out" in page
    assert "мост*" in page
    assert not Topic.objects.exists()


@pytest.mark.usefixtures("editor")
def test_a_name_is_given_once(client: Client, workspace: Workspace) -> None:
    TopicFactory.create(workspace=workspace, name="Мосты")
    assert client.post(ADD, {"name": "Мосты", "words": "порт", "weight": "1"}).status_code == 200
    assert Topic.objects.count() == 1


@pytest.mark.usefixtures("editor")
def test_the_list_counts_posts_and_tells_how_far_the_reading_is(
    client: Client, workspace: Workspace, source: Source
) -> None:
    topic = TopicFactory.create(workspace=workspace, name="Мосты")
    for hours in (1, 30, 24 * 9):
        marked(topic, PostFactory.create(source=source, published_at=now() - timedelta(hours=hours)))
    topic_reread(topic=topic)
    TopicRead.objects.update(total=2000, looked=500)

    page = client.get(LIST).content.decode()

    assert f'href="{POSTS}?topic={topic.pk}"' in page
    assert '<span class="pult-number">1</span>' in page
    assert '<span class="pult-number">2</span>' in page
    assert 'max="100" value="25"' in page


@pytest.mark.usefixtures("editor")
def test_more_topics_cost_no_more_queries(client: Client, workspace: Workspace) -> None:
    counts = []
    client.get(LIST)
    for _round in range(2):
        for topic in TopicFactory.create_batch(3, workspace=workspace):
            topic_reread(topic=topic)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("editor")
def test_words_are_tried_on_the_latest_posts(client: Client, source: Source) -> None:
    for text in ("Мосты разведут ночью", "Автомост закрыт", "На мосту реклама"):
        PostFactory.create(source=source, text=text)
    PostFactory.create(text="Мост чужой")

    page = client.post(TRY, {"words": "мост", "but_not": "реклама"}).content.decode()

    assert "<mark>Мосты</mark> разведут ночью" in page
    assert "On the last 3 posts" in page
    assert "Автомост" not in page
    assert "реклама" not in page
    assert "чужой" not in page
    left_out = client.post(TRY, {"words": "мост", "but_not": "реклама", "show": "left_out"}).content.decode()
    assert "На <mark>мосту</mark> реклама" in left_out
    assert not PostTopic.objects.exists()


@pytest.mark.usefixtures("editor")
def test_words_that_can_not_be_tried_are_told(client: Client, source: Source) -> None:
    PostFactory.create(source=source)
    assert "Write at least one word" in client.post(TRY, {"words": " "}).content.decode()
    assert client.get(TRY).status_code == 404


@pytest.mark.usefixtures("editor")
def test_of_two_workspaces_the_chosen_one_is_looked_at(client: Client, editor: User, source: Source) -> None:
    other = WorkspaceFactory.create()
    MembershipFactory.create(user=editor, workspace=other)
    PostFactory.create(source=source, text="Мост свой")
    PostFactory.create(source__workspace=other, text="Мост другой")

    assert client.post(TRY, {"words": "мост"}).status_code == 404
    page = client.post(TRY, {"words": "мост", "workspace": other.pk}).content.decode()
    assert "другой" in page
    assert "свой" not in page


@pytest.mark.usefixtures("editor")
def test_a_topic_is_removed(client: Client, workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace)
    marked(topic, PostFactory.create(source=source))
    address = reverse("admin:sources_topic_delete", args=[topic.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not Topic.objects.exists()
    assert Post.objects.count() == 1


@pytest.mark.usefixtures("editor")
def test_another_workspaces_topics_are_not_there(client: Client) -> None:
    topic = TopicFactory.create(name="Чужая")
    assert "Чужая" not in client.get(LIST).content.decode()
    assert client.get(change(topic)).status_code == 404
    assert client.post(reverse("admin:sources_topic_delete", args=[topic.pk]), {"post": "yes"}).status_code == 404
    assert client.post(TRY, {"words": "мост", "topic": topic.pk}).status_code == 404
    assert client.post(TRY, {"words": "мост", "workspace": topic.workspace.pk}).status_code == 404
    assert Topic.objects.count() == 1


@pytest.mark.usefixtures("viewer")
def test_who_may_only_look_changes_nothing(client: Client, workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace, name="Мосты")
    assert "Мосты" in client.get(LIST).content.decode()
    assert client.get(change(topic)).status_code == 200
    assert client.post(change(topic), {"name": "Иначе", "words": "порт", "weight": "1"}).status_code == 403
    assert client.get(ADD).status_code == 403
    assert client.post(TRY, {"words": "мост", "topic": topic.pk}).status_code == 403
    assert client.post(reverse("admin:sources_topic_delete", args=[topic.pk]), {"post": "yes"}).status_code == 403
    topic.refresh_from_db()
    assert topic.name == "Мосты"
