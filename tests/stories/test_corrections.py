"""Editors move, merge, split, pin, lock and keep apart; the rows, the judgements and the audit say so."""

from __future__ import annotations

import pytest

from apps.accounts.models import AuditEntry, User
from apps.core.errors import TransitionError
from apps.core.work import drain
from apps.sources.models import Post
from apps.stories.models import Judgement, QualityCheck, Rewrite, Story, StoryPost
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
from apps.stories.tasks import GROUPINGS
from tests.stories.factories import MembershipFactory, PresetFactory, VersionFactory, WorkspaceFactory
from tests.stories.news import added

pytestmark = pytest.mark.django_db
FIRE, RATE, TIGER, COMET = (0, 2, 5), (1, 4), (3, 6), (9,)


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


def said() -> set[tuple[int, int, bool, str]]:
    return set(Judgement.objects.values_list("first_id", "second_id", "is_same", "cause"))


def counted(story: Story) -> tuple[int, int, str]:
    story.refresh_from_db()
    return story.posts_count, story.sources_count, story.first_voice


def test_a_post_moves_to_another_story(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    post_move(post=posts[0], story=fire, target=rate, editor=editor)
    member = StoryPost.objects.get(post=posts[0])
    assert (member.story, member.placed_by) == (rate, editor)
    assert counted(fire) == (2, 2, "Маяк")
    assert counted(rate) == (3, 2, "Гавань")
    assert (fire.first_at, rate.first_at) == (posts[2].published_at, posts[0].published_at)
    assert fire.title == posts[2].text
    assert said() == {
        (posts[0].pk, posts[2].pk, False, "moved"),
        (posts[0].pk, posts[5].pk, False, "moved"),
        (posts[0].pk, posts[1].pk, True, "moved"),
        (posts[0].pk, posts[4].pk, True, "moved"),
    }
    entries = AuditEntry.objects.filter(verb="story.post_moved")
    assert {entry.target_id for entry in entries} == {str(fire.pk), str(rate.pk)}
    assert all(entry.actor == editor for entry in entries)


def test_a_post_that_does_not_belong_gets_a_story_of_its_own(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    own = post_move(post=posts[5], story=fire, editor=editor)
    assert counted(own) == (1, 1, "Биржа")
    assert (own.status, own.title, own.workspace) == (Story.Status.NEW, posts[5].text, fire.workspace)
    assert counted(fire) == (2, 2, "Гавань")
    assert fire.title == posts[0].text
    assert {row[2] for row in said()} == {False}


def test_the_last_post_takes_its_story_with_it(posts: list[Post], editor: User) -> None:
    comet, fire = story_of(posts[9]), story_of(posts[0])
    post_move(post=posts[9], story=comet, target=fire, editor=editor)
    comet.refresh_from_db()
    assert (comet.status, comet.aside_from, comet.merged_into) == (Story.Status.ASIDE, Story.Status.NEW, fire)
    assert comet.posts_count == 0


@pytest.mark.parametrize("status", [Story.Status.APPROVED, Story.Status.PUBLISHED])
def test_the_last_post_of_what_is_out_stays(posts: list[Post], editor: User, status: str) -> None:
    comet = story_of(posts[9])
    Story.objects.filter(pk=comet.pk).update(status=status, current_version=VersionFactory.create(story=comet))
    with pytest.raises(TransitionError):
        post_move(post=posts[9], story=comet, target=story_of(posts[0]), editor=editor)
    assert story_of(posts[9]) == comet
    assert said() == set()


def test_a_move_that_changes_nothing_or_can_not_be_is_refused(posts: list[Post], editor: User) -> None:
    fire, rate, comet = story_of(posts[0]), story_of(posts[1]), story_of(posts[9])
    tiger = story_of(posts[3])
    Story.objects.filter(pk=rate.pk).update(is_locked=True)
    Story.objects.filter(pk=tiger.pk).update(status=Story.Status.ASIDE)
    for story, target in ((fire, fire), (fire, rate), (fire, tiger), (rate, fire)):
        with pytest.raises(TransitionError):
            post_move(post=posts[0], story=story, target=target, editor=editor)
    with pytest.raises(TransitionError):
        post_move(post=posts[9], story=comet, editor=editor)
    assert story_of(posts[0]) == fire
    assert not AuditEntry.objects.filter(verb="story.post_moved").exists()


def test_a_story_of_another_workspace_is_no_target(posts: list[Post], editor: User) -> None:
    added(WorkspaceFactory.create())
    drain.run_batches(GROUPINGS)
    theirs = Story.objects.exclude(workspace=posts[0].workspace).earliest("pk")
    with pytest.raises(TransitionError):
        post_move(post=posts[0], story=story_of(posts[0]), target=theirs, editor=editor)
    with pytest.raises(TransitionError):
        stories_merge(into=story_of(posts[0]), others=[theirs], editor=editor)


def test_a_newer_judgement_replaces_the_older(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    own = post_move(post=posts[5], story=fire, editor=editor)
    parted = said()
    Judgement.objects.update(score=0.9)
    post_move(post=posts[5], story=own, target=fire, editor=editor)
    assert said() == {(first, second, True, "moved") for first, second, _same, _cause in parted}
    assert set(Judgement.objects.values_list("score", flat=True)) == {None}


def test_stories_merge_and_keep_their_texts(posts: list[Post], editor: User) -> None:
    fire, rate, tiger = story_of(posts[0]), story_of(posts[1]), story_of(posts[3])
    version = VersionFactory.create(story=rate)
    Story.objects.filter(pk=rate.pk).update(status=Story.Status.DRAFT, current_version=version)
    stories_merge(into=fire, others=[rate, tiger], editor=editor)
    assert counted(fire) == (7, 4, "Гавань")
    rate.refresh_from_db()
    assert (rate.status, rate.aside_from, rate.merged_into) == (Story.Status.ASIDE, Story.Status.DRAFT, fire)
    assert (rate.posts_count, rate.current_version, list(rate.versions.all())) == (0, version, [version])
    assert {(row[2], row[3]) for row in said()} == {(True, "merged")}
    assert 1 <= len(said()) <= 5
    assert StoryPost.objects.filter(story=fire, placed_by=None).count() == 7


@pytest.mark.parametrize("change", [{"status": Story.Status.APPROVED}, {"is_locked": True}])
def test_what_is_out_or_locked_is_not_merged_away(posts: list[Post], editor: User, change: dict[str, object]) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    Story.objects.filter(pk=rate.pk).update(current_version=VersionFactory.create(story=rate), **change)
    with pytest.raises(TransitionError):
        stories_merge(into=fire, others=[rate], editor=editor)
    assert counted(fire)[0] == 3
    rate.refresh_from_db()
    assert rate.merged_into is None


def test_a_draft_that_nobody_asked_for_is_not_written_for_a_merged_story(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    preset = PresetFactory.create(workspace=fire.workspace)
    waiting = Rewrite.objects.create(workspace=fire.workspace, story=rate, preset=preset, automatic=True)
    stories_merge(into=fire, others=[rate], editor=editor)
    waiting.refresh_from_db()
    assert waiting.state == Rewrite.State.DEAD


def test_a_merge_that_makes_a_story_grow_asks_for_its_draft(posts: list[Post], editor: User) -> None:
    fire, tiger = story_of(posts[0]), story_of(posts[3])
    PresetFactory.create(workspace=fire.workspace, drafts_from_sources=4)
    stories_merge(into=fire, others=[tiger], editor=editor)
    assert Rewrite.objects.get().story == fire


def test_chosen_posts_become_a_new_story(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    split = story_split(story=fire, posts=[posts[0].pk, posts[2].pk], editor=editor)
    assert counted(split) == (2, 2, "Гавань")
    assert counted(fire) == (1, 1, "Биржа")
    assert (split.title, fire.title) == (posts[0].text, posts[5].text)
    assert {(row[2], row[3]) for row in said()} == {(False, "split")}


def test_a_split_of_nothing_all_or_others_is_refused(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    for chosen in ([], [posts[n].pk for n in FIRE], [posts[0].pk, posts[1].pk]):
        with pytest.raises(TransitionError):
            story_split(story=fire, posts=chosen, editor=editor)
    assert counted(fire)[0] == 3


def test_posts_that_never_belong_together_part(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    own = posts_keep_apart(post=posts[5], story=fire, others=[posts[0]], editor=editor)
    assert story_of(posts[5]) == own != fire
    assert said() == {(posts[0].pk, posts[5].pk, False, "never")}


def test_posts_of_two_stories_are_kept_apart_where_they_are(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    place = posts_keep_apart(post=posts[0], story=fire, others=[posts[1]], editor=editor)
    assert place == story_of(posts[0]) == fire
    assert said() == {(posts[0].pk, posts[1].pk, False, "never")}
    with pytest.raises(TransitionError):
        posts_keep_apart(post=posts[0], story=fire, others=[posts[0]], editor=editor)


def test_a_pinned_post_says_where_it_belongs(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    post_pin(post=posts[5], story=fire, editor=editor)
    assert StoryPost.objects.get(post=posts[5]).is_pinned
    assert {(row[2], row[3]) for row in said()} == {(True, "pinned")}
    assert Post.objects.get(pk=posts[5].pk).is_used
    with pytest.raises(TransitionError):
        post_pin(post=posts[5], story=fire, editor=editor)
    post_unpin(post=posts[5], story=fire, editor=editor)
    assert not StoryPost.objects.get(post=posts[5]).is_pinned
    with pytest.raises(TransitionError):
        post_unpin(post=posts[5], story=fire, editor=editor)


def test_a_story_is_locked_and_unlocked_once(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    story_lock(story=fire, editor=editor)
    with pytest.raises(TransitionError):
        story_lock(story=fire, editor=editor)
    assert Story.objects.get(pk=fire.pk).is_locked
    story_unlock(story=fire, editor=editor)
    with pytest.raises(TransitionError):
        story_unlock(story=fire, editor=editor)
    assert not Story.objects.get(pk=fire.pk).is_locked
    assert said() == set()


def test_a_correction_is_tested_soon_and_many_make_one_test(posts: list[Post], editor: User) -> None:
    post_move(post=posts[5], story=story_of(posts[5]), editor=editor)
    post_move(post=posts[2], story=story_of(posts[2]), editor=editor)
    assert QualityCheck.objects.get().state == QualityCheck.State.READY


def test_a_correction_of_what_moved_meanwhile_is_refused(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    post_move(post=posts[0], story=fire, editor=editor)
    for correct in (post_move, post_pin):
        with pytest.raises(TransitionError):
            correct(post=posts[0], story=fire, editor=editor)
