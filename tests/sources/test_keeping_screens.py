"""A shorter time of keeping is asked once with what will go; sources are archived; one post goes with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Poll, Post, Source, Tombstone
from apps.sources.services import posts_mark_used, source_archive, source_create, source_restore
from tests.accounts.factories import logged_in, member
from tests.sources.factories import FeedFactory, PostFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
POSTS, SOURCES = reverse("admin:sources_post_changelist"), reverse("admin:sources_source_changelist")


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def manager(workspace: Workspace) -> Client:
    return logged_in(member(workspace, "manager", email="manager@example.org"))


def old_posts(source: Source, number: int) -> list[Post]:
    made: list[Post] = PostFactory.create_batch(
        number, source=source, workspace=source.workspace, collected_at=now() - timedelta(days=40)
    )
    return made


def settings_of(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    plain = {"name": workspace.name, "slug": workspace.slug, "time_zone": "Europe/Moscow", "language": "ru"}
    return {**inline, **plain, "retention_days": "0", **changes}


def settings_of_source(source: Source, **changes: Any) -> dict[str, Any]:
    return {"name": source.name, "url": source.url, "interval_s": source.interval_s, **changes}


def test_a_shorter_time_is_asked_with_what_will_go(manager: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    posts = old_posts(source, 3)
    posts_mark_used([posts[0].pk])
    address = reverse("admin:accounts_workspace_change", args=[workspace.pk])

    asked = manager.post(address, settings_of(workspace, retention_days="30"))

    assert asked.status_code == 200
    assert "2 posts are older than 30 days" in asked.content.decode()
    workspace.refresh_from_db()
    assert workspace.retention_days == 0

    other = manager.post(address, settings_of(workspace, retention_days="20", removal_agreed="30"))
    assert other.status_code == 200

    saved = manager.post(address, settings_of(workspace, retention_days="30", removal_agreed="30"))
    assert saved.status_code == 302
    workspace.refresh_from_db()
    assert workspace.retention_days == 30
    assert Post.objects.count() == 3


def test_a_time_that_removes_nothing_is_not_asked(manager: Client, workspace: Workspace) -> None:
    old_posts(FeedFactory.create(workspace=workspace), 1)
    address = reverse("admin:accounts_workspace_change", args=[workspace.pk])

    assert manager.post(address, settings_of(workspace, retention_days="90")).status_code == 302

    workspace.refresh_from_db()
    assert workspace.retention_days == 90


def test_a_source_has_its_own_time_and_asks_too(manager: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    old_posts(source, 1)
    address = reverse("admin:sources_source_change", args=[source.pk])

    asked = manager.post(address, settings_of_source(source, retention_days="7"))
    assert asked.status_code == 200
    assert "Remove 1 post for good" in asked.content.decode()
    saved = manager.post(address, settings_of_source(source, retention_days="7", removal_agreed="7"))

    assert saved.status_code == 302
    source.refresh_from_db()
    assert source.retention_days == 7


def test_an_editor_sees_the_time_and_does_not_change_it(workspace: Workspace) -> None:
    editor = logged_in(member(workspace, "editor", email="editor@example.org"))
    source = FeedFactory.create(workspace=workspace, retention_days=90)
    address = reverse("admin:sources_source_change", args=[source.pk])

    assert editor.post(address, settings_of_source(source, name="Маяк", retention_days="1")).status_code == 302

    source.refresh_from_db()
    assert (source.name, source.retention_days) == ("Маяк", 90)


def test_a_source_with_posts_is_not_deleted_and_the_page_says_what_to_do(manager: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace, name="Маяк")
    old_posts(source, 1)

    answer = manager.post(reverse("admin:sources_source_delete", args=[source.pk]), {"post": "yes"}, follow=True)

    assert Source.objects.filter(pk=source.pk).exists()
    page = answer.content.decode()
    assert "is not deleted. Press “Put into the archive” instead." in page
    assert "1 post. A source with posts is not deleted" in page


def test_a_source_without_posts_is_deleted(manager: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)

    manager.post(reverse("admin:sources_source_delete", args=[source.pk]), {"post": "yes"})

    assert not Source.objects.exists()


def test_the_archive_hides_a_source_and_gives_it_back(manager: Client, workspace: Workspace) -> None:
    source = source_create(workspace=workspace, kind="feed", name="Маяк", url="https://feed.example/rss")
    Alert.objects.create(workspace=workspace, key=f"source.failing:{source.pk}", message="Сломано")
    old_posts(source, 2)

    manager.post(SOURCES, {"action": "archive", "_selected_action": [source.pk], "index": "0"})

    source.refresh_from_db()
    assert (source.is_active, source.archived_at is not None) == (False, True)
    assert not Poll.objects.filter(source=source, state="ready").exists()
    assert not Alert.objects.filter(closed_at=None).exists()
    assert Post.objects.count() == 2
    assert "Маяк" not in listed(manager, "")
    assert "Маяк" in listed(manager, "?standing=archive")

    manager.post(SOURCES + "?standing=archive", {"action": "restore", "_selected_action": [source.pk], "index": "0"})

    source.refresh_from_db()
    assert (source.is_active, source.archived_at) == (True, None)
    assert Poll.objects.filter(source=source, state="ready").count() == 1
    verbs = list(
        AuditEntry.objects.filter(verb__in=["source.archived", "source.restored"]).values_list("verb", flat=True)
    )
    assert sorted(verbs) == ["source.archived", "source.restored"]


def listed(client: Client, query: str) -> list[str]:
    return [source.name for source in client.get(SOURCES + query).context["cl"].result_list]


def test_the_archive_takes_and_gives_once(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    with pytest.raises(TransitionError, match="not in the archive"):
        source_restore(source=source)
    source_archive(source=source)
    with pytest.raises(TransitionError, match="in the archive already"):
        source_archive(source=source)


def test_what_is_broken_stands_first(manager: Client, workspace: Workspace) -> None:
    at = now()
    well = {"workspace": workspace, "last_ok_at": at, "last_tried_at": at}
    FeedFactory.create(name="А работает", **well)
    FeedFactory.create(name="Б на паузе", is_active=False, **well)
    FeedFactory.create(name="В сбоит", failures=1, last_error="Сбой", **well)
    FeedFactory.create(name="Г молчит", quiet_since=at - timedelta(hours=9), rhythm_s=1800, **well)
    FeedFactory.create(name="Д сломан", failures=5, last_error="Нет ответа", **well)
    FeedFactory.create(name="Е новый", workspace=workspace)

    assert [name[0] for name in listed(manager, "")] == ["Д", "Г", "В", "Е", "А", "Б"]
    assert [name[0] for name in listed(manager, "?standing=trouble")] == ["Д", "Г", "В"]
    assert [name[0] for name in listed(manager, "?standing=quiet")] == ["Г"]
    assert [name[0] for name in listed(manager, "?standing=working")] == ["Е", "А"]
    page = manager.get(SOURCES).content.decode()
    assert "No post for 9" in page


def test_posts_are_removed_with_a_reason(manager: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    gone, used = old_posts(source, 2)
    posts_mark_used([used.pk])
    chosen = {"action": "remove", "_selected_action": [gone.pk, used.pk], "index": "0"}

    asked = manager.post(POSTS, chosen)
    assert "Why?" in asked.content.decode()
    assert Post.objects.count() == 2
    empty = manager.post(POSTS, {**chosen, "remove_reason": "  "})
    assert "Say why" in empty.content.decode()

    manager.post(POSTS, {**chosen, "remove_reason": "Персональные данные"})

    assert list(Post.objects.all()) == [used]
    assert Tombstone.objects.get().external_id == gone.external_id


def test_a_viewer_removes_nothing(workspace: Workspace) -> None:
    viewer = logged_in(member(workspace, "viewer", email="viewer@example.org"))
    (post,) = old_posts(FeedFactory.create(workspace=workspace), 1)

    chosen = {"action": "remove", "_selected_action": [post.pk], "index": "0", "remove_reason": "Просто так"}
    viewer.post(POSTS, chosen)

    assert Post.objects.count() == 1
