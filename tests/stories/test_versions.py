"""Editors' texts are numbered, kept, and never overwrite one another."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import AuditEntry, User
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.models import Story, StoryVersion
from tests.stories.factories import StoryFactory, UserFactory, story_with_text

pytestmark = pytest.mark.django_db
Status = Story.Status


def save(story: Story, *, based_on: int | None, editor: User | None = None, **text: Any) -> StoryVersion:
    """Save a text with some words in it."""
    fields = {"title": "Заголовок", "lead": "Лид.", "body": "Текст.", "tags": ["порт"], **text}
    return services.version_save(story=story, based_on=based_on, editor=editor or UserFactory.create(), **fields)


def test_the_first_text_puts_a_new_story_into_work() -> None:
    story = StoryFactory.create()
    version = save(story, based_on=None)
    stored = Story.objects.get(pk=story.pk)
    assert (version.number, stored.current_version, stored.status) == (1, version, Status.DRAFT)
    assert stored.title == "Заголовок"
    assert (story.status, story.current_version) == (Status.DRAFT, version)
    assert AuditEntry.objects.get(verb="story.version_saved").details == {"number": 1}


def test_versions_are_numbered_and_kept() -> None:
    story = story_with_text()
    second = save(story, based_on=1)
    third = save(story, based_on=2, body="Ещё.")
    assert [second.number, third.number] == [2, 3]
    assert list(story.versions.values_list("number", flat=True)) == [3, 2, 1]
    assert Story.objects.get(pk=story.pk).current_version == third


def test_a_lost_update_is_refused_and_carries_the_newer_version() -> None:
    story = story_with_text()
    other = UserFactory.create(name="Анна")
    newer = save(story, based_on=1, editor=other)
    with pytest.raises(services.VersionConflictError, match="Анна") as caught:
        save(story, based_on=1, body="Мой текст.")
    assert isinstance(caught.value, TransitionError)
    assert (caught.value.number, caught.value.version) == (2, newer)
    assert Story.objects.get(pk=story.pk).current_version == newer
    assert story.versions.count() == 2


def test_the_same_text_saved_twice_is_one_version() -> None:
    story = story_with_text()
    first = save(story, based_on=1)
    assert save(story, based_on=1) == first
    assert save(story, based_on=2) == first
    assert story.versions.count() == 2


def test_an_empty_text_is_refused() -> None:
    story = StoryFactory.create()
    with pytest.raises(TransitionError, match="empty"):
        save(story, based_on=None, title=" ", body="\n")
    assert not StoryVersion.objects.exists()


def test_a_new_text_takes_back_the_approval() -> None:
    story, editor = story_with_text(), UserFactory.create()
    services.story_approve(story=story, editor=editor)
    save(story, based_on=1)
    stored = Story.objects.get(pk=story.pk)
    assert (stored.status, stored.approved_by, stored.approved_at) == (Status.DRAFT, None, None)


@pytest.mark.parametrize("status", [Status.REVIEW, Status.PUBLISHED])
def test_an_edit_in_review_or_after_publishing_keeps_the_status(status: str) -> None:
    story = story_with_text()
    Story.objects.filter(pk=story.pk).update(status=status)
    save(story, based_on=1)
    assert Story.objects.get(pk=story.pk).status == status


def test_a_story_put_aside_takes_no_text() -> None:
    story = story_with_text()
    services.story_put_aside(story=story, editor=UserFactory.create())
    with pytest.raises(TransitionError, match="aside"):
        save(story, based_on=1)
    assert story.versions.count() == 1
