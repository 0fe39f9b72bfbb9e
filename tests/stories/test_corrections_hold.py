"""Grouping holds to what editors said: locked stories, posts kept apart, posts put together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.core.work import drain
from apps.sources.models import CopyCheck, Post, Voice
from apps.sources.ports import Item
from apps.sources.services import posts_intake
from apps.sources.services.families import family_create, family_remove
from apps.sources.tasks import COPY_CHECKS
from apps.stories.models import Grouping, Judgement, Story, StoryPost
from apps.stories.services.corrections import post_move, post_pin, story_split
from apps.stories.services.grouping import posts_added
from apps.stories.services.judgements import said_of
from apps.stories.services.merging import stories_merge
from apps.stories.tasks import GROUPINGS, RECOUNTS
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, WorkspaceFactory
from tests.stories.news import NEWS, added

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts() -> list[Post]:
    """The news of one workspace, grouped: the fire is told by the first, the third and a later one."""
    posts = added(WorkspaceFactory.create())
    group()
    return posts


def group() -> None:
    drain.run_batches(GROUPINGS)


def later(posts: Sequence[Post], text: str, **fields: object) -> Post:
    """One more post of the same hour and another source, not grouped yet."""
    source = SourceFactory.create(workspace=posts[0].workspace)
    post: Post = PostFactory.create(source=source, text=text, published_at=posts[0].published_at, **fields)
    posts_added([post])
    return post


def story_of(post: Post) -> Story:
    found: Story = StoryPost.objects.get(post=post).story
    return found


def apart(first: Post, second: Post) -> None:
    first, second = sorted((first, second), key=lambda post: post.pk)
    Judgement.objects.create(
        workspace=first.workspace, first=first, second=second, is_same=False, cause=Judgement.Cause.NEVER
    )


def test_a_locked_story_takes_no_more_posts(posts: list[Post]) -> None:
    fire = story_of(posts[0])
    Story.objects.filter(pk=fire.pk).update(is_locked=True)
    copy, alike = later(posts, NEWS[0].text, copy_of=posts[0]), later(posts, NEWS[0].text)
    group()
    assert story_of(copy) == story_of(alike) != fire
    fire.refresh_from_db()
    assert fire.posts_count == 3


def test_an_open_story_of_a_post_that_is_like_it_takes_what_the_locked_one_refused(posts: list[Post]) -> None:
    Story.objects.filter(pk=story_of(posts[0]).pk).update(is_locked=True)
    first = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    second = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    assert story_of(first) == story_of(second)


def test_a_copy_of_a_post_kept_apart_goes_elsewhere(posts: list[Post]) -> None:
    other = later(posts, "Совсем о другом.")
    StoryPost.objects.create(story=story_of(posts[0]), post=other)
    apart(other, posts[0])
    copy = later(posts, "Совсем о другом.", copy_of=other)
    group()
    assert story_of(copy) != story_of(posts[0])


def test_a_post_kept_apart_from_another_does_not_meet_its_copy(posts: list[Post]) -> None:
    member = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    StoryPost.objects.filter(post=posts[0]).delete()
    refused = later(posts, NEWS[0].text)
    apart(posts[0], refused)
    group()
    assert story_of(refused) != story_of(member)


def test_what_is_kept_apart_does_not_meet_within_a_batch(posts: list[Post]) -> None:
    text = "Паром «Ладога» сел на мель у Студёного мыса, пассажиров снимают катерами."
    first, second = later(posts, text), later(posts, text)
    apart(first, second)
    group()
    assert story_of(first) != story_of(second)


def test_posts_alike_meet_where_nothing_was_said(posts: list[Post]) -> None:
    text = "Паром «Ладога» сел на мель у Студёного мыса, пассажиров снимают катерами."
    first, second = later(posts, text), later(posts, text)
    group()
    assert story_of(first) == story_of(second)


def test_a_post_that_comes_back_goes_where_an_editor_had_put_it(posts: list[Post]) -> None:
    back = later(posts, "Ничего общего ни с чем.")
    Judgement.objects.create(
        workspace=back.workspace, first=posts[0], second=back, is_same=True, cause=Judgement.Cause.MOVED
    )
    group()
    assert story_of(back) == story_of(posts[0])
    assert StoryPost.objects.get(post=back).reasons == {"judged": posts[0].pk}


def test_one_query_tells_what_was_said_of_a_batch(posts: list[Post], django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        said = said_of(posts[0].workspace_id, posts)
    assert (said.apart, said.same) == ({}, {})


def test_another_workspace_s_judgements_do_not_count(posts: list[Post]) -> None:
    apart(posts[0], posts[2])
    assert said_of(WorkspaceFactory.create().pk, posts).apart == {}


def moved(posts: list[Post]) -> tuple[Post, Story]:
    """A post of the fire that an editor moved to the story of the rate, and pinned there."""
    editor = MembershipFactory.create(workspace=posts[0].workspace).user
    rate = story_of(posts[1])
    post_move(post=posts[0], story=story_of(posts[0]), target=rate, editor=editor)
    post_pin(post=posts[0], story=rate, editor=editor)
    return posts[0], rate


def test_a_moved_post_stays_when_its_source_changes_it(posts: list[Post]) -> None:
    post, rate = moved(posts)
    item = Item(external_id=post.external_id, channel=post.channel, text=f"{NEWS[2].text} Дополнено.")
    posts_intake(source=post.source, items=[item])
    group()
    assert Post.objects.get(pk=post.pk).revision == 2
    assert (story_of(post), StoryPost.objects.get(post=post).is_pinned) == (rate, True)


def test_a_moved_copy_stays_when_its_original_is_looked_for_again(posts: list[Post]) -> None:
    copy = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    editor = MembershipFactory.create(workspace=copy.workspace).user
    own = post_move(post=copy, story=story_of(copy), editor=editor)
    CopyCheck.objects.create(workspace=copy.workspace, post=copy)
    drain.run_batches(COPY_CHECKS)
    group()
    assert story_of(copy) == own


def test_a_copy_that_comes_later_stays_with_its_original(posts: list[Post]) -> None:
    copy = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    editor = MembershipFactory.create(workspace=copy.workspace).user
    fire, own = story_of(posts[0]), post_move(post=copy, story=story_of(copy), editor=editor)
    another = later(posts, NEWS[0].text, copy_of=posts[0])
    group()
    assert story_of(another) == fire != own


def test_a_copy_of_a_moved_post_follows_it(posts: list[Post]) -> None:
    post, rate = moved(posts)
    copy = later(posts, NEWS[0].text, copy_of=post)
    group()
    assert story_of(copy) == rate


def test_a_moved_post_stays_when_families_change_and_is_counted_by_them(posts: list[Post]) -> None:
    post, rate = moved(posts)
    editor = MembershipFactory.create(workspace=post.workspace).user
    voices = [Voice.objects.get_or_create(source=post.source, channel=name)[0] for name in ("Гавань", "Биржа")]
    family = family_create(workspace=post.workspace, name="Порт", voices=voices, actor=editor)
    drain.run(RECOUNTS)
    rate.refresh_from_db()
    assert (story_of(post), rate.posts_count, rate.sources_count) == (rate, 3, 1)
    family_remove(family=family, actor=editor)
    drain.run(RECOUNTS)
    rate.refresh_from_db()
    assert (story_of(post), rate.sources_count) == (rate, 2)


def test_a_post_that_is_told_of_again_stays(posts: list[Post]) -> None:
    post, rate = moved(posts)
    Grouping.objects.filter(post=post).delete()
    posts_added([post])
    group()
    assert story_of(post) == rate


def test_what_is_split_off_stays_apart_when_a_like_post_comes(posts: list[Post]) -> None:
    editor = MembershipFactory.create(workspace=posts[0].workspace).user
    fire = story_of(posts[0])
    split = story_split(story=fire, posts=[posts[5].pk], editor=editor)
    copies = [later(posts, "Склад потушен.", copy_of=original) for original in (posts[0], posts[5])]
    group()
    assert [story_of(copy) for copy in copies] == [fire, split]


def test_posts_of_a_merged_story_bring_later_ones_to_where_they_are(posts: list[Post]) -> None:
    editor = MembershipFactory.create(workspace=posts[0].workspace).user
    fire, rate = story_of(posts[0]), story_of(posts[1])
    stories_merge(into=rate, others=[fire], editor=editor)
    copy, alike = later(posts, "Склад.", copy_of=posts[0]), later(posts, NEWS[0].text)
    group()
    assert (story_of(copy), story_of(alike)) == (rate, rate)
    fire.refresh_from_db()
    assert fire.posts_count == 0
