"""A source that changes after a published text tells a person once, until there is a new text or somebody looked."""

from __future__ import annotations

import pytest

from apps.accounts.models import Alert, AuditEntry
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Post
from apps.sources.ports import Item
from apps.sources.services import posts_intake, posts_mark_deleted
from apps.stories.models import Story
from apps.stories.services.versions import version_save
from apps.stories.services.watching import story_sources_seen
from tests.stories.factories import UserFactory, story_with_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    """A published story with one post."""
    made = story_with_text(title="Пожар в порту", posts_count=1, sources_count=1)
    Story.objects.filter(pk=made.pk).update(status=Story.Status.PUBLISHED, published_at=now())
    made.refresh_from_db()
    return made


def post_of(story: Story) -> Post:
    return Post.objects.get(membership__story=story)


def change(story: Story, text: str = "Склад уцелел.") -> None:
    post = post_of(story)
    posts_intake(source=post.source, items=[Item(external_id=post.external_id, text=text)])


def alerts() -> list[tuple[str, bool]]:
    return [(alert.message, alert.closed_at is None) for alert in Alert.objects.order_by("pk")]


def test_a_changed_source_of_a_published_story_raises_one_alert(story: Story) -> None:
    change(story)
    change(story, "Склад всё-таки сгорел.")
    (message, is_open), *more = alerts()
    assert ("Пожар в порту" in message, is_open, more) == (True, True, [])


def test_a_deleted_source_raises_it_too(story: Story) -> None:
    post = post_of(story)
    posts_mark_deleted(source=post.source, external_ids=[post.external_id])
    assert [is_open for _message, is_open in alerts()] == [True]


def test_a_story_that_is_not_out_is_only_marked(story: Story) -> None:
    Story.objects.filter(pk=story.pk).update(status=Story.Status.DRAFT, published_at=None)
    change(story)
    story.refresh_from_db()
    assert story.is_behind_sources
    assert alerts() == []


def test_a_new_text_closes_it(story: Story) -> None:
    change(story)
    editor = UserFactory.create()
    version_save(story=story, title="Склад уцелел", lead="", body="Всё цело.", tags=(), editor=editor, based_on=1)
    assert [is_open for _message, is_open in alerts()] == [False]
    change(story, "Сгорел сарай рядом.")
    assert [is_open for _message, is_open in alerts()] == [False, True]


def test_an_editor_who_looked_closes_it(story: Story) -> None:
    change(story)
    editor = UserFactory.create()
    story.refresh_from_db()
    story_sources_seen(story=story, editor=editor)
    story.refresh_from_db()
    assert (story.is_behind_sources, [is_open for _message, is_open in alerts()]) == (False, [False])
    assert AuditEntry.objects.get(verb="story.sources_seen").actor == editor
    with pytest.raises(TransitionError):
        story_sources_seen(story=story, editor=editor)


def test_what_changed_after_the_page_was_opened_is_not_seen(story: Story) -> None:
    change(story)
    story.refresh_from_db()
    change(story, "И сарай сгорел.")
    with pytest.raises(TransitionError):
        story_sources_seen(story=story, editor=UserFactory.create())
    assert [is_open for _message, is_open in alerts()] == [True]
