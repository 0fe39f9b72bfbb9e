"""Posts get their topics as they come in, keep them right as they fare, and past posts are read for a changed topic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import stopping
from apps.sources import listeners
from apps.sources.models import Post, PostTopic, Source, Topic, TopicRead
from apps.sources.ports import Item
from apps.sources.services import filters_apply, post_remove, post_take_back, posts_intake, posts_mark_used, topic_reads
from apps.sources.services.topic_removal import topic_remove
from apps.sources.services.topics import TOPICS_MAX, topic_reread, topic_save
from apps.sources.tasks import topics_clear, topics_read
from apps.sources.topics import TopicIndex, TopicWords
from tests.sources.factories import FeedFactory, FilterRuleFactory, PostFactory, TopicFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
MOVED: list[tuple[int, int | None]] = []


def remember_topic(workspace_id: int, topic_id: int | None) -> None:
    """A listener that remembers."""
    MOVED.append((workspace_id, topic_id))


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int | None]]:
    """What was told of topics."""
    monkeypatch.setattr(listeners, "_topics", [f"{__name__}.remember_topic"])
    MOVED.clear()
    return MOVED


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def source(workspace: Workspace) -> Source:
    made: Source = FeedFactory.create(workspace=workspace)
    return made


def collected(source: Source, *texts: str) -> list[Post]:
    """Posts with these texts, through intake."""
    posts_intake(source=source, items=[Item(external_id=text[:40], text=text) for text in texts])
    return [Post.objects.get(source=source, external_id=text[:40]) for text in texts]


def saved(workspace: Workspace, words: str, name: str = "Мосты", but_not: str = "") -> Topic:
    """A new topic, made as editors make it."""
    topic = Topic(workspace=workspace, name=name, words=words, but_not=but_not)
    topic_save(topic=topic)
    return topic


def about(topic: Topic) -> set[str]:
    """The texts of the posts about a topic."""
    return set(PostTopic.objects.filter(topic=topic).values_list("post__text", flat=True))


def told(*topics: TopicWords, texts: Iterable[str]) -> list[list[int]]:
    """The topics of texts, by key."""
    index = TopicIndex(topics)
    return [index.of("", text) for text in texts]


# Words


def test_every_form_of_a_word_is_caught_and_parts_of_words_are_not() -> None:
    topic = TopicWords(1, "выборы\nпорт")
    texts = ("После выборов", "на выборах мэра", "спорт", "в порту тихо", "выборка")

    assert told(topic, texts=texts) == [[1], [1], [], [1], []]


def test_a_phrase_is_caught_word_by_word_and_a_quoted_one_exactly() -> None:
    loose, exact = TopicWords(1, "железная дорога"), TopicWords(2, "«железная дорога»")
    texts = ("на железной дороге", "Железная дорога ждёт", "дорога железная", "железная и дорога")

    assert told(loose, exact, texts=texts) == [[1], [1, 2], [], []]


def test_a_post_with_an_exception_is_not_about_the_topic_but_may_be_about_another() -> None:
    chess, sea = TopicWords(1, "порт", "порт ввода"), TopicWords(2, "порт")

    assert told(chess, sea, texts=("порт ввода и порт", "порт открыт")) == [[2], [1, 2]]


# Intake


def test_posts_get_their_topics_as_they_come_in(workspace: Workspace, source: Source) -> None:
    bridges, votes = TopicFactory.create(workspace=workspace), TopicFactory.create(workspace=workspace, words="выборы")
    foreign = TopicFactory.create(words="мост")

    one, both, none = collected(source, "Мосты разведут", "На мосту говорили о выборах", "Погода")

    assert about(bridges) == {one.text, both.text}
    assert about(votes) == {both.text}
    assert about(foreign) == set()
    assert not PostTopic.objects.filter(post=none).exists()
    row = PostTopic.objects.get(post=one)
    assert (row.published_at, row.is_kept, row.is_used) == (one.published_at, True, False)


def test_the_title_counts(workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace)
    posts_intake(source=source, items=[Item(external_id="1", title="О мостах", text="Подробности позже")])
    assert about(topic) == {"Подробности позже"}


def test_a_dropped_post_has_its_topics_and_is_counted_as_dropped(workspace: Workspace, source: Source) -> None:
    TopicFactory.create(workspace=workspace)
    FilterRuleFactory.create(source=source, value="скидка")

    (post,) = collected(source, "Мост и скидки")

    assert PostTopic.objects.get(post=post).is_kept is False


def test_a_changed_post_changes_its_topics(workspace: Workspace, source: Source) -> None:
    bridges, votes = TopicFactory.create(workspace=workspace), TopicFactory.create(workspace=workspace, words="выборы")
    posts_intake(source=source, items=[Item(external_id="1", text="Мост открыли")])

    posts_intake(source=source, items=[Item(external_id="1", text="Выборы открыли")])

    assert (about(bridges), about(votes)) == (set(), {"Выборы открыли"})


def test_items_collected_again_ask_nothing_about_topics(workspace: Workspace, source: Source) -> None:
    TopicFactory.create(workspace=workspace)
    collected(source, "Мосты разведут")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        collected(source, "Мосты разведут")
    assert not [query["sql"] for query in queries if "topic" in query["sql"]]
    assert PostTopic.objects.count() == 1


def test_many_posts_cost_as_many_queries_as_one(workspace: Workspace, source: Source) -> None:
    TopicFactory.create(workspace=workspace)
    counts = []
    for texts in (["мост 0"], [f"мост {number}" for number in range(1, 60)]):
        with CaptureQueriesContext(connection) as queries:
            posts_intake(source=source, items=[Item(external_id=text, text=text) for text in texts])
        counts.append(sum("topic" in query["sql"] for query in queries))
    assert counts == [2, 2]
    assert PostTopic.objects.count() == 60


# How posts fare


def test_rows_follow_their_posts(workspace: Workspace, source: Source) -> None:
    TopicFactory.create(workspace=workspace)
    rule = FilterRuleFactory.create(source=source, value="скидка")
    (post,) = collected(source, "Мост и скидки")
    row = PostTopic.objects.get()

    post_take_back(post=post)
    row.refresh_from_db()
    assert row.is_kept is True

    Post.objects.update(is_taken_back=False)
    filters_apply(owner=source, since=now() - timedelta(days=1))
    row.refresh_from_db()
    assert row.is_kept is False

    rule.delete()
    filters_apply(owner=source, since=now() - timedelta(days=1))
    row.refresh_from_db()
    assert row.is_kept is True

    posts_mark_used([post.pk])
    row.refresh_from_db()
    assert row.is_used is True
    posts_mark_used([post.pk], used=False)
    row.refresh_from_db()
    assert row.is_used is False


def test_rows_go_with_their_post(workspace: Workspace, source: Source) -> None:
    TopicFactory.create(workspace=workspace)
    gone, stays = collected(source, "Мост закрыли", "Мост открыли")
    post_remove(post=gone, reason="ошибка")
    assert list(PostTopic.objects.values_list("post", flat=True)) == [stays.pk]


# Past posts


def test_past_posts_are_read_for_a_new_topic(
    workspace: Workspace, source: Source, moved: list[tuple[int, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_reads, "POSTS_AT_ONCE", 3)
    posts = [
        PostFactory.create(source=source, text=f"Мост {number}", published_at=now() - timedelta(days=number // 2))
        for number in range(8)
    ]
    PostFactory.create(source=source, text="Погода")
    PostFactory.create(text="Мост чужой")
    Post.objects.filter(pk=posts[1].pk).update(is_used=True)

    topic = saved(workspace, "мост")
    assert about(topic) == set()
    topics_read()

    assert about(topic) == {post.text for post in posts}
    assert PostTopic.objects.get(post=posts[1]).is_used is True
    read = TopicRead.objects.get()
    assert (read.state, read.total, read.looked, read.found, read.is_through) == ("done", 9, 9, 8, True)
    assert moved == [(workspace.pk, topic.pk)]


def test_a_changed_topic_lets_go_of_posts_and_finds_others(workspace: Workspace, source: Source) -> None:
    topic = TopicFactory.create(workspace=workspace)
    collected(source, "Мост открыли", "Выборы и мост", "Выборы прошли")

    topic.words, topic.but_not = "выборы", "прошли"
    assert topic_save(topic=topic) is True
    topics_read()

    assert about(topic) == {"Выборы и мост"}


def test_another_name_reads_nothing_and_another_weight_is_told(
    workspace: Workspace, moved: list[tuple[int, int | None]]
) -> None:
    topic = TopicFactory.create(workspace=workspace)
    topic.name = "Переправы"
    assert topic_save(topic=topic) is False
    assert moved == []
    topic.weight = 3
    assert topic_save(topic=topic) is False
    assert moved == [(workspace.pk, topic.pk)]
    assert not TopicRead.objects.exists()


def test_a_reading_killed_half_way_goes_on_and_twice_changes_nothing(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_reads, "POSTS_AT_ONCE", 2)
    for number in range(5):
        PostFactory.create(source=source, text=f"Мост {number}")
    topic = saved(workspace, "мост")
    step, steps = topic_reads._step, []

    def killed(row: TopicRead) -> bool:
        steps.append(row.pk)
        if len(steps) == 2:
            raise SystemExit
        return step(row)

    with monkeypatch.context() as patched:
        patched.setattr(topic_reads, "_step", killed)
        with pytest.raises(SystemExit):
            topics_read()
    assert len(about(topic)) == 2
    TopicRead.objects.update(not_before=now() - timedelta(seconds=1))
    topics_read()
    assert len(about(topic)) == 5
    assert TopicRead.objects.get().looked == 5

    topic_reread(topic=topic)
    topics_read()
    assert len(about(topic)) == 5
    assert TopicRead.objects.count() == 1


def test_a_reading_makes_way_when_the_worker_stops(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_reads, "POSTS_AT_ONCE", 2)
    for number in range(5):
        PostFactory.create(source=source, text=f"Мост {number}")
    topic = saved(workspace, "мост")
    step = topic_reads._step

    def stopped(row: TopicRead) -> bool:
        stopping.ask()
        return step(row)

    with monkeypatch.context() as patched:
        patched.setattr(topic_reads, "_step", stopped)
        topics_read()
    stopping.forget()
    assert (TopicRead.objects.get().state, len(about(topic))) == ("ready", 2)
    TopicRead.objects.update(not_before=now() - timedelta(seconds=1))
    topics_read()
    assert len(about(topic)) == 5


def test_a_topic_changed_while_it_is_read_is_read_again(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("Мост", "Выборы"):
        PostFactory.create(source=source, text=text)
    topic = saved(workspace, "мост")
    step, steps = topic_reads._step, []

    def changed_after(row: TopicRead) -> bool:
        goes_on = step(row)
        steps.append(row.pk)
        if len(steps) == 1:
            topic_save(topic=Topic(pk=topic.pk, workspace=workspace, name=topic.name, words="выборы"))
        return goes_on

    monkeypatch.setattr(topic_reads, "_step", changed_after)
    topics_read()

    assert about(topic) == {"Выборы"}
    assert list(TopicRead.objects.values_list("state", flat=True)) == ["done"]


def test_a_reading_that_failed_is_told_of_and_can_be_asked_for_again(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostFactory.create(source=source, text="Мост")
    topic = saved(workspace, "мост")
    with pytest.raises(TransitionError):
        topic_reread(topic=topic)

    def broken(_row: TopicRead) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(topic_reads, "_step", broken)
        for _attempt in range(3):
            TopicRead.objects.update(not_before=now() - timedelta(seconds=1))
            topics_read()
    alert = Alert.objects.get()
    assert topic.name in alert.message
    assert TopicRead.objects.get().state == "dead"

    topic_reread(topic=topic)
    topics_read()
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert about(topic) == {"Мост"}


# Saving and removing


def test_words_that_can_not_be_understood_are_refused(workspace: Workspace) -> None:
    with pytest.raises(ValidationError, match="at least one word"):
        saved(workspace, " \n ")
    with pytest.raises(ValidationError):
        saved(workspace, "мост*")
    assert not Topic.objects.exists()


def test_topics_are_not_without_number(workspace: Workspace) -> None:
    TopicFactory.create_batch(TOPICS_MAX, workspace=workspace)
    with pytest.raises(ValidationError, match=str(TOPICS_MAX)):
        saved(workspace, "мост")


def test_a_removed_topic_takes_its_marks_along_and_no_post(
    workspace: Workspace, source: Source, moved: list[tuple[int, int | None]]
) -> None:
    topic = saved(workspace, "мост")
    collected(source, "Мост открыли")
    topic_remove(topic=topic)
    topics_read()
    topics_clear()

    assert (Topic.objects.count(), PostTopic.objects.count(), TopicRead.objects.count()) == (0, 0, 0)
    assert Post.objects.count() == 1
    assert moved == [(workspace.pk, None)]
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == ["topic.added", "topic.removed"]


def test_a_topic_removed_meanwhile_is_not_saved(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    Topic.objects.all().delete()
    with pytest.raises(TransitionError):
        topic_save(topic=topic)
    assert not Topic.objects.exists()
