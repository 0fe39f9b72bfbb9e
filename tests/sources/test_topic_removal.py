"""A removed topic is gone at once for everybody; its marks go in the background, in steps that can be killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import stopping
from apps.sources.models import PostTopic, Source, Topic, TopicRead, TopicRemoval
from apps.sources.ports import Item
from apps.sources.services import posts_intake, topic_removal
from apps.sources.services.topic_removal import topic_remove
from apps.sources.services.topics import topic_reread, topic_save, topics_named
from apps.sources.tasks import topics_clear, topics_read
from apps.stories.models import StoryTopic
from apps.stories.services.ranking import stories_rank
from tests.sources.factories import (
    FeedFactory,
    MembershipFactory,
    PostFactory,
    TopicFactory,
    UserFactory,
    WorkspaceFactory,
)
from tests.stories.factories import StoryFactory, StoryPostFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_listeners")]


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def source(workspace: Workspace) -> Source:
    made: Source = FeedFactory.create(workspace=workspace)
    return made


def marked(source: Source, topic: Topic, count: int) -> None:
    """Posts about a topic."""
    posts = PostFactory.create_batch(count, source=source, workspace=source.workspace)
    PostTopic.objects.bulk_create([PostTopic(topic=topic, post=post, published_at=post.published_at) for post in posts])


def test_what_a_request_does_is_the_same_for_many_marks(workspace: Workspace, source: Source) -> None:
    asked = []
    for count in (1, 2, 60):
        topic = TopicFactory.create(workspace=workspace)
        marked(source, topic, count)
        with CaptureQueriesContext(connection) as queries:
            topic_remove(topic=topic)
        asked.append(len(queries))
    assert asked[1] == asked[2]
    assert PostTopic.objects.count() == 63, "the marks go later"
    assert not Topic.objects.exists(), "the topics are gone for everybody"


def test_a_topic_that_is_being_removed_is_seen_by_nobody(workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace, name="Мосты", words="мост")
    marked(source, topic, 2)
    post = PostTopic.objects.order_by("pk").first()
    assert post is not None
    assert topics_named([post.post_id]) == {post.post_id: ["Мосты"]}
    topic_remove(topic=topic)
    assert topics_named([post.post_id]) == {}
    posts_intake(source=source, items=[Item(external_id="new", text="Мост открыли")])
    assert PostTopic.objects.count() == 2, "posts that come in get it no more"
    with pytest.raises(TransitionError):
        topic_save(topic=topic)
    with pytest.raises(TransitionError):
        topic_reread(topic=topic)
    again = Topic(workspace=workspace, name="Мосты", words="мост")
    topic_save(topic=again)
    topics_read()
    topics_clear()
    assert list(Topic.objects.all()) == [again]
    assert not PostTopic.objects.exclude(topic=again).exists()
    assert PostTopic.objects.filter(topic=again, post__external_id="new").count() == 1, (
        "a new one of the same name keeps its own marks"
    )


def test_stories_lose_it_at_once_when_ranked_and_wholly_when_cleared(workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace, weight=3)
    other = TopicFactory.create(workspace=workspace, weight=1)
    story, old = StoryFactory.create(workspace=workspace), StoryFactory.create(workspace=workspace)
    member = StoryPostFactory.create(story=story)
    PostTopic.objects.create(topic=topic, post=member.post, published_at=member.post.published_at)
    for one in (story, old):
        StoryTopic.objects.create(story=one, topic=topic)
    topic_remove(topic=topic)
    with transaction.atomic():
        stories_rank([story.pk])
    assert list(StoryTopic.objects.values_list("story", flat=True)) == [old.pk]
    topics_clear()
    assert not StoryTopic.objects.exists()
    assert list(Topic._base_manager.all()) == [other]


def test_it_goes_in_steps_and_counts_them(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, person = TopicFactory.create(workspace=workspace), UserFactory.create()
    marked(source, topic, 7)
    topic_remove(topic=topic, actor=person)
    row = TopicRemoval.objects.get()
    assert (row.name, row.total, row.removed) == (topic.name, 7, 0)
    monkeypatch.setattr(topic_removal, "MARKS_AT_ONCE", 3)
    left: list[int] = []
    monkeypatch.setattr(stopping, "is_asked", asked_after(left))
    topics_clear()
    row.refresh_from_db()
    assert (row.state, row.removed, left) == ("ready", 3, [4]), "a worker that must stop makes way between two steps"
    monkeypatch.undo()
    TopicRemoval.objects.update(not_before=now())
    topics_clear()
    row.refresh_from_db()
    assert (row.state, row.removed, PostTopic.objects.count()) == ("done", 7, 0)
    assert not Topic._base_manager.exists()
    assert AuditEntry.objects.filter(verb="topic.removed", actor=person).count() == 1


def asked_after(left: list[int]) -> Callable[[], bool]:
    """A worker that is asked to stop once a step was made; notes how many marks were left then."""

    def asked() -> bool:
        count = PostTopic.objects.count()
        if count < 7:
            left[:] = [count]
        return count < 7

    return asked


def test_a_worker_killed_between_two_steps_leaves_the_rest_to_the_next(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = TopicFactory.create(workspace=workspace)
    marked(source, topic, 4)
    topic_remove(topic=topic)
    row = TopicRemoval.objects.get()
    monkeypatch.setattr(topic_removal, "MARKS_AT_ONCE", 3)
    assert topic_removal._step(row.pk, topic.pk) is True  # and then it is killed
    assert PostTopic.objects.count() == 1
    topics_clear()
    topics_clear()
    row.refresh_from_db()
    assert (row.state, row.removed, Topic._base_manager.count()) == ("done", 4, 0)


def test_removing_twice_is_refused(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    topic_remove(topic=topic)
    with pytest.raises(TransitionError, match="removed this topic meanwhile"):
        topic_remove(topic=topic)
    assert (TopicRemoval.objects.count(), AuditEntry.objects.filter(verb="topic.removed").count()) == (1, 1)


def test_other_topics_and_posts_stay(workspace: Workspace, source: Source) -> None:
    topic, other = TopicFactory.create(workspace=workspace), TopicFactory.create(workspace=workspace)
    stranger = TopicFactory.create(workspace=WorkspaceFactory.create())
    for one in (topic, other, stranger):
        marked(source, one, 2)
    topic_remove(topic=topic)
    topics_clear()
    assert set(Topic.objects.all()) == {other, stranger}
    assert PostTopic.objects.count() == 4
    assert source.posts.count() == 6


def test_a_reading_under_way_ends_quietly(workspace: Workspace, source: Source) -> None:
    topic = Topic(workspace=workspace, name="Мосты", words="мост")
    topic_save(topic=topic)
    topic_remove(topic=topic)
    topics_read()
    assert list(TopicRead.objects.values_list("state", flat=True)) == ["done"], "and no other reading is made"
    topics_clear()
    assert not TopicRead.objects.exists()
    assert not Alert.objects.exists()


def test_the_list_shows_the_removal_and_its_progress(client: Client, workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace, name="Хоккей")
    marked(source, topic, 3)
    client.force_login(MembershipFactory.create(workspace=workspace, user__language="en").user)
    where: Any = reverse("admin:sources_topic_delete", args=[topic.pk])
    assert client.post(where, {"post": "yes"}).status_code == 302
    page = client.get(reverse("admin:sources_topic_changelist")).content.decode()
    assert "The topic “Хоккей” is being removed: 0 of 3 marks are gone." in page
    assert client.get(reverse("admin:sources_topic_change", args=[topic.pk])).status_code == 404
    topics_clear()
    assert "being removed" not in client.get(reverse("admin:sources_topic_changelist")).content.decode()
    client.force_login(MembershipFactory.create(workspace=WorkspaceFactory.create()).user)
    assert "Хоккей" not in client.get(reverse("admin:sources_topic_changelist")).content.decode()
