"""The roles table and the questions asked of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from apps.accounts.access import (
    VERBS,
    can,
    has_back_office,
    require_workspace_object,
    scoped,
    workspace_id_of,
    workspace_path,
)
from apps.accounts.models import Alert, Membership, User, Workspace
from apps.publishing.models import PreviewMessage
from apps.stories.models import Story, StoryVersion
from tests.accounts.factories import AlertFactory, UserFactory, WorkspaceFactory, member

pytestmark = pytest.mark.django_db
ROLES = ["owner", "manager", "editor", "viewer", "client"]


@pytest.mark.parametrize(
    ("verb", "least"),
    [
        ("stories.view_story", "viewer"),
        ("stories.change_story", "editor"),
        ("stories.delete_story", "manager"),
        ("story.approve", "editor"),
        ("publication.schedule", "editor"),
        ("delivery.retry", "editor"),
        ("bot.manage", "manager"),
        ("telegram.add_bot", "manager"),
        ("member.manage", "manager"),
        ("workspace.manage", "manager"),
        ("accounts.change_workspace", "manager"),
        ("accounts.view_auditentry", "manager"),
        ("accounts.view_alert", "viewer"),
    ],
)
def test_verb_starts_at_its_least_role(verb: str, least: str) -> None:
    workspace, other = WorkspaceFactory.create(), WorkspaceFactory.create()
    enough = ROLES[: ROLES.index(least) + 1]
    for role in ROLES:
        user = member(workspace, role)
        assert can(user, verb, workspace) is (role in enough), role
        assert can(user, verb, other) is False, role


@pytest.mark.parametrize(
    "verb",
    [
        "accounts.add_workspace",
        "accounts.delete_workspace",
        "accounts.change_user",
        "accounts.delete_auditentry",
        "django_celery_beat.view_periodictask",
        "story.invented",
        "nonsense",
        "",
    ],
)
def test_no_role_has_what_is_not_in_the_table(verb: str) -> None:
    workspace = WorkspaceFactory.create()
    assert can(member(workspace, "owner"), verb, workspace) is False
    assert can(UserFactory.create(is_superuser=True), verb, workspace) is True


def test_every_verb_names_a_known_role() -> None:
    assert set(VERBS.values()) <= set(Membership.Role.values)


def test_anonymous_and_switched_off_users_may_nothing() -> None:
    workspace = WorkspaceFactory.create()
    off = member(workspace, "owner", is_active=False)
    for user in (AnonymousUser(), off, UserFactory.create(is_superuser=True, is_active=False)):
        assert can(user, "stories.view_story", workspace) is False
        assert can(user, "stories.view_story") is False
        assert has_back_office(user) is False


def test_client_has_no_back_office_and_a_viewer_has() -> None:
    workspace = WorkspaceFactory.create()
    assert has_back_office(member(workspace, "client")) is False
    assert has_back_office(member(workspace, "viewer")) is True


def test_backend_answers_by_the_rows_own_workspace() -> None:
    mine, theirs = WorkspaceFactory.create(), WorkspaceFactory.create()
    user = member(mine, "editor")
    assert user.has_perm("alert.close", AlertFactory.create(workspace=mine))
    assert not user.has_perm("alert.close", AlertFactory.create(workspace=theirs))
    assert user.has_perm("alert.close")
    assert not user.has_perm("accounts.view_user", UserFactory.create())
    assert user.has_module_perms("stories")
    assert not user.has_module_perms("django_celery_beat")
    assert "stories.view_story" in user.get_all_permissions()
    assert "telegram.add_bot" not in user.get_all_permissions()


def test_roles_are_read_once_a_user_object(django_assert_num_queries: Any) -> None:
    workspace = WorkspaceFactory.create()
    user = User.objects.get(pk=member(workspace, "editor").pk)
    with django_assert_num_queries(1):
        for verb in VERBS:
            can(user, verb, workspace)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Workspace, ""),
        (Story, "workspace"),
        (StoryVersion, "story__workspace"),
        (PreviewMessage, "channel__workspace"),
        (User, None),
    ],
)
def test_way_to_the_workspace_is_found(model: Any, path: str | None) -> None:
    assert workspace_path(model) == path


def test_scope_keeps_rows_of_the_workspaces_given() -> None:
    mine, theirs = WorkspaceFactory.create(), WorkspaceFactory.create()
    own, _other = AlertFactory.create(workspace=mine), AlertFactory.create(workspace=theirs)
    user, stranger = member(mine), member(theirs)
    assert list(scoped(Alert.objects.all(), [mine])) == [own]
    assert list(scoped(Workspace.objects.all(), [mine])) == [mine]
    assert list(scoped(User.objects.all(), [mine])) == [user]
    assert list(scoped(Alert.objects.all(), [])) == []
    assert stranger not in scoped(User.objects.all(), [mine])
    assert workspace_id_of(own) == mine.pk
    assert workspace_id_of(mine) == mine.pk


def test_required_row_is_404_for_strangers_and_403_for_lesser_roles() -> None:
    workspace = WorkspaceFactory.create()
    alert = AlertFactory.create(workspace=workspace)
    rows = Alert.objects.all()
    assert require_workspace_object(member(workspace, "editor"), rows, alert.pk, verb="alert.close") == alert
    with pytest.raises(PermissionDenied):
        require_workspace_object(member(workspace, "viewer"), rows, alert.pk, verb="alert.close")
    for stranger in (member(WorkspaceFactory.create(), "owner"), member(workspace, "client")):
        with pytest.raises(Http404):
            require_workspace_object(stranger, rows, alert.pk, verb="alert.close")
    with pytest.raises(Http404):
        require_workspace_object(member(workspace, "editor"), rows, "not a key", verb="alert.close")
