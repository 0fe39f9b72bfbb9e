"""Changes of who belongs to a workspace, with the rules that keep a role from growing by itself.

A member manager grants roles up to their own, changes nobody above them and never raises themselves; a workspace with
owners never loses its last one.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.access import BACK_OFFICE, RANK, can, roles_forget
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError

Role = Membership.Role


def grant_refusal(*, actor: User | None, workspace: Workspace, user: User | None, role: str) -> str:
    """Why the actor may not give this role here, in words; empty where they may. `actor=None` is Pult itself."""
    if role not in RANK:
        return _("There is no such role.")
    if actor is None or actor.is_superuser:
        return ""
    if not can(actor, "member.manage", workspace):
        return _("Your role does not allow changing members.")
    own = RANK[Membership.objects.get(user=actor, workspace=workspace).role]
    if RANK[role] > own:
        return _("You can grant roles up to your own.")
    present = Membership.objects.filter(user=user, workspace=workspace).first() if user else None
    if present and RANK[present.role] > own:
        return _("You can't change somebody whose role is above yours.")
    if user == actor and present and RANK[role] > RANK[present.role]:
        return _("You can't raise your own role.")
    return ""


def last_owner_refusal(*, membership: Membership, role: str | None) -> str:
    """Why this membership may not become `role` (None: be removed), because nobody would own the workspace."""
    if membership.role != Role.OWNER or role == Role.OWNER:
        return ""
    others = Membership.objects.filter(workspace=membership.workspace, role=Role.OWNER, user__is_active=True).exclude(
        pk=membership.pk
    )
    return "" if others.exists() else _("A workspace keeps at least one owner. Make somebody else an owner first.")


def refuse_if(text: str) -> None:
    """Raise a refusal with these words, if there are any.

    Raises:
        PermanentError: code "refused".
    """
    if text:
        raise PermanentError(text, code="refused")


@transaction.atomic
def workspace_create(*, name: str, slug: str, actor: User | None = None, **settings: Any) -> Workspace:
    """Make a workspace; a person who makes one becomes its owner."""
    workspace = Workspace(name=name, slug=slug, **settings)
    workspace.full_clean()
    workspace.save()
    audit_record(verb="workspace.created", target=workspace, actor=actor)
    if actor is not None and not actor.is_superuser:
        member_set(workspace=workspace, user=actor, role=Role.OWNER, actor=None)
    return workspace


@transaction.atomic
def member_set(*, workspace: Workspace, user: User, role: str, actor: User | None) -> Membership:
    """Give a user a role in a workspace, or change the one they have. `actor=None` is Pult itself.

    Raises:
        PermanentError: the actor may not, or the workspace would lose its last owner.
    """
    Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
    refuse_if(grant_refusal(actor=actor, workspace=workspace, user=user, role=role))
    present = Membership.objects.filter(user=user, workspace=workspace).first()
    if present is None:
        membership = Membership.objects.create(user=user, workspace=workspace, role=role)
        audit_record(verb="member.added", target=membership, actor=actor, details={"role": role})
    else:
        refuse_if(last_owner_refusal(membership=present, role=role))
        before, present.role = present.role, role
        membership = present
        if before != role:
            membership.save(update_fields=["role"])
            audit_record(verb="member.changed", target=membership, actor=actor, details={"from": before, "to": role})
    back_office_set(user)
    return membership


@transaction.atomic
def member_remove(*, membership: Membership, actor: User | None) -> None:
    """Take a user out of a workspace; their account stays.

    Raises:
        PermanentError: the actor may not, or the workspace would lose its last owner.
    """
    workspace, user = membership.workspace, membership.user
    Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
    membership.refresh_from_db()
    refuse_if(grant_refusal(actor=actor, workspace=workspace, user=user, role=Role.CLIENT))
    refuse_if(last_owner_refusal(membership=membership, role=None))
    audit_record(verb="member.removed", target=membership, actor=actor, details={"role": membership.role})
    membership.delete()
    back_office_set(user)


@transaction.atomic
def member_invite(*, workspace: Workspace, email: str, role: str, actor: User | None, name: str = "") -> Membership:
    """Add the person with this e-mail, known to Pult or not; an unknown one gets an account without a password.

    Raises:
        PermanentError: the actor may not.
    """
    email = User.objects.normalize_email(email)
    user = User.objects.filter(email=email).first()
    refuse_if(grant_refusal(actor=actor, workspace=workspace, user=user, role=role))
    if user is None:
        user = User.objects.create_user(email, name=name, language=workspace.language)
    return member_set(workspace=workspace, user=user, role=role, actor=actor)


def may_hand_link(*, actor: User, user: User) -> bool:
    """Whether the actor may get the link that sets the user's first password.

    Only for a person who has none yet and belongs to no workspace that the actor does not manage: whoever holds the
    link becomes that person.
    """
    if user.has_usable_password() or user.is_superuser or not user.is_active:
        return False
    if actor.is_superuser:
        return True
    owned = set(user.memberships.values_list("workspace_id", flat=True))
    return bool(owned) and all(can(actor, "member.manage", workspace) for workspace in owned)


def back_office_set(user: User) -> None:
    """Keep the user's staff mark in step with their roles."""
    roles_forget(user)
    works = user.is_superuser or user.memberships.filter(role__in=BACK_OFFICE).exists()
    if user.is_staff != works:
        user.is_staff = works
        user.save(update_fields=["is_staff"])
