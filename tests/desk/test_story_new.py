"""The page for a new story: four ways, by role, in the workspaces of its user."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.sources.models import Post
from apps.stories.models import PageFetch, Story
from apps.stories.services.by_hand import story_from_link
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/desk/stories/new/"


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def client_of(workspace: Workspace, role: str = Membership.Role.EDITOR, user: User | None = None) -> Client:
    user = user or UserFactory.create(language="en")
    MembershipFactory.create(workspace=workspace, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def begin(client: Client, **fields: Any) -> Any:
    return client.post(ADDRESS, fields)


def test_a_story_from_nothing_opens_on_its_workbench(workspace: Workspace) -> None:
    client = client_of(workspace)
    reply = begin(client, way="nothing", title="Итоги недели")
    story = Story.objects.get()
    assert reply["Location"] == reverse("desk:story", args=[story.pk])
    shown = client.get(reply["Location"]).content.decode()
    assert "begun from nothing" in shown
    assert "wb-title" in shown
    assert 'form="wb-rewrite" data-key-main' not in " ".join(shown.split())  # there is nothing to write a draft from
    assert 'value="approve" data-key-main' in shown


def test_a_pasted_text_is_its_source(workspace: Workspace) -> None:
    client = client_of(workspace)
    reply = begin(client, way="text", text="Мост открыли.\r\nОн длиной 412 метров.", title="")
    assert "Он длиной 412 метров." in client.get(reply["Location"]).content.decode()
    assert Story.objects.get().title == "Мост открыли."


def test_a_link_is_being_fetched_and_can_be_stopped(workspace: Workspace) -> None:
    client = client_of(workspace)
    reply = begin(client, way="link", url="example.org/news/most")
    story = Story.objects.get()
    assert PageFetch.objects.get().url == "https://example.org/news/most"
    assert "The page is being fetched" in client.get(reply["Location"]).content.decode()
    state = client.get(reverse("desk:story_state", args=[story.pk])).json()
    assert (state["writing"], "The page is being fetched" in state["fetch"]) == (True, True)
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "cancel_fetch"})
    shown = client.get(reply["Location"]).content.decode()
    assert "Try again" in shown
    assert "Paste its text instead" in shown
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "retry_fetch"})
    assert PageFetch.objects.live().count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"way": "link", "url": ""},
        {"way": "link", "url": "ftp://example.org/"},
        {"way": "text", "text": "  ", "title": "Моё название"},
        {"way": "nothing", "title": ""},
        {"way": "posts", "title": "Моё название"},
        {"way": "nonsense"},
    ],
)
def test_what_is_missing_is_told_and_what_was_typed_stays(workspace: Workspace, fields: dict[str, str]) -> None:
    reply = begin(client_of(workspace), **fields)
    assert reply.status_code == 409
    assert reply.context["problem"] != ""
    assert not Story.objects.exists()
    if fields["way"] == "text":
        assert 'value="Моё название"' in reply.content.decode()


def test_posts_chosen_in_the_list_begin_a_story(workspace: Workspace) -> None:
    source = SourceFactory.create(workspace=workspace)
    posts = [PostFactory.create(source=source, title=f"Пост {number}") for number in range(3)]
    client = client_of(workspace)
    chosen = [post.pk for post in posts[:2]]
    there = client.post(reverse("admin:sources_post_changelist"), {"action": "begin_story", "_selected_action": chosen})
    shown = client.get(there["Location"]).content.decode()
    assert [f"Пост {number}" in shown for number in range(3)] == [True, True, False]
    begin(client, way="posts", post=chosen, title="Два поста")
    story = Story.objects.get()
    assert set(Post.objects.filter(membership__story=story)) == set(posts[:2])


def test_posts_of_a_foreign_workspace_are_neither_shown_nor_taken(workspace: Workspace) -> None:
    foreign = PostFactory.create(title="Чужой пост")
    client = client_of(workspace)
    assert "Чужой пост" not in client.get(ADDRESS, {"post": foreign.pk}).content.decode()
    assert begin(client, way="posts", post=[foreign.pk], title="Мост").status_code == 409
    assert not Story.objects.exists()


def test_a_foreign_workspace_in_the_form_is_not_used(workspace: Workspace) -> None:
    foreign = WorkspaceFactory.create()
    begin(client_of(workspace), way="nothing", title="Итоги", workspace=foreign.pk)
    assert Story.objects.get().workspace == workspace


def test_one_of_several_workspaces_is_chosen(workspace: Workspace) -> None:
    user = UserFactory.create(language="en")
    second = WorkspaceFactory.create()
    MembershipFactory.create(workspace=second, user=user)
    begin(client_of(workspace, user=user), way="nothing", title="Итоги", workspace=second.pk)
    assert Story.objects.get().workspace == second


def test_only_workspaces_where_one_may_edit_are_offered(workspace: Workspace) -> None:
    user = UserFactory.create(language="en")
    watched = WorkspaceFactory.create()
    MembershipFactory.create(workspace=watched, user=user, role=Membership.Role.VIEWER)
    client = client_of(workspace, user=user)
    assert client.get(ADDRESS).context["workspaces"] == [workspace]
    begin(client, way="nothing", title="Итоги", workspace=watched.pk)
    assert Story.objects.get().workspace == workspace


def test_a_viewer_begins_nothing(workspace: Workspace) -> None:
    client = client_of(workspace, Membership.Role.VIEWER)
    assert client.get(ADDRESS).status_code == 403
    assert begin(client, way="nothing", title="Итоги").status_code == 403
    assert ADDRESS not in client.get(reverse("admin:stories_story_changelist")).content.decode()
    assert "begin_story" not in client.get(reverse("admin:sources_post_changelist")).content.decode()
    assert not Story.objects.exists()


def test_the_button_stands_on_the_list(workspace: Workspace) -> None:
    assert ADDRESS in client_of(workspace).get(reverse("admin:stories_story_changelist")).content.decode()


def test_a_viewer_neither_stops_nor_retries_a_fetch(workspace: Workspace) -> None:
    story = story_from_link(workspace=workspace, address="https://example.org/a", editor=UserFactory.create())
    client = client_of(workspace, Membership.Role.VIEWER)
    for step in ("cancel_fetch", "retry_fetch"):
        assert client.post(reverse("desk:story_step", args=[story.pk]), {"step": step}).status_code == 403
    assert PageFetch.objects.live().count() == 1
