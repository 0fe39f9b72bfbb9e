"""Stories by hand: from nothing, a link, a pasted text, chosen posts; what is refused, what grouping leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.sources.models import Poll, Post, Source
from apps.stories.models import Grouping, PageFetch, Story, StoryPost
from apps.stories.services import by_hand
from apps.stories.services.by_hand import (
    fetch_of,
    page_cancel,
    page_retry,
    story_from_link,
    story_from_nothing,
    story_from_posts,
    story_from_text,
)
from apps.stories.services.taking_back import correction_take_back
from apps.stories.tasks import groupings_group, pages_fetch
from tests.servers import site
from tests.servers.site import SiteServer
from tests.sources.pages import article
from tests.stories.factories import (
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db
Origin = Story.Origin
TEXT = "В Северодоле открыли мост через реку Тихую. Он длиной 412 метров, строили его три года."


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create(language="ru")
    return made


@pytest.fixture
def host(settings: Any) -> Iterator[SiteServer]:
    """A web host on loopback that may be asked, without waiting between requests."""
    with site.running() as server:
        settings.HTTP_ALLOW_PRIVATE = [server.url.removeprefix("http://")]
        settings.HTTP_HOST_INTERVAL_S = 0.0
        yield server


@pytest.fixture
def editor() -> User:
    made: User = UserFactory.create()
    return made


def posts_in(story: Story) -> list[Post]:
    return list(Post.objects.filter(membership__story=story).order_by("published_at", "pk"))


def test_from_nothing_has_a_title_and_no_sources(workspace: Workspace, editor: User) -> None:
    story = story_from_nothing(workspace=workspace, title="  Итоги   недели ", editor=editor)
    assert (story.title, story.origin, story.status) == ("Итоги недели", Origin.NOTHING, Story.Status.NEW)
    assert posts_in(story) == []
    entry = AuditEntry.objects.get(verb="story.made_by_hand")
    assert (entry.actor, entry.details) == (editor, {"from": "nothing"})


def test_from_nothing_without_a_title_is_refused(workspace: Workspace, editor: User) -> None:
    with pytest.raises(TransitionError):
        story_from_nothing(workspace=workspace, title="  ", editor=editor)
    assert not Story.objects.exists()


def test_a_pasted_text_becomes_a_post_of_its_own_source(workspace: Workspace, editor: User) -> None:
    story = story_from_text(workspace=workspace, title="", text=f"\n{TEXT}\n", editor=editor)
    post = posts_in(story)[0]
    assert (post.text, post.source.kind, post.is_used) == (TEXT, Source.Kind.HAND, True)
    assert story.title.startswith("В Северодоле открыли мост")
    assert (story.origin, story.posts_count, story.sources_count) == (Origin.TEXT, 1, 1)
    assert not Poll.objects.exists()


def test_two_texts_share_one_source_and_each_has_its_own_post(workspace: Workspace, editor: User) -> None:
    first = story_from_text(workspace=workspace, title="Мост", text=TEXT, editor=editor)
    second = story_from_text(workspace=workspace, title="Мост", text=TEXT, editor=editor)
    assert Source.objects.filter(kind=Source.Kind.HAND).count() == 1
    assert posts_in(first)[0] != posts_in(second)[0]


def test_grouping_leaves_a_post_by_hand_where_it_is(workspace: Workspace, editor: User) -> None:
    other = PostFactory.create(source=SourceFactory.create(workspace=workspace), text=TEXT, published_at=now())
    Grouping.objects.create(workspace=workspace, post=other, not_before=now())
    groupings_group()
    story = story_from_text(workspace=workspace, title="Мост", text=TEXT, editor=editor)
    groupings_group()
    assert [post.source.kind for post in posts_in(story)] == [Source.Kind.HAND]
    assert StoryPost.objects.get(post=other).story != story


@pytest.mark.parametrize("text", ["", "   ", "а" * 100_001])
def test_no_text_or_far_too_much_is_refused(workspace: Workspace, editor: User, text: str) -> None:
    with pytest.raises(TransitionError):
        story_from_text(workspace=workspace, title="Мост", text=text, editor=editor)
    assert not Story.objects.exists()
    assert not Post.objects.exists()


def test_the_source_by_hand_takes_another_name_where_its_own_is_taken(workspace: Workspace, editor: User) -> None:
    story_from_text(workspace=WorkspaceFactory.create(), title="Чужое", text=TEXT, editor=editor)
    taken = Source.objects.get(kind=Source.Kind.HAND).name
    SourceFactory.create(workspace=workspace, name=taken)
    story_from_text(workspace=workspace, title="Мост", text=TEXT, editor=editor)
    assert Source.objects.get(workspace=workspace, kind=Source.Kind.HAND).name == f"{taken} 2"


def test_a_link_is_fetched_in_the_background(workspace: Workspace, editor: User, host: SiteServer) -> None:
    url = host.page("/news/most.html", article("Мост открыли").encode())
    story = story_from_link(workspace=workspace, address=url, editor=editor)
    waiting = fetch_of(story)
    assert waiting is not None
    assert (story.origin, posts_in(story), waiting.is_live) == (Origin.LINK, [], True)
    pages_fetch()
    story.refresh_from_db()
    post = posts_in(story)[0]
    assert (story.title, post.title, post.url, fetch_of(story)) == ("Мост открыли", "Мост открыли", url, None)
    assert "загорелся склад" in post.text
    pages_fetch()
    assert story.posts_count == Post.objects.count() == 1


def test_what_the_editor_called_it_meanwhile_stays(workspace: Workspace, editor: User, host: SiteServer) -> None:
    url = host.page("/news/most.html", article("Мост открыли").encode())
    story = story_from_link(workspace=workspace, address=url, editor=editor)
    Story.objects.filter(pk=story.pk).update(title="Своё название")
    pages_fetch()
    story.refresh_from_db()
    assert story.title == "Своё название"


def test_a_page_that_is_not_there_fails_in_words_and_is_tried_again(
    workspace: Workspace, editor: User, host: SiteServer
) -> None:
    url = host.page("/news/most.html", b"", status=404)
    story = story_from_link(workspace=workspace, address=url, editor=editor)
    pages_fetch()
    failed = fetch_of(story)
    assert failed is not None
    assert (failed.state, "404" in failed.error) == (PageFetch.State.DEAD, True)
    assert posts_in(story) == []
    host.page("/news/most.html", article("Мост открыли").encode())
    page_retry(story=story, editor=editor)
    pages_fetch()
    assert [post.title for post in posts_in(story)] == ["Мост открыли"]


def test_a_site_in_trouble_is_asked_again_by_itself(workspace: Workspace, editor: User, host: SiteServer) -> None:
    url = host.page("/news/most.html", b"", status=502)
    story = story_from_link(workspace=workspace, address=url, editor=editor)
    pages_fetch()
    waiting = fetch_of(story)
    assert waiting is not None
    assert (waiting.state, "502" in waiting.error) == (PageFetch.State.READY, True)
    host.page("/news/most.html", article("Мост открыли").encode())
    PageFetch.objects.update(not_before=now() - timedelta(seconds=1))
    pages_fetch()
    assert len(posts_in(story)) == 1


def test_a_wall_instead_of_the_article_is_told(workspace: Workspace, editor: User, host: SiteServer) -> None:
    wall = b"<html><title>Just a moment...</title><body>Checking your browser</body></html>"
    story = story_from_link(workspace=workspace, address=host.page("/a.html", wall), editor=editor)
    pages_fetch()
    failed = fetch_of(story)
    assert failed is not None
    assert (failed.state, failed.error_code) == (PageFetch.State.DEAD, "page_challenge")


def test_a_cancelled_fetch_brings_nothing(workspace: Workspace, editor: User, host: SiteServer) -> None:
    url = host.page("/news/most.html", article("Мост открыли").encode())
    story = story_from_link(workspace=workspace, address=url, editor=editor)
    page_cancel(story=story, editor=editor)
    pages_fetch()
    assert posts_in(story) == []
    assert host.log == []
    with pytest.raises(TransitionError):
        page_cancel(story=story, editor=editor)


@pytest.mark.parametrize("address", ["ftp://example.org/a", "https://user:secret@example.org/", "javascript:alert(1)"])
def test_an_address_that_must_not_be_fetched_begins_nothing(workspace: Workspace, editor: User, address: str) -> None:
    with pytest.raises(PermanentError):
        story_from_link(workspace=workspace, address=address, editor=editor)
    assert not Story.objects.exists()
    assert not PageFetch.objects.exists()


def test_chosen_posts_leave_their_stories_and_it_is_a_correction(workspace: Workspace, editor: User) -> None:
    source = SourceFactory.create(workspace=workspace)
    old = StoryFactory.create(workspace=workspace, posts_count=2)
    stays, leaves, free = (PostFactory.create(source=source) for _ in range(3))
    for post in (stays, leaves):
        StoryPostFactory.create(story=old, post=post)
    story = story_from_posts(workspace=workspace, posts=[leaves.pk, free.pk], title="", editor=editor)
    assert (posts_in(story), posts_in(old)) == ([leaves, free], [stays])
    old.refresh_from_db()
    assert (story.origin, story.posts_count, old.posts_count) == (Origin.POSTS, 2, 1)
    assert story.title == leaves.text


def test_taking_posts_out_of_stories_can_be_taken_back(workspace: Workspace, editor: User) -> None:
    old = StoryFactory.create(workspace=workspace, posts_count=1)
    post, free = (PostFactory.create(source=SourceFactory.create(workspace=workspace)) for _ in range(2))
    StoryPostFactory.create(story=old, post=post)
    story = story_from_posts(workspace=workspace, posts=[post.pk, free.pk], title="Мост", editor=editor)
    entry = AuditEntry.objects.get(verb="story.split", target_id=str(old.pk))
    correction_take_back(entry=entry, editor=editor)
    old.refresh_from_db()
    assert (posts_in(old), old.status, posts_in(story)) == ([post], Story.Status.NEW, [free])


def test_posts_that_are_nowhere_are_no_correction(workspace: Workspace, editor: User) -> None:
    post = PostFactory.create(source=SourceFactory.create(workspace=workspace))
    story = story_from_posts(workspace=workspace, posts=[post.pk], title="", editor=editor)
    assert (posts_in(story), story.posts_count) == ([post], 1)
    assert not AuditEntry.objects.filter(verb="story.split").exists()


def test_a_post_that_grouping_has_just_placed_is_moved(
    workspace: Workspace, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SourceFactory.create(workspace=workspace)
    old, post = StoryFactory.create(workspace=workspace, posts_count=2), PostFactory.create(source=source)
    StoryPostFactory.create(story=old, post=PostFactory.create(source=source))
    hold = by_hand.stories_hold

    def held(workspace_id: int, stories: Any) -> Any:
        if not StoryPost.objects.filter(post=post).exists():
            StoryPostFactory.create(story=old, post=post)
        return hold(workspace_id, stories)

    monkeypatch.setattr(by_hand, "stories_hold", held)
    story = story_from_posts(workspace=workspace, posts=[post.pk], title="Мост", editor=editor)
    assert posts_in(story) == [post]
    assert AuditEntry.objects.filter(verb="story.split").exists()


def test_a_story_that_loses_its_last_post_is_put_aside(workspace: Workspace, editor: User) -> None:
    old = StoryFactory.create(workspace=workspace, posts_count=1)
    post = PostFactory.create(source=SourceFactory.create(workspace=workspace))
    StoryPostFactory.create(story=old, post=post)
    story = story_from_posts(workspace=workspace, posts=[post.pk], title="Мост", editor=editor)
    old.refresh_from_db()
    assert (old.status, old.merged_into, story.title) == (Story.Status.ASIDE, story, "Мост")


def test_an_approved_story_keeps_its_last_post(workspace: Workspace, editor: User) -> None:
    old = story_with_text(workspace=workspace)
    Story.objects.filter(pk=old.pk).update(status=Story.Status.APPROVED)
    post = PostFactory.create(source=SourceFactory.create(workspace=workspace))
    StoryPost.objects.filter(story=old).delete()
    StoryPostFactory.create(story=old, post=post)
    with pytest.raises(TransitionError):
        story_from_posts(workspace=workspace, posts=[post.pk], title="Мост", editor=editor)
    assert posts_in(old) == [post]
    assert Story.objects.count() == 1


def test_posts_of_another_workspace_are_not_taken(workspace: Workspace, editor: User) -> None:
    foreign = PostFactory.create()
    with pytest.raises(TransitionError):
        story_from_posts(workspace=workspace, posts=[foreign.pk], title="Мост", editor=editor)
    with pytest.raises(TransitionError):
        story_from_posts(workspace=workspace, posts=[], title="Мост", editor=editor)
    assert not Story.objects.exists()
