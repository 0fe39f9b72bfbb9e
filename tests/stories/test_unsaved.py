"""What is typed and not saved is kept for its editor, on any device, until it is saved or discarded."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.models import Story, UnsavedText
from apps.stories.services.unsaved import UnsavedConflictError, unsaved_discard, unsaved_keep, unsaved_mark, unsaved_of
from apps.stories.services.versions import version_restore, version_save
from tests.stories.factories import StoryFactory, UserFactory, story_with_text

pytestmark = pytest.mark.django_db


def keep(story: Story, editor: User, *, seen: str | None = None, based_on: int = 1, **text: Any) -> UnsavedText | None:
    fields = {"title": "Заголовок", "lead": "", "body": "Набрано.", "tags": ["порт"], **text}
    return unsaved_keep(story=story, editor=editor, based_on=based_on, seen=seen, **fields)


def test_one_text_is_kept_for_each_editor() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    keep(story, anna, body="Анна.")
    keep(story, boris, body="Борис.")
    keep(story, anna, body="Анна снова.")
    kept = dict(UnsavedText.objects.values_list("editor_id", "body"))
    assert kept == {anna.pk: "Анна снова.", boris.pk: "Борис."}


def test_the_text_it_was_begun_from_is_not_kept() -> None:
    story, editor = story_with_text(), UserFactory.create()
    version = story.current_version
    assert version is not None
    same = {"title": version.title, "lead": version.lead, "body": version.body, "tags": version.tags}
    keep(story, editor)
    assert keep(story, editor, **same) is None
    assert unsaved_of(story=story, editor=editor) is None


def test_nothing_typed_in_an_empty_story_is_not_kept() -> None:
    story, editor = StoryFactory.create(), UserFactory.create()
    assert keep(story, editor, based_on=0, title="", body="", tags=[]) is None
    assert not UnsavedText.objects.exists()


def test_words_typed_on_another_device_are_not_overwritten() -> None:
    story, editor = story_with_text(), UserFactory.create()
    first = keep(story, editor, seen="", body="С телефона.")
    with pytest.raises(UnsavedConflictError) as caught:
        keep(story, editor, seen="", body="С компьютера.")
    assert (caught.value.unsaved, isinstance(caught.value, TransitionError)) == (first, True)
    assert UnsavedText.objects.get().body == "С телефона."
    # whoever has seen them may
    keep(story, editor, seen=unsaved_mark(first), body="С компьютера.")
    assert UnsavedText.objects.get().body == "С компьютера."


def test_the_same_words_again_are_no_conflict() -> None:
    story, editor = story_with_text(), UserFactory.create()
    first = keep(story, editor, seen="")
    assert keep(story, editor, seen="") == first


def test_saving_a_version_lets_go_of_what_was_typed() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    keep(story, anna)
    keep(story, boris)
    version_save(story=story, title="Т", lead="", body="Набрано.", tags=[], editor=anna, based_on=1)
    assert list(UnsavedText.objects.values_list("editor_id", flat=True)) == [boris.pk]


def test_saving_leaves_what_was_typed_elsewhere_since() -> None:
    story, editor = story_with_text(), UserFactory.create()
    seen = unsaved_mark(keep(story, editor))
    keep(story, editor, body="С телефона.")
    save = {"title": "Т", "lead": "", "tags": [], "editor": editor}
    version_save(story=story, body="Набрано.", based_on=1, unsaved_seen=seen, **save)
    assert UnsavedText.objects.get().body == "С телефона."


def test_a_refused_save_keeps_what_was_typed() -> None:
    story, editor = story_with_text(), UserFactory.create()
    keep(story, editor)
    services.version_save(story=story, title="Чужое", lead="", body="", tags=[], editor=UserFactory(), based_on=1)
    with pytest.raises(services.VersionConflictError):
        version_save(story=story, title="Т", lead="", body="Набрано.", tags=[], editor=editor, based_on=1)
    assert unsaved_of(story=story, editor=editor) is not None


def test_discarded_is_gone_for_its_editor_alone() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    keep(story, anna)
    keep(story, boris)
    unsaved_discard(story=story, editor=anna)
    assert list(UnsavedText.objects.values_list("editor_id", flat=True)) == [boris.pk]


def test_restoring_is_a_new_version_and_keeps_what_is_typed() -> None:
    story, editor = story_with_text(), UserFactory.create()
    first = story.current_version
    assert first is not None
    version_save(story=story, title="Другое", lead="", body="", tags=[], editor=editor, based_on=1, why=" короче ")
    keep(story, editor, based_on=2)
    restored = version_restore(story=story, number=1, editor=editor, based_on=2)
    assert (restored.number, restored.based_on, restored.body) == (3, 2, first.body)
    assert restored.why.endswith("1")
    assert list(story.versions.values_list("why", flat=True))[1] == "короче"
    assert unsaved_of(story=story, editor=editor) is not None


def test_restoring_over_a_newer_version_or_nothing_is_refused() -> None:
    story, editor = story_with_text(), UserFactory.create()
    version_save(story=story, title="Другое", lead="", body="", tags=[], editor=editor, based_on=1)
    with pytest.raises(services.VersionConflictError):
        version_restore(story=story, number=1, editor=editor, based_on=1)
    with pytest.raises(TransitionError):
        version_restore(story=story, number=9, editor=editor, based_on=2)
    assert story.versions.count() == 2
