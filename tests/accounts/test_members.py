"""Members: roles never grow by themselves, and a workspace keeps an owner."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from apps.accounts.access import can
from apps.accounts.members import may_hand_link, member_invite, member_remove, member_set, workspace_create
from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.core.errors import PermanentError
from tests.accounts.factories import MembershipFactory, UserFactory, WorkspaceFactory, logged_in, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create()


def role_of(user: User, workspace: Workspace) -> str | None:
    found = Membership.objects.filter(user=user, workspace=workspace).first()
    return found.role if found else None


@pytest.mark.parametrize(
    ("actor_role", "role", "accepted"),
    [
        ("owner", "owner", True),
        ("owner", "client", True),
        ("manager", "owner", False),
        ("manager", "manager", True),
        ("manager", "editor", True),
        ("editor", "viewer", False),
        ("viewer", "client", False),
        ("client", "client", False),
    ],
)
def test_members_are_added_up_to_ones_own_role(
    workspace: Workspace, actor_role: str, role: str, accepted: bool
) -> None:
    member(workspace, "owner")
    actor, newcomer = member(workspace, actor_role), UserFactory.create()
    if accepted:
        member_set(workspace=workspace, user=newcomer, role=role, actor=actor)
        assert role_of(newcomer, workspace) == role
        assert AuditEntry.objects.get(verb="member.added").actor == actor
    else:
        with pytest.raises(PermanentError):
            member_set(workspace=workspace, user=newcomer, role=role, actor=actor)
        assert role_of(newcomer, workspace) is None
        assert not AuditEntry.objects.exists()


def test_nobody_raises_their_own_role(workspace: Workspace) -> None:
    member(workspace, "owner")
    manager = member(workspace, "manager")
    with pytest.raises(PermanentError):
        member_set(workspace=workspace, user=manager, role="owner", actor=manager)
    assert role_of(manager, workspace) == "manager"


def test_manager_neither_lowers_nor_removes_an_owner(workspace: Workspace) -> None:
    owner, manager = member(workspace, "owner"), member(workspace, "manager")
    member(workspace, "owner")
    with pytest.raises(PermanentError):
        member_set(workspace=workspace, user=owner, role="viewer", actor=manager)
    with pytest.raises(PermanentError):
        member_remove(membership=Membership.objects.get(user=owner), actor=manager)
    assert role_of(owner, workspace) == "owner"


def test_owner_of_one_workspace_is_nobody_in_another(workspace: Workspace) -> None:
    stranger = member(WorkspaceFactory.create(), "owner")
    with pytest.raises(PermanentError):
        member_set(workspace=workspace, user=stranger, role="owner", actor=stranger)
    assert role_of(stranger, workspace) is None


@pytest.mark.parametrize(
    "act",
    [
        lambda owner, row: member_remove(membership=row, actor=owner),
        lambda owner, row: member_set(workspace=row.workspace, user=owner, role="manager", actor=owner),
        lambda _owner, row: member_remove(membership=row, actor=None),
    ],
)
def test_last_owner_stays(workspace: Workspace, act: Callable[[User, Membership], object]) -> None:
    owner = member(workspace, "owner")
    member(workspace, "owner", is_active=False)
    with pytest.raises(PermanentError, match="at least one owner"):
        act(owner, Membership.objects.get(user=owner))
    assert role_of(owner, workspace) == "owner"


def test_one_of_two_owners_may_leave(workspace: Workspace) -> None:
    first, second = member(workspace, "owner"), member(workspace, "owner")
    member_remove(membership=Membership.objects.get(user=first), actor=first)
    assert role_of(first, workspace) is None
    assert role_of(second, workspace) == "owner"
    assert not User.objects.get(pk=first.pk).is_staff


def test_staff_mark_follows_the_roles(workspace: Workspace) -> None:
    user = UserFactory.create()
    member_set(workspace=workspace, user=user, role="client", actor=None)
    assert User.objects.get(pk=user.pk).is_staff is False
    member_set(workspace=workspace, user=user, role="viewer", actor=None)
    assert User.objects.get(pk=user.pk).is_staff is True
    assert can(user, "stories.view_story", workspace)


def test_invited_newcomer_has_an_account_without_a_password(workspace: Workspace) -> None:
    owner = member(workspace, "owner")
    made = member_invite(workspace=workspace, email=" New@Example.ORG ", role="editor", actor=owner)
    assert made.user.email == "new@example.org"
    assert not made.user.has_usable_password()
    assert may_hand_link(actor=owner, user=made.user)


def test_link_is_not_handed_out_for_somebody_of_another_workspace(workspace: Workspace) -> None:
    owner, other = member(workspace, "owner"), WorkspaceFactory.create()
    invited = member_invite(workspace=other, email="new@example.org", role="editor", actor=None).user
    member_invite(workspace=workspace, email="new@example.org", role="viewer", actor=owner)
    assert not may_hand_link(actor=owner, user=invited)
    assert not may_hand_link(actor=owner, user=member(workspace, "viewer"))


def test_refused_invitation_makes_no_account(workspace: Workspace) -> None:
    member(workspace, "owner")
    with pytest.raises(PermanentError):
        member_invite(workspace=workspace, email="new@example.org", role="owner", actor=member(workspace, "manager"))
    assert not User.objects.filter(email="new@example.org").exists()


def test_maker_of_a_workspace_owns_it() -> None:
    user = UserFactory.create()
    made = workspace_create(name="City", slug="city", actor=user)
    assert role_of(user, made) == "owner"


def test_invitation_on_screen_shows_a_link_that_sets_the_password_once(workspace: Workspace) -> None:
    client = logged_in(member(workspace, "owner"))
    fields = {"email": "new@example.org", "name": "New", "role": "editor"}
    page = client.post(reverse("admin:accounts_membership_add"), fields, follow=True)
    link = page.content.decode().split("<code>")[1].split("</code>")[0]
    visitor = type(client)()
    form = visitor.get(link, follow=True)
    words = {"new_password1": "a fresh long phrase", "new_password2": "a fresh long phrase"}
    assert visitor.post(form.request["PATH_INFO"], words).status_code == 302
    assert User.objects.get(email="new@example.org").check_password("a fresh long phrase")
    again = type(client)().get(link, follow=True)
    assert not again.context["validlink"]


def test_manager_is_told_beside_the_form_why_owner_is_refused(workspace: Workspace) -> None:
    member(workspace, "owner")
    client = logged_in(member(workspace, "manager"))
    fields = {"email": "new@example.org", "name": "", "role": "owner"}
    page = client.post(reverse("admin:accounts_membership_add"), fields)
    assert page.status_code == 200
    assert "up to your own" in page.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()


def test_last_owner_is_kept_on_the_delete_page_and_in_the_action(workspace: Workspace) -> None:
    owner = member(workspace, "owner")
    row = Membership.objects.get(user=owner)
    client = logged_in(owner)
    client.post(reverse("admin:accounts_membership_delete", args=[row.pk]), {"post": "yes"})
    chosen = {"action": "remove", "_selected_action": [row.pk]}
    page = client.post(reverse("admin:accounts_membership_changelist"), chosen, follow=True)
    assert "at least one owner" in page.content.decode()
    assert "Refused: 1" in page.content.decode()
    assert Membership.objects.filter(pk=row.pk).exists()


def test_role_is_changed_on_its_page(workspace: Workspace) -> None:
    row = MembershipFactory.create(workspace=workspace, role="viewer")
    client = logged_in(member(workspace, "owner"))
    client.post(reverse("admin:accounts_membership_change", args=[row.pk]), {"role": "editor"})
    row.refresh_from_db()
    assert row.role == "editor"
    assert AuditEntry.objects.get(verb="member.changed").details == {"from": "viewer", "to": "editor"}
