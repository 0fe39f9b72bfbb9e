"""Who has a text open is told to the others; a closed page lets go; taking over takes nothing away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.stories.models import EditLock
from apps.stories.services.locks import LAPSE, lock_leave, lock_of, lock_take_over, lock_touch
from tests.stories.factories import UserFactory, story_with_text

pytestmark = pytest.mark.django_db


def test_the_first_has_it_and_the_second_is_told_who() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(name="Анна"), UserFactory.create(name="Борис")
    first = lock_touch(story=story, editor=anna)
    second = lock_touch(story=story, editor=boris)
    assert (first.is_mine, second.is_mine, second.editor, second.since) == (True, False, "Анна", first.since)
    assert EditLock.objects.get().editor == anna


def test_heard_of_again_it_stays_since_when_it_was_taken() -> None:
    story, anna = story_with_text(), UserFactory.create()
    lock_touch(story=story, editor=anna)
    earlier = now() - timedelta(seconds=30)
    EditLock.objects.update(seen_at=earlier, taken_at=earlier)
    assert lock_touch(story=story, editor=anna).since == earlier
    assert EditLock.objects.get().seen_at > earlier


def test_a_lock_lapses_when_its_page_is_not_heard_of() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    lock_touch(story=story, editor=anna)
    EditLock.objects.update(seen_at=now() - LAPSE - timedelta(seconds=1))
    assert lock_of(story=story) is None
    assert lock_touch(story=story, editor=boris).is_mine
    assert not lock_touch(story=story, editor=anna).is_mine


def test_a_lock_that_is_heard_of_does_not_lapse() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    lock_touch(story=story, editor=anna)
    EditLock.objects.update(seen_at=now() - LAPSE + timedelta(seconds=10))
    assert not lock_touch(story=story, editor=boris).is_mine


def test_taking_over_is_told_and_written_down() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create(name="Борис")
    lock_touch(story=story, editor=anna)
    assert lock_take_over(story=story, editor=boris).is_mine
    told = lock_touch(story=story, editor=anna)
    assert (told.is_mine, told.editor) == (False, "Борис")
    entry = AuditEntry.objects.get(verb="story.lock_taken_over")
    assert (entry.actor, entry.details) == (boris, {"from": anna.pk})


def test_taking_over_ones_own_is_nothing() -> None:
    story, anna = story_with_text(), UserFactory.create()
    lock_touch(story=story, editor=anna)
    lock_take_over(story=story, editor=anna)
    assert not AuditEntry.objects.filter(verb="story.lock_taken_over").exists()


def test_leaving_lets_the_next_in_and_frees_nobody_elses() -> None:
    story, anna, boris = story_with_text(), UserFactory.create(), UserFactory.create()
    lock_touch(story=story, editor=anna)
    lock_leave(story=story, editor=boris)
    assert EditLock.objects.get().editor == anna
    lock_leave(story=story, editor=anna)
    assert lock_touch(story=story, editor=boris).is_mine
