"""Corrections on the workbench and their pages: plain forms, one step back, nobody else's rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.core.clock import now
from apps.desk.parts.reasons import once
from apps.sources.models import Post
from apps.stories.models import Judgement, Story, StoryPost
from tests.stories.factories import (
    BEGAN,
    MembershipFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
TEXTS = ("Склад в порту загорелся.", "Горит склад в порту: 4200 метров.", "Пожар на складе тушит Анна Волкова.")


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def story(workspace: Workspace) -> Story:
    return story_of(workspace, *TEXTS)


@pytest.fixture
def client(workspace: Workspace) -> Client:
    return as_user(user_with(workspace, Membership.Role.EDITOR))


def story_of(workspace: Workspace, *texts: str, title: str = "Пожар") -> Story:
    made: Story = StoryFactory.create(
        workspace=workspace, title=title, posts_count=len(texts), sources_count=len(texts)
    )
    for number, text in enumerate(texts):
        source = SourceFactory.create(workspace=workspace)
        post = PostFactory.create(source=source, text=text, published_at=BEGAN + timedelta(minutes=10 * number))
        StoryPostFactory.create(story=made, post=post)
    return made


def user_with(workspace: Workspace, role: str) -> User:
    user: User = UserFactory.create(language="en")
    MembershipFactory.create(workspace=workspace, user=user, role=role)
    return user


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def posts_of(story: Story) -> list[Post]:
    return list(Post.objects.filter(membership__story=story).order_by("published_at"))


def correct(client: Client, story: Story, **form: Any) -> str:
    """Press a button of the page; what the page says then."""
    reply = client.post(reverse("desk:story_correct", args=[story.pk]), form, follow=True)
    assert reply.status_code == 200
    return str(reply.content.decode())


def page(client: Client, story: Story) -> str:
    return str(client.get(reverse("desk:story", args=[story.pk])).content.decode())


def test_the_page_tells_facts_and_what_is_new(client: Client, story: Story) -> None:
    shown = page(client, story)
    assert 'aria-label="3 posts, most of them (1) from' in shown
    assert "<span>4200</span>" in shown
    assert "<span>Анна Волкова</span>" in shown
    assert ">Merge with…</a>" in shown


def test_the_page_tells_why_each_post_is_there(client: Client, story: Story, workspace: Workspace) -> None:
    first, second, third = StoryPost.objects.filter(story=story).order_by("post__published_at")
    second.reasons = {"post": first.post_id, "hours": 0.2, "terms": [["склад", 0.4]], "numbers": [["4200", 0.1]]}
    second.score = 0.61
    second.save()
    third.reasons = {"copy_of": first.post_id}
    third.save()
    shown = page(client, story)
    assert "here because of <span>4200</span>" in shown
    assert "likeness 0.61" in shown
    assert "here as a copy" in shown
    StoryPost.objects.filter(pk=third.pk).update(placed_by=user_with(workspace, Membership.Role.EDITOR))
    assert "put here by editor" in page(client, story)


def test_a_post_is_taken_out_and_put_back_by_the_message_s_button(client: Client, story: Story) -> None:
    post = posts_of(story)[2]
    said = correct(client, story, not_here=post.pk)
    assert StoryPost.objects.get(post=post).story != story
    entry = AuditEntry.objects.get(verb="story.post_moved", target_id=str(story.pk))
    assert f'form="wb-correct" name="take_back" value="{entry.pk}">Undo</button>' in said
    assert "Taken back." in correct(client, story, take_back=entry.pk)
    assert StoryPost.objects.get(post=post).story == story
    assert f'value="{entry.pk}">Undo' not in page(client, story)


def test_pin_lock_and_back(client: Client, story: Story) -> None:
    post = posts_of(story)[0]
    assert "Unpin" in correct(client, story, pin=post.pk)
    assert StoryPost.objects.get(post=post).is_pinned
    correct(client, story, unpin=post.pk)
    assert not StoryPost.objects.get(post=post).is_pinned
    assert 'name="unlock"' in correct(client, story, lock="1")
    correct(client, story, unlock="1")
    assert not Story.objects.get(pk=story.pk).is_locked


def test_a_refusal_is_told_in_words(client: Client, story: Story) -> None:
    post = posts_of(story)[0]
    StoryPost.objects.filter(post=post).update(story=story_of(story.workspace, "Другое."))
    assert "somebody has moved it meanwhile" in correct(client, story, not_here=post.pk)


def test_a_post_moves_to_a_story_found_by_words(client: Client, story: Story, workspace: Workspace) -> None:
    target = story_of(workspace, "Ставка.", title="Центробанк сохранил ставку")
    story_of(workspace, "Тигр.", title="В зоопарке тигрята")
    address = reverse("desk:post_move", args=[story.pk, posts_of(story)[0].pk])
    found = client.get(address, {"q": "центробанк СТАВКУ"}).content.decode()
    assert "Центробанк сохранил ставку" in found
    assert "тигрята" not in found
    client.post(address, {"target": target.pk})
    assert {post.text for post in posts_of(target)} == {"Склад в порту загорелся.", "Ставка."}


def test_a_post_never_belongs_with_another(client: Client, story: Story) -> None:
    second, third = posts_of(story)[1:]
    address = reverse("desk:post_apart", args=[story.pk, third.pk])
    assert "Горит склад" in client.get(address).content.decode()
    client.post(address, {"post": [second.pk]})
    assert StoryPost.objects.get(post=third).story != story
    assert list(Judgement.objects.values_list("first", "second", "is_same")) == [(second.pk, third.pk, False)]


def test_a_story_is_split_by_ticked_posts(client: Client, story: Story) -> None:
    first, second, third = posts_of(story)
    address = reverse("desk:story_split", args=[story.pk])
    assert "To a new story" in client.get(address).content.decode()
    client.post(address, {"post": [second.pk, third.pk]})
    assert posts_of(story) == [first]


def test_stories_are_merged_into_the_one_that_stays(client: Client, story: Story, workspace: Workspace) -> None:
    draft = story_of(workspace, "Склад горит.", title="Пожар на складе")
    Story.objects.filter(pk=draft.pk).update(
        status=Story.Status.DRAFT, current_version=VersionFactory.create(story=draft)
    )
    address = reverse("desk:stories_merge")
    shown = client.get(address, {"story": [story.pk, draft.pk]}).content.decode()
    assert f'name="into" value="{draft.pk}" checked' in shown
    reply = client.post(address, {"story": [story.pk, draft.pk], "into": draft.pk, "merge": "1"}, follow=True)
    assert "Undo" in reply.content.decode()
    assert len(posts_of(draft)) == 4
    merged = page(client, story)
    assert "Its posts went into" in merged
    assert "Not here" not in merged


def test_what_sources_changed_is_shown_until_seen(client: Client, story: Story) -> None:
    version = VersionFactory.create(story=story)
    moment = now()
    Story.objects.filter(pk=story.pk).update(
        status=Story.Status.PUBLISHED, published_at=moment, current_version=version, sources_changed_at=moment
    )
    Post.objects.filter(pk=posts_of(story)[1].pk).update(changed_at=moment, revision=2)
    shown = page(client, story)
    assert "1 of 3 sources was edited or deleted after your text was written." in shown
    assert "The text is published already." in shown
    assert f'name="seen" value="{moment.isoformat()}"' in shown
    correct(client, story, seen=moment.isoformat())
    shown = page(client, story)
    assert "1 of 3 sources was edited" in shown
    assert 'name="seen"' not in shown


@pytest.mark.parametrize("moment", ["", "x", "2026-13-45T00:00:00", "2026-11-21T08:00:00"])
def test_a_moment_that_is_none_takes_the_story_s_own(client: Client, story: Story, moment: str) -> None:
    Story.objects.filter(pk=story.pk).update(sources_changed_at=now())
    assert "Noted: the text stays as it is." in correct(client, story, seen=moment)


def test_words_to_look_for_may_hold_anything(client: Client, story: Story) -> None:
    words = {"q": "a\x00b", "story": story.pk}
    for address in (reverse("desk:post_move", args=[story.pk, posts_of(story)[0].pk]), reverse("desk:stories_merge")):
        shown = client.get(address, words)
        assert (shown.status_code, shown.context["q"]) == (200, "ab")


def test_a_changed_post_that_has_left_the_story_can_be_seen_off(client: Client, story: Story) -> None:
    moment = now()
    version = VersionFactory.create(story=story, created_at=moment - timedelta(hours=1))
    Story.objects.filter(pk=story.pk).update(
        status=Story.Status.DRAFT, current_version=version, sources_changed_at=moment
    )
    assert "⟳ a source changed since the text was written" in page(client, story)
    correct(client, story, seen=moment.isoformat())
    assert "⟳" not in page(client, story)


def addresses(story: Story) -> list[str]:
    post = posts_of(story)[0]
    return [
        reverse("desk:story_correct", args=[story.pk]),
        reverse("desk:story_split", args=[story.pk]),
        reverse("desk:post_move", args=[story.pk, post.pk]),
        reverse("desk:post_apart", args=[story.pk, post.pk]),
        f"{reverse('desk:stories_merge')}?story={story.pk}",
    ]


@pytest.mark.parametrize("place", range(5))
def test_a_viewer_corrects_nothing(story: Story, workspace: Workspace, place: int) -> None:
    viewer = as_user(user_with(workspace, Membership.Role.VIEWER))
    form = {"story": [story.pk], "lock": "1", "merge": "1", "own": "1"}
    assert viewer.post(addresses(story)[place], form).status_code == 403
    assert "wb-correct" not in page(viewer, story)


@pytest.mark.parametrize("place", range(5))
def test_another_workspace_s_story_is_not_there(story: Story, place: int) -> None:
    stranger = as_user(user_with(WorkspaceFactory.create(), Membership.Role.OWNER))
    assert stranger.post(addresses(story)[place], {"story": [story.pk], "lock": "1"}).status_code == 404
    Story.objects.get(pk=story.pk, is_locked=False)


def test_rows_of_other_workspaces_are_not_taken(client: Client, story: Story) -> None:
    theirs = story_of(WorkspaceFactory.create(), "Чужое.")
    address = reverse("desk:post_move", args=[story.pk, posts_of(story)[0].pk])
    assert client.post(address, {"target": theirs.pk}).status_code == 404
    assert client.get(reverse("desk:post_move", args=[story.pk, posts_of(theirs)[0].pk])).status_code == 404
    assert client.get(reverse("desk:stories_merge"), {"story": [story.pk, theirs.pk]}).status_code == 404
    entry = AuditEntry.objects.create(
        workspace=theirs.workspace, verb="story.locked", target_type="stories.story", target_id=str(theirs.pk)
    )
    assert client.post(reverse("desk:story_correct", args=[story.pk]), {"take_back": entry.pk}).status_code == 404
    assert "Чужое" not in client.get(address).content.decode()


def test_the_page_reads_no_more_for_more_posts_and_editors(
    client: Client, story: Story, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    page(client, story)
    with CaptureQueriesContext(connection) as few:
        page(client, story)
    for _number in range(12):
        post = PostFactory.create(source=SourceFactory.create(workspace=workspace))
        editor = user_with(workspace, Membership.Role.EDITOR)
        StoryPostFactory.create(story=story, post=post, placed_by=editor)
    with django_assert_max_num_queries(len(few) + 1):  # one for the names of editors
        page(client, story)


def test_what_is_shared_is_told_once() -> None:
    told = ["Заречном районе", "лесопилке «Тихий бор", "лесопилки «Тихий бор»", "1200", "Тихий", "Сплавной"]
    assert once(told) == ["Заречном районе", "лесопилке «Тихий бор»", "1200", "Сплавной"]


def test_the_list_leads_to_the_merge_of_what_was_chosen(client: Client, story: Story, workspace: Workspace) -> None:
    other = story_of(workspace, "Ставка.")
    chosen = {"action": "merge", "_selected_action": [story.pk, other.pk]}
    reply = client.post(reverse("admin:stories_story_changelist"), chosen)
    assert reply.status_code == 302
    assert reply["Location"].startswith(f"{reverse('desk:stories_merge')}?story=")
    assert {f"story={story.pk}", f"story={other.pk}"} == set(reply["Location"].partition("?")[2].split("&"))


def test_a_viewer_has_no_merge_in_the_list(story: Story, workspace: Workspace) -> None:
    viewer = as_user(user_with(workspace, Membership.Role.VIEWER))
    assert 'value="merge"' not in viewer.get(reverse("admin:stories_story_changelist")).content.decode()


def test_the_list_counts_changed_sources(client: Client, story: Story) -> None:
    version, moment = VersionFactory.create(story=story), now()
    Story.objects.filter(pk=story.pk).update(
        status=Story.Status.PUBLISHED, published_at=moment, current_version=version, sources_changed_at=moment
    )
    first, second, _third = posts_of(story)
    Post.objects.filter(pk=first.pk).update(changed_at=moment)
    Post.objects.filter(pk=second.pk).update(deleted_at=moment)
    shown = client.get(reverse("admin:stories_story_changelist"), {"status__exact": "published"}).content.decode()
    assert "2 of 3 sources changed" in shown
