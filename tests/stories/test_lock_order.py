"""Editors, collectors and removals work on the same posts at once; none of them waits in a circle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from django.db import connection, connections, transaction

from apps.core.clock import now
from apps.sources import listeners
from apps.sources.models import CopyLock, Post, PostTopic, Source
from apps.sources.ports import Item
from apps.sources.services import posts_intake, posts_mark_deleted, removing
from apps.sources.services.applying import filters_apply
from apps.sources.services.by_hand import post_by_hand, source_by_hand
from apps.stories.models import Story, StoryTopic
from apps.stories.services.ranking import stories_rank
from apps.stories.services.versions import story_locked, version_save
from tests.sources.factories import FilterRuleFactory, TopicFactory
from tests.stories.factories import PostFactory, SourceFactory, StoryFactory, StoryPostFactory, UserFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one transaction after another"),
]
TEXT = "Мост через реку Светлую закрыли на ремонт до весны, автобусы пойдут в объезд через Заречный посёлок."
PAUSE_S = 0.7  # in it the other comes as far as it can; PostgreSQL looks for circles after a second


@pytest.fixture
def story() -> Story:
    """A story of an original and its copy, of two sources."""
    made: Story = StoryFactory.create(posts_count=2, sources_count=2)
    CopyLock.objects.create(workspace=made.workspace)
    original = PostFactory.create(source=SourceFactory.create(workspace=made.workspace), text=TEXT)
    copy = PostFactory.create(source=SourceFactory.create(workspace=made.workspace), text=TEXT, copy_of=original)
    for post in (original, copy):
        StoryPostFactory.create(story=made, post=post)
    return made


def copy_of(story: Story) -> Post:
    return Post.objects.get(membership__story=story, copy_of__isnull=False)


def change(post: Post) -> None:
    posts_intake(source=post.source, items=[Item(external_id=post.external_id, text=f"{TEXT} Снова.")])


def delete(post: Post) -> None:
    posts_mark_deleted(source=post.source, external_ids=[post.external_id])


def drop(post: Post) -> None:
    FilterRuleFactory.create(source=post.source, workspace=post.workspace, value="мост")
    filters_apply(owner=Source.objects.get(pk=post.source_id), since=post.collected_at)


def together(first: Callable[[threading.Event], None], second: Callable[[], None]) -> None:
    """Run both, the second from where the first says so."""
    begun, errors = threading.Event(), []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            begun.set()
            connections.close_all()

    works = (lambda: first(begun), lambda: after(begun, second))
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []


def after(begun: threading.Event, work: Callable[[], None]) -> None:
    begun.wait(10)
    work()


@pytest.mark.parametrize("collect", [change, delete], ids=["changed", "deleted"])
def test_an_editor_saves_while_a_source_changes_or_deletes_a_post(
    story: Story, collect: Callable[[Post], None]
) -> None:
    post, editor = copy_of(story), UserFactory.create()

    def save(begun: threading.Event) -> None:
        with transaction.atomic():
            story_locked(story)
            begun.set()
            time.sleep(PAUSE_S)
            version_save(story=story, title="Мост", lead="", body="Закрыт.", tags=(), editor=editor, based_on=None)

    together(save, lambda: collect(post))

    post.refresh_from_db()
    story.refresh_from_db()
    assert (post.is_used, post.revision == 2, post.deleted_at is not None) == (
        True,
        collect is change,
        collect is delete,
    )
    assert story.sources_changed_at is not None


@pytest.mark.parametrize("where", ["tell_retiring", "originals_leave"])
@pytest.mark.parametrize("other", [change, drop], ids=["changed", "dropped"])
def test_an_original_is_removed_while_its_copy_changes(
    story: Story, where: str, other: Callable[[Post], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copy_of(story)
    original = copy.copy_of
    assert original is not None
    owner, name = (listeners, where) if where == "tell_retiring" else (removing, where)
    real = getattr(owner, name)
    removers: dict[int, threading.Event] = {}

    def paused(*args: object, **more: object) -> object:
        answer = real(*args, **more)
        if (begun := removers.get(threading.get_ident())) is not None:
            begun.set()
            time.sleep(PAUSE_S)
        return answer

    def remove(begun: threading.Event) -> None:
        removers[threading.get_ident()] = begun
        removing.posts_retire(source=original.source, posts=[original.pk], at=now())

    monkeypatch.setattr(owner, name, paused)
    together(remove, lambda: other(copy))

    assert list(Post.objects.values_list("pk", "copy_of")) == [(copy.pk, None)]


def test_filters_drop_a_post_while_another_of_its_story_changes(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copy_of(story)
    original = copy.copy_of
    assert original is not None
    real = listeners.tell_retiring
    begun: list[threading.Event] = []

    def paused(posts: Sequence[int]) -> set[int]:
        held = real(posts)
        begun[0].set()
        time.sleep(PAUSE_S)
        return held

    def first(event: threading.Event) -> None:
        begun.append(event)
        drop(original)

    monkeypatch.setattr(listeners, "tell_retiring", paused)
    together(first, lambda: change(copy))

    assert list(Post.objects.kept()) == [copy]
    assert Post.objects.get(pk=copy.pk).revision == 2


def test_a_topic_is_removed_while_its_posts_are_marked_and_its_stories_ranked(story: Story) -> None:
    topic = TopicFactory.create(workspace=story.workspace)
    posts = list(Post.objects.order_by("pk"))
    for post in posts:
        PostTopic.objects.create(topic=topic, post=post, published_at=post.published_at)
    stories = [story, StoryFactory.create(workspace=story.workspace)]
    for one in stories:
        StoryTopic.objects.create(topic=topic, story=one)
    marks, told = (list(model.objects.order_by("-pk")) for model in (PostTopic, StoryTopic))

    def remove(begun: threading.Event) -> None:
        """As the database removes a topic's rows: one after the other, in an order of its own."""
        with transaction.atomic():
            for rows in (marks, told):
                rows[0].delete()
            begun.set()
            time.sleep(PAUSE_S)
            topic.delete()

    def work() -> None:
        with transaction.atomic():
            list(Story.objects.select_for_update().order_by("pk"))
            removing.posts_mark_used([post.pk for post in posts])
            stories_rank([one.pk for one in stories])

    together(remove, work)

    assert Post.objects.filter(is_used=True).count() == 2
    assert not PostTopic.objects.exists()
    assert not StoryTopic.objects.exists()


def test_an_editor_pastes_a_text_while_a_source_is_collected(story: Story) -> None:
    workspace, source = story.workspace, copy_of(story).source

    def paste(begun: threading.Event) -> None:
        with transaction.atomic():
            by_hand = source_by_hand(workspace=workspace)
            begun.set()
            time.sleep(PAUSE_S)
            post_by_hand(source=by_hand, item=Item(external_id="text:1", text="Склад сгорел."))

    together(paste, lambda: posts_intake(source=source, items=[Item(external_id="new", text="Комету увидели.")]))

    assert Post.objects.filter(workspace=workspace).count() == 4
