"""Posts of stories that were worked on stay; those of untouched stories leave with age and leave no trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import RestrictedError

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Post, Retention, Voice
from apps.sources.services import post_remove
from apps.sources.services.families import family_create
from apps.sources.services.upkeep import upkeep_begin
from apps.sources.tasks import retention_clear
from apps.stories.models import Grouping, PostTerms, Story, StoryPost
from apps.stories.services import rewrite_request, story_put_aside, version_save
from apps.stories.services.grouping import posts_added
from apps.stories.services.keeping import stories_keep
from apps.stories.tasks import groupings_group
from tests.stories.factories import (
    BEGAN,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
FIRE = "В порту Тихой Гавани загорелся склад с канатами, огонь охватил четыре тысячи метров."


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create(retention_days=30)
    upkeep_begin(made)
    return made


def story_of(workspace: Workspace, *days: int, **fields: object) -> Story:
    """A story with a post collected so many days ago for each of these."""
    story: Story = StoryFactory.create(workspace=workspace, posts_count=len(days), sources_count=len(days), **fields)
    for age in days:
        at = BEGAN - timedelta(days=age)
        post = PostFactory.create(
            source__workspace=workspace, collected_at=now() - timedelta(days=age), published_at=at
        )
        StoryPostFactory.create(story=story, post=post)
    return story


def clear() -> None:
    Retention.objects.filter(state="ready").update(not_before=now())
    retention_clear()


def used(story: Story) -> set[bool]:
    return set(Post.objects.filter(membership__story=story).values_list("is_used", flat=True))


def write(story: Story) -> None:
    version_save(
        story=story, title="Склад", lead="", body="Потушен.", tags=(), editor=UserFactory.create(), based_on=None
    )


def test_an_untouched_story_goes_with_its_last_post_and_a_worked_one_keeps_all(workspace: Workspace) -> None:
    untouched = story_of(workspace, 40, 50)
    worked = story_of(workspace, 40, 50)
    write(worked)

    clear()

    assert list(Story.objects.values_list("pk", flat=True)) == [worked.pk]
    assert Post.objects.filter(membership__story=worked).count() == 2
    assert Post.objects.count() == 2
    assert not StoryPost.objects.filter(story_id=untouched.pk).exists()


def test_an_untouched_story_that_lost_its_old_posts_is_counted_anew(workspace: Workspace) -> None:
    story = story_of(workspace, 40, 3, first_voice="Старый канал")

    clear()

    story.refresh_from_db()
    left = Post.objects.get()
    assert (story.posts_count, story.sources_count) == (1, 1)
    assert story.first_at == story.last_at == left.published_at
    assert story.first_voice == left.source.name


def test_sisters_that_stay_in_a_story_count_once(workspace: Workspace) -> None:
    story = story_of(workspace, 40, 3, 2, 1)
    left = list(Post.objects.filter(membership__story=story).order_by("collected_at")[1:3])
    voices = [Voice.objects.create(source=post.source, channel=post.channel) for post in left]
    family_create(workspace=workspace, name="Порт", voices=voices, actor=UserFactory.create())

    clear()

    story.refresh_from_db()
    assert (story.posts_count, story.sources_count) == (3, 2)


def test_put_aside_untouched_is_not_worked_and_with_a_text_is(workspace: Workspace) -> None:
    aside, written = story_of(workspace, 40), story_of(workspace, 40)
    story_put_aside(story=aside, editor=UserFactory.create())
    write(written)
    story_put_aside(story=written, editor=UserFactory.create())

    clear()

    assert list(Story.objects.values_list("pk", flat=True)) == [written.pk]


def test_whatever_begins_work_marks_the_posts(workspace: Workspace) -> None:
    asked, saved, idle = (story_of(workspace, 1) for _time in range(3))

    rewrite_request(story=asked, editor=UserFactory.create())
    write(saved)

    assert [used(story) for story in (asked, saved, idle)] == [{True}, {True}, {False}]


def test_a_post_that_joins_a_worked_story_is_used(workspace: Workspace) -> None:
    source = SourceFactory.create(workspace=workspace)
    first = PostFactory.create(source=source, workspace=workspace, text=FIRE)
    posts_added([first])
    groupings_group()
    story = Story.objects.get()
    assert used(story) == {False}
    write(story)

    other = PostFactory.create(source=SourceFactory.create(workspace=workspace), workspace=workspace, text=FIRE)
    posts_added([other])
    groupings_group()

    assert set(Post.objects.filter(membership__story=story)) == {first, other}
    assert used(story) == {True}


def test_a_post_that_was_never_marked_is_kept_all_the_same(workspace: Workspace) -> None:
    story = story_of(workspace, 40)
    VersionFactory.create(story=story)
    assert used(story) == {False}

    clear()

    assert used(story) == {True}


def test_terms_and_groupings_go_with_their_post(workspace: Workspace) -> None:
    source = SourceFactory.create(workspace=workspace)
    post = PostFactory.create(source=source, workspace=workspace, text=FIRE)
    posts_added([post])
    groupings_group()
    Post.objects.update(collected_at=now() - timedelta(days=31))

    clear()

    assert (Post.objects.count(), Story.objects.count()) == (0, 0)
    assert (PostTerms.objects.count(), Grouping.objects.count()) == (0, 0)


def test_a_person_can_not_remove_a_post_from_under_a_worked_story(workspace: Workspace) -> None:
    worked, untouched = story_of(workspace, 1), story_of(workspace, 1)
    write(worked)

    with pytest.raises(TransitionError, match="worked on"):
        post_remove(post=Post.objects.get(membership__story=worked), reason="Реклама")
    post_remove(post=Post.objects.get(membership__story=untouched), reason="Реклама")

    assert list(Story.objects.values_list("pk", flat=True)) == [worked.pk]


def test_no_post_is_deleted_from_under_a_story_and_a_workspace_goes_whole(workspace: Workspace) -> None:
    story = story_of(workspace, 1)
    with pytest.raises(RestrictedError):
        Post.objects.all().delete()

    workspace.delete()

    assert not Story.objects.filter(pk=story.pk).exists()
    assert Post.objects.count() == 0


def test_keeping_again_changes_nothing(workspace: Workspace) -> None:
    story = story_of(workspace, 1)
    stories_keep([story.pk])
    assert used(story) == {False}
    write(story)
    stories_keep([story.pk])
    assert used(story) == {True}
