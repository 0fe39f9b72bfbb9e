"""Corrections are taken back from their audit entry, as far as nobody has changed them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import AuditEntry, User
from apps.core.errors import TransitionError
from apps.core.work import drain
from apps.sources.models import Post
from apps.stories.models import Judgement, Story, StoryPost
from apps.stories.services.corrections import (
    post_move,
    post_pin,
    post_unpin,
    posts_keep_apart,
    story_lock,
    story_split,
    story_unlock,
)
from apps.stories.services.merging import stories_merge
from apps.stories.services.states import story_bring_back
from apps.stories.services.taking_back import correction_take_back
from apps.stories.tasks import GROUPINGS
from tests.stories.factories import MembershipFactory, VersionFactory, WorkspaceFactory
from tests.stories.news import added

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts() -> list[Post]:
    """The news of one workspace, grouped."""
    posts = added(WorkspaceFactory.create())
    drain.run_batches(GROUPINGS)
    return posts


@pytest.fixture
def editor(posts: list[Post]) -> User:
    user: User = MembershipFactory.create(workspace=posts[0].workspace).user
    return user


def story_of(post: Post) -> Story:
    found: Story = StoryPost.objects.get(post=post).story
    return found


def everything() -> list[Any]:
    """All that a correction may change."""
    return [
        list(Story.objects.order_by("pk").values()),
        list(StoryPost.objects.order_by("pk").values()),
        list(Judgement.objects.order_by("pk").values("first", "second", "is_same", "cause", "editor", "created_at")),
    ]


def entry(**wanted: object) -> AuditEntry:
    return AuditEntry.objects.filter(details__has_key="correction", **wanted).latest("pk")


def split(posts: list[Post], editor: User) -> None:
    story_split(story=story_of(posts[0]), posts=[posts[0].pk, posts[2].pk], editor=editor)


def merge(posts: list[Post], editor: User) -> None:
    rate = story_of(posts[1])
    version = VersionFactory.create(story=rate)
    Story.objects.filter(pk=rate.pk).update(status=Story.Status.DRAFT, current_version=version)
    stories_merge(into=story_of(posts[0]), others=[rate, story_of(posts[3])], editor=editor)


def move(posts: list[Post], editor: User) -> None:
    post_move(post=posts[0], story=story_of(posts[0]), target=story_of(posts[1]), editor=editor)


def move_out(posts: list[Post], editor: User) -> None:
    post_move(post=posts[0], story=story_of(posts[0]), editor=editor)


def move_last(posts: list[Post], editor: User) -> None:
    post_move(post=posts[9], story=story_of(posts[9]), target=story_of(posts[1]), editor=editor)


def apart(posts: list[Post], editor: User) -> None:
    posts_keep_apart(post=posts[5], story=story_of(posts[5]), others=[posts[0]], editor=editor)


def pin(posts: list[Post], editor: User) -> None:
    post_pin(post=posts[5], story=story_of(posts[5]), editor=editor)


def lock(posts: list[Post], editor: User) -> None:
    story_lock(story=story_of(posts[0]), editor=editor)


@pytest.mark.parametrize("correct", [move, move_out, move_last, split, apart, pin, lock])
def test_a_correction_is_taken_back_whole_and_once(
    posts: list[Post], editor: User, correct: Callable[[list[Post], User], None]
) -> None:
    before = everything()
    correct(posts, editor)
    assert everything() != before
    for_all = list(AuditEntry.objects.filter(details__has_key="correction"))
    correction_take_back(entry=for_all[0], editor=editor)
    assert everything() == before
    assert AuditEntry.objects.filter(verb="story.correction_taken_back", actor=editor).exists()
    for again in for_all:
        with pytest.raises(TransitionError):
            correction_take_back(entry=again, editor=editor)
    assert everything() == before


def test_a_merge_is_taken_back_with_texts_and_states(posts: list[Post], editor: User) -> None:
    fire, rate, tiger = story_of(posts[0]), story_of(posts[1]), story_of(posts[3])
    merge(posts, editor)
    correction_take_back(entry=entry(target_id=str(rate.pk)), editor=editor)
    rate.refresh_from_db()
    assert (rate.status, rate.aside_from, rate.merged_into) == (Story.Status.DRAFT, "", None)
    assert [story_of(posts[n]) for n in (0, 1, 3)] == [fire, rate, tiger]
    assert list(Story.objects.order_by("pk").values_list("posts_count", flat=True)) == [3, 2, 2, 2, 1]
    assert not Judgement.objects.exists()


def test_unlocking_and_unpinning_are_taken_back(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    story_lock(story=fire, editor=editor)
    story_unlock(story=fire, editor=editor)
    correction_take_back(entry=entry(verb="story.unlocked"), editor=editor)
    assert Story.objects.get(pk=fire.pk).is_locked
    pin(posts, editor)
    post_unpin(post=posts[5], story=fire, editor=editor)
    correction_take_back(entry=entry(verb="story.post_unpinned"), editor=editor)
    assert StoryPost.objects.get(post=posts[5]).is_pinned


def test_what_was_moved_again_stays(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    split(posts, editor)
    made = story_of(posts[2])
    own = post_move(post=posts[0], story=made, editor=editor)
    correction_take_back(entry=entry(verb="story.split"), editor=editor)
    assert (story_of(posts[0]), story_of(posts[2])) == (own, fire)
    assert not Story.objects.filter(pk=made.pk).exists()


def test_nothing_is_taken_back_where_all_was_moved_again(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    move(posts, editor)
    moved = entry(verb="story.post_moved", target_id=str(fire.pk))
    post_move(post=posts[0], story=rate, target=story_of(posts[3]), editor=editor)
    before = everything()
    with pytest.raises(TransitionError):
        correction_take_back(entry=moved, editor=editor)
    assert everything() == before


def test_a_newer_judgement_outlives_an_older_correction(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    post_move(post=posts[5], story=fire, editor=editor)
    first = entry(verb="story.post_moved", target_id=str(fire.pk))
    posts_keep_apart(post=posts[5], story=story_of(posts[5]), others=[posts[0]], editor=editor)
    correction_take_back(entry=first, editor=editor)
    assert list(Judgement.objects.values_list("first", "second", "is_same", "cause")) == [
        (posts[0].pk, posts[5].pk, False, "never")
    ]


def test_taking_back_restores_what_was_said_before(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    own = post_move(post=posts[5], story=fire, editor=editor)
    before = everything()[2]
    post_move(post=posts[5], story=own, target=fire, editor=editor)
    correction_take_back(entry=entry(verb="story.post_moved", target_id=str(own.pk)), editor=editor)
    assert everything()[2] == before
    assert story_of(posts[5]) == own


def test_a_merge_is_not_taken_back_after_its_story_was_brought_back(posts: list[Post], editor: User) -> None:
    rate = story_of(posts[1])
    merge(posts, editor)
    merged = entry(verb="story.merged")
    story_bring_back(story=rate, editor=editor)
    assert Story.objects.get(pk=rate.pk).merged_into is None
    with pytest.raises(TransitionError):
        correction_take_back(entry=merged, editor=editor)


def test_a_story_that_got_other_posts_since_is_not_removed(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    own = post_move(post=posts[5], story=fire, editor=editor)
    post_move(post=posts[1], story=story_of(posts[1]), target=own, editor=editor)
    correction_take_back(entry=entry(target_id=str(fire.pk), verb="story.post_moved"), editor=editor)
    assert story_of(posts[5]) == fire
    own.refresh_from_db()
    assert (own.posts_count, story_of(posts[1])) == (1, own)


def test_an_entry_of_something_else_can_not_be_taken_back(posts: list[Post], editor: User) -> None:
    other = AuditEntry.objects.create(workspace=posts[0].workspace, verb="story.approved", target_id="1")
    with pytest.raises(TransitionError):
        correction_take_back(entry=other, editor=editor)


def test_a_story_that_is_left_empty_is_put_aside_and_says_where_its_post_is(posts: list[Post], editor: User) -> None:
    fire, comet = story_of(posts[0]), story_of(posts[9])
    post_move(post=posts[0], story=fire, target=comet, editor=editor)
    moved = entry(verb="story.post_moved", target_id=str(fire.pk))
    post_move(post=posts[9], story=comet, editor=editor)

    correction_take_back(entry=moved, editor=editor)

    comet.refresh_from_db()
    assert (comet.status, comet.aside_from, comet.merged_into) == (Story.Status.ASIDE, Story.Status.NEW, fire)
    assert (comet.posts_count, story_of(posts[0])) == (0, fire)
    assert story_of(posts[9]).status == Story.Status.NEW
