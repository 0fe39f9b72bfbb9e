"""What a source changes or deletes reaches the story: its post's terms, and a mark until the text is written anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from apps.core.clock import now
from apps.sources.models import Post
from apps.sources.ports import Item
from apps.sources.services import posts_intake, posts_mark_deleted
from apps.stories.models import Grouping, PostTerms, Story, StoryPost
from apps.stories.queue import second_line
from apps.stories.services.batches import groupings_group
from apps.stories.services.streams import streams_forget
from tests.stories.factories import BEGAN, SourceFactory, VersionFactory

pytestmark = pytest.mark.django_db
FERRY = "Паром «Ладога» сел на мель у Студёного мыса, пассажиров снимают катерами."
FIRE = "На складе канатной фабрики в порту пожар, огонь тушат три расчёта."


def group() -> None:
    with transaction.atomic():
        groupings_group(list(Grouping.objects.exclude(state="done").order_by("pk")))
        Grouping.objects.exclude(state="done").update(state="done", finished_at=now(), token=None)


@pytest.fixture
def post() -> Post:
    """A grouped post."""
    streams_forget()
    source = SourceFactory.create()
    posts_intake(source=source, items=[Item(external_id="1", text=FERRY, published_at=BEGAN)])
    group()
    return Post.objects.get()


def change(post: Post, text: str) -> None:
    posts_intake(source=post.source, items=[Item(external_id="1", text=text)])


@pytest.mark.parametrize("forget", [True, False])
def test_changed_post_is_found_by_its_new_words_and_stays_in_its_story(post: Post, forget: bool) -> None:
    story = Story.objects.get()
    before = PostTerms.objects.get()

    change(post, FIRE)
    group()
    if forget:
        streams_forget()
    posts_intake(
        source=SourceFactory.create(workspace=post.workspace),
        items=[
            Item(external_id="1", text=FIRE, published_at=BEGAN + timedelta(hours=1)),
            Item(external_id="2", text=FERRY, published_at=BEGAN + timedelta(hours=1)),
        ],
    )
    group()

    terms = PostTerms.objects.get(post=post)
    assert terms.pk != before.pk
    assert bytes(terms.terms) != bytes(before.terms)
    assert StoryPost.objects.get(post=post).story == story
    assert {member.post.text for member in story.memberships.all()} == {FIRE}
    assert story.memberships.count() == 2


def test_change_that_says_the_same_renews_nothing(post: Post) -> None:
    before = PostTerms.objects.values().get()

    change(post, f"{FERRY} ")
    change(post, f"{FERRY}!")
    group()

    assert PostTerms.objects.values().get() == before


def test_change_of_a_waiting_post_is_grouped_once() -> None:
    source = SourceFactory.create()
    posts_intake(source=source, items=[Item(external_id="1", text=FERRY)])
    posts_intake(source=source, items=[Item(external_id="1", text=FIRE)])

    assert Grouping.objects.count() == 1
    group()
    assert Story.objects.get().title == FIRE


def test_story_is_behind_from_the_change_until_it_is_written_anew(post: Post) -> None:
    story = Story.objects.get()
    assert not story.is_behind_sources
    story.current_version = VersionFactory.create(story=story, number=1)
    story.save()

    change(post, FIRE)

    story.refresh_from_db()
    assert story.is_behind_sources
    assert "a source changed since" in second_line(story)
    story.current_version = VersionFactory.create(story=story, number=2)
    assert not story.is_behind_sources


def test_deleted_post_marks_its_story_alone(post: Post) -> None:
    posts_intake(source=post.source, items=[Item(external_id="2", text=FIRE, published_at=BEGAN)])
    group()

    posts_mark_deleted(source=post.source, external_ids=["1"])

    marked = Story.objects.exclude(sources_changed_at=None)
    assert [story.memberships.get().post_id for story in marked] == [post.pk]
