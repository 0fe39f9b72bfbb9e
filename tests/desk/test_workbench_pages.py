"""Around the text of the workbench: the next story of the list, long stories by pages, proofreading without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.desk.story_page import POSTS_SHOWN, VERSIONS_SHOWN
from apps.stories.models import Story, StoryPost, StoryVersion, UnsavedText
from tests.stories.factories import (
    MembershipFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def editor(workspace: Workspace) -> User:
    user: User = UserFactory.create(language="en")
    MembershipFactory.create(workspace=workspace, user=user, role=Membership.Role.EDITOR)
    return user


@pytest.fixture
def desk(editor: User) -> Client:
    client = Client()
    client.force_login(editor)
    return client


def page(desk: Client, story: Story, **query: object) -> str:
    return desk.get(reverse("desk:story", args=[story.pk]), query).content.decode()


def beside(desk: Client, story: Story, *, listed: str = "", back: bool = False) -> str:
    query = {**({"_changelist_filters": listed} if listed else {}), **({"back": "1"} if back else {})}
    return str(desk.get(reverse("desk:story_neighbour", args=[story.pk]), query)["Location"])


def at(story: Story, listed: str = "") -> str:
    address = reverse("desk:story", args=[story.pk])
    return f"{address}?_changelist_filters={quote(listed, safe='')}" if listed else address


def story_at(workspace: Workspace, hours: float, **fields: object) -> Story:
    made: Story = StoryFactory.create(workspace=workspace, last_at=now() - timedelta(hours=hours), **fields)
    return made


# The next story of the list


def test_new_stories_follow_by_rank_as_they_stand_in_their_list(workspace: Workspace, desk: Client) -> None:
    listed = "status__exact=new"
    ranks = {5: 10.0, 1: 30.0, 3: 20.0}  # hours ago: the rank
    by_rank = sorted(
        (story_at(workspace, hours, rank=rank) for hours, rank in ranks.items()), key=lambda one: -one.rank
    )
    story_at(workspace, 2, rank=25.0, status=Story.Status.DRAFT)
    assert beside(desk, by_rank[0], listed=listed) == at(by_rank[1], listed)
    assert beside(desk, by_rank[1], listed=listed) == at(by_rank[2], listed)
    assert beside(desk, by_rank[1], listed=listed, back=True) == at(by_rank[0], listed)
    assert beside(desk, by_rank[2], listed=listed) == at(by_rank[2], listed)


def test_an_order_that_the_editor_chose_is_followed(workspace: Workspace, desk: Client) -> None:
    few, many = story_at(workspace, 1, rank=1.0), story_at(workspace, 4, rank=9.0)
    assert beside(desk, many, listed="order=rank") == at(few, "order=rank")
    assert beside(desk, many, listed="order=time", back=True) == at(few, "order=time")


def test_a_column_that_the_list_is_sorted_by_is_followed(workspace: Workspace, desk: Client) -> None:
    three, one, two = (story_at(workspace, hours, sources_count=count) for hours, count in ((1, 3), (2, 1), (3, 2)))
    assert beside(desk, one, listed="o=2") == at(two, "o=2")
    assert beside(desk, two, listed="o=2") == at(three, "o=2")
    assert beside(desk, two, listed="o=-2") == at(one, "o=-2")


def test_search_and_page_of_the_list_are_heeded(workspace: Workspace, desk: Client) -> None:
    first, other, last = (
        story_at(workspace, hours, title=title)
        for hours, title in ((1, "Harbour"), (2, "Market"), (3, "Harbour again"))
    )
    listed = "q=Harbour&p=7"
    assert beside(desk, first, listed=listed) == at(last, listed)
    assert beside(desk, last, listed=listed, back=True) == at(first, listed)
    assert beside(desk, first) == at(other)


def test_a_story_that_has_left_its_list_keeps_its_place_there(workspace: Workspace, desk: Client) -> None:
    before, gone, after = (story_at(workspace, hours, status=Story.Status.REVIEW) for hours in (1, 2, 3))
    Story.objects.filter(pk=gone.pk).update(status=Story.Status.ASIDE)
    listed = "status__exact=review"
    assert beside(desk, gone, listed=listed) == at(after, listed)
    assert beside(desk, gone, listed=listed, back=True) == at(before, listed)


@pytest.mark.parametrize(
    "listed", ["nothing_such=1", "status__exact=zzz", "workspace__members__x=1", "o=9", "%", "q=\x00"]
)
def test_a_list_that_is_none_is_no_way_out_of_the_workspace(workspace: Workspace, desk: Client, listed: str) -> None:
    mine = story_at(workspace, 1)
    StoryFactory.create(last_at=now() - timedelta(hours=2))
    answer = desk.get(reverse("desk:story_neighbour", args=[mine.pk]), {"_changelist_filters": listed})
    assert answer.status_code == 302
    assert answer["Location"].startswith(at(mine))


def test_stories_of_one_moment_are_each_passed_once(workspace: Workspace, desk: Client) -> None:
    moment = now()
    for _each in range(4):
        StoryFactory.create(workspace=workspace, last_at=moment)
    keys = sorted(Story.objects.values_list("pk", flat=True), reverse=True)
    for this, following in pairwise(keys):
        assert beside(desk, Story.objects.get(pk=this)) == reverse("desk:story", args=[following])


# Long stories


def long_story(workspace: Workspace, *, posts: int, versions: int) -> Story:
    """A story of so many posts and versions, the last of which is its text."""
    story: Story = StoryFactory.create(workspace=workspace)
    source = SourceFactory.create(workspace=workspace)
    for number in range(posts):
        post = PostFactory.create(source=source, published_at=now() - timedelta(minutes=posts - number))
        StoryPostFactory.create(story=story, post=post)
    made = [VersionFactory.create(story=story, number=number + 1, based_on=number) for number in range(versions)]
    story.current_version = made[-1] if made else None
    story.save()
    return story


def posts_in(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="post-(\d+)"', text)]


def versions_in(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="version-(\d+)"', text)]


def test_every_post_and_version_is_on_one_page_and_on_one_only(workspace: Workspace, desk: Client) -> None:
    story = long_story(workspace, posts=POSTS_SHOWN + 3, versions=VERSIONS_SHOWN + 2)
    first = page(desk, story)
    rest = page(desk, story, posts=POSTS_SHOWN, versions=VERSIONS_SHOWN)
    keys = list(StoryPost.objects.filter(story=story).order_by("post__published_at").values_list("post_id", flat=True))
    assert (posts_in(first), posts_in(rest)) == (keys[:POSTS_SHOWN], keys[POSTS_SHOWN:])
    assert versions_in(first) + versions_in(rest) == list(range(VERSIONS_SHOWN + 2, 0, -1))
    assert f"?posts={POSTS_SHOWN}#wb-sources" in first
    assert f"?versions={VERSIONS_SHOWN}#wb-versions" in first
    assert "data-more-next" not in rest
    assert rest.count("data-more-first") == 2


def test_a_short_story_has_no_second_page(workspace: Workspace, desk: Client) -> None:
    shown = page(desk, long_story(workspace, posts=2, versions=2), posts="99", versions="x")
    assert (len(posts_in(shown)), versions_in(shown)) == (2, [2, 1])
    assert "data-more" not in shown.replace("workbench-more", "")


def test_the_first_source_is_told_on_its_own_page_alone(workspace: Workspace, desk: Client) -> None:
    story = long_story(workspace, posts=POSTS_SHOWN + 1, versions=0)
    mark = '<span class="wb-note">first</span>'
    assert (page(desk, story).count(mark), page(desk, story, posts=POSTS_SHOWN).count(mark)) == (1, 0)


def test_a_text_that_is_not_listed_is_edited_compared_and_opened(workspace: Workspace, desk: Client) -> None:
    story = long_story(workspace, posts=1, versions=VERSIONS_SHOWN + 5)
    old = StoryVersion.objects.get(story=story, number=1)
    Story.objects.filter(pk=story.pk).update(current_version=old)
    StoryVersion.objects.filter(pk=old.pk).update(body="The very first text.")
    shown = page(desk, story)
    assert "The very first text." in shown
    assert 'data-version="1"' in shown
    assert versions_in(shown)[-1] == 6
    assert '<option value="1"' in shown
    assert "This is version 2 as it was" in page(desk, story, version=2)
    assert "This is version" not in page(desk, story, version=999)


def test_a_long_story_costs_no_more_questions_than_a_short_one(workspace: Workspace, desk: Client) -> None:
    short, long = (long_story(workspace, posts=size, versions=size) for size in (3, POSTS_SHOWN + 9))
    for story in (short, long):
        page(desk, story)  # what the first look keeps
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(desk, short)
    with CaptureQueriesContext(connection) as many:
        page(desk, long)
    assert len(many) <= len(few)


# Proofreading without scripts

TYPED = {"title": "Порт - сегодня", "lead": "", "body": 'Склад - "пуст".', "tags": "порт", "based_on": "1"}


def test_without_scripts_the_fields_come_back_proofread_and_nothing_is_saved(
    workspace: Workspace, desk: Client
) -> None:
    story = story_with_text(workspace=workspace)
    answer = desk.post(reverse("desk:story_proofread_page", args=[story.pk]), TYPED)
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="Порт\u00a0— сегодня"' in shown
    assert "Склад\u00a0— «пуст».</textarea>" in shown
    assert "It is not saved yet" in shown
    assert "<ins>" in shown
    assert StoryVersion.objects.filter(story=story).count() == 1
    assert not UnsavedText.objects.exists()


def test_without_scripts_the_text_is_given_back_as_it_was_typed(workspace: Workspace, desk: Client) -> None:
    story = story_with_text(workspace=workspace)
    shown = desk.post(
        reverse("desk:story_proofread_page", args=[story.pk]), {**TYPED, "as_typed": "1"}
    ).content.decode()
    assert 'value="Порт - сегодня"' in shown
    assert "Склад - &quot;пуст&quot;.</textarea>" in shown
    assert "It is not saved yet" not in shown


def test_without_scripts_what_is_in_doubt_is_told_and_left(workspace: Workspace, desk: Client) -> None:
    story = story_with_text(workspace=workspace)
    form = {**TYPED, "title": "Порт", "body": "Он человк."}
    shown = desk.post(reverse("desk:story_proofread_page", args=[story.pk]), form).content.decode()
    assert "Он человк.</textarea>" in shown
    assert "<b>человк</b>" in shown
    assert "Nothing to change." in shown


def test_a_text_too_long_to_check_comes_back_whole(workspace: Workspace, desk: Client) -> None:
    story = story_with_text(workspace=workspace)
    form = {**TYPED, "body": "я" * 100_001}
    shown = desk.post(reverse("desk:story_proofread_page", args=[story.pk]), form).content.decode()
    assert "The text is too long to check." in shown
    assert "я" * 100_001 in shown


@pytest.mark.parametrize(("role", "status"), [(Membership.Role.VIEWER, 403), (None, 404)])
def test_who_may_not_rewrite_is_not_answered(workspace: Workspace, role: str | None, status: int) -> None:
    user: User = UserFactory.create(language="en")
    if role is None:
        MembershipFactory.create(user=user, role=Membership.Role.OWNER)
    else:
        MembershipFactory.create(workspace=workspace, user=user, role=role)
    client = Client()
    client.force_login(user)
    story = story_with_text(workspace=workspace)
    assert client.post(reverse("desk:story_proofread_page", args=[story.pk]), TYPED).status_code == status
