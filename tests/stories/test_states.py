"""A story's way from new to published, each step once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import AuditEntry
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.models import Story
from tests.stories.factories import StoryFactory, UserFactory, story_with_text

pytestmark = pytest.mark.django_db
Status = Story.Status


def verbs(story: Story) -> list[str]:
    """What the audit says of a story, the oldest first."""
    rows = AuditEntry.objects.filter(target_type="stories.story", target_id=str(story.pk))
    return list(rows.order_by("pk").values_list("verb", flat=True))


def test_the_straight_way() -> None:
    story, editor = story_with_text(), UserFactory.create()
    services.story_submit(story=story, editor=editor)
    assert story.status == Status.REVIEW
    services.story_approve(story=story, editor=editor)
    story.refresh_from_db()
    assert (story.status, story.approved_by) == (Status.APPROVED, editor)
    assert story.approved_at is not None
    assert services.story_published(story=story)
    assert (story.status, story.published_at is not None) == (Status.PUBLISHED, True)
    assert verbs(story) == ["story.submitted", "story.approved", "story.published"]


def test_publishing_is_noted_once_however_many_channels_say_so() -> None:
    story = story_with_text(status=Status.NEW)
    services.story_approve(story=story, editor=UserFactory.create())
    assert services.story_published(story=story)
    at = story.published_at
    assert not services.story_published(story=story)
    story.refresh_from_db()
    assert story.published_at == at
    assert verbs(story).count("story.published") == 1


def test_what_came_out_is_noted_even_if_the_story_went_back_into_work() -> None:
    story = story_with_text(status=Status.DRAFT)
    assert services.story_published(story=story)
    assert (story.status, story.published_at is not None) == (Status.DRAFT, True)


@pytest.mark.parametrize("step", [services.story_submit, services.story_approve])
def test_a_story_without_a_text_is_refused_in_words(step: object) -> None:
    story = StoryFactory.create()
    with pytest.raises(TransitionError, match="no text"):
        step(story=story, editor=UserFactory.create())  # type: ignore[operator]
    story.refresh_from_db()
    assert story.status == Status.NEW
    assert verbs(story) == []


@pytest.mark.parametrize(
    ("step", "status"),
    [
        (services.story_submit, Status.REVIEW),
        (services.story_submit, Status.PUBLISHED),
        (services.story_approve, Status.APPROVED),
        (services.story_approve, Status.ASIDE),
        (services.story_return, Status.DRAFT),
        (services.story_put_aside, Status.APPROVED),
        (services.story_put_aside, Status.PUBLISHED),
        (services.story_put_aside, Status.ASIDE),
        (services.story_bring_back, Status.NEW),
    ],
)
def test_steps_from_the_wrong_place_change_nothing(step: object, status: str) -> None:
    story = story_with_text(status=Status.NEW)
    Story.objects.filter(pk=story.pk).update(status=status)
    with pytest.raises(TransitionError):
        step(story=story, editor=UserFactory.create())  # type: ignore[operator]
    assert Story.objects.get(pk=story.pk).status == status
    assert verbs(story) == []


def test_two_editors_approve_and_one_is_told() -> None:
    story = story_with_text()
    seen = Story.objects.get(pk=story.pk)
    first = UserFactory.create()
    services.story_approve(story=story, editor=first)
    with pytest.raises(TransitionError):
        services.story_approve(story=seen, editor=UserFactory.create())
    assert Story.objects.get(pk=story.pk).approved_by == first


def test_a_text_that_nobody_has_read_is_not_approved() -> None:
    story, editor = story_with_text(), UserFactory.create()
    services.version_save(story=story, title="Ещё", lead="", body="Новое.", tags=[], editor=editor, based_on=1)
    with pytest.raises(TransitionError, match="changed meanwhile"):
        services.story_approve(story=story, editor=editor, number=1)
    assert Story.objects.get(pk=story.pk).status == Status.DRAFT
    services.story_approve(story=story, editor=editor, number=2)
    assert Story.objects.get(pk=story.pk).status == Status.APPROVED


@pytest.mark.parametrize("status", [Status.NEW, Status.DRAFT, Status.REVIEW])
def test_put_aside_and_brought_back_is_as_before(status: str) -> None:
    story, editor = StoryFactory.create(status=status), UserFactory.create()
    services.story_put_aside(story=story, editor=editor)
    assert story.status == Status.ASIDE
    services.story_bring_back(story=story, editor=editor)
    story.refresh_from_db()
    assert (story.status, story.aside_from) == (status, "")
    assert verbs(story) == ["story.put_aside", "story.brought_back"]


def test_returned_to_work_loses_its_approval() -> None:
    story, editor = story_with_text(), UserFactory.create()
    services.story_approve(story=story, editor=editor)
    services.story_return(story=story, editor=editor)
    story.refresh_from_db()
    assert (story.status, story.approved_by, story.approved_at) == (Status.DRAFT, None, None)


def test_the_database_refuses_an_approved_story_without_a_text() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StoryFactory.create(status=Status.APPROVED)


def test_a_story_goes_together_with_its_versions() -> None:
    story = story_with_text()
    story.delete()
    assert not Story.objects.exists()
