"""People and workspaces."""

from __future__ import annotations

from typing import Any

import factory
from django.test import Client

from apps.accounts.models import Alert, AuditEntry, Membership, User, Workspace

PASSWORD = "correct horse battery"


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    """A workspace of its own."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Workspace number {n}")
    slug = factory.Sequence(lambda n: f"space-{n}")


class UserFactory(factory.django.DjangoModelFactory[User]):
    """Somebody who can log in."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person number {n}")
    language = "en"

    @factory.post_generation
    def password(self: User, create: bool, extracted: str | None, **_more: Any) -> None:
        """Set and keep a password."""
        self.set_password(extracted or PASSWORD)
        if create:
            self.save(update_fields=["password"])


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    """A role somewhere."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    workspace = factory.SubFactory(WorkspaceFactory)
    role = Membership.Role.EDITOR


class AuditEntryFactory(factory.django.DjangoModelFactory[AuditEntry]):
    """Something that was done."""

    class Meta:
        model = AuditEntry

    workspace = factory.SubFactory(WorkspaceFactory)
    verb = "story.approved"
    target_label = factory.Sequence(lambda n: f"Audited thing number {n}")


class AlertFactory(factory.django.DjangoModelFactory[Alert]):
    """Something that waits for a person."""

    class Meta:
        model = Alert

    workspace = factory.SubFactory(WorkspaceFactory)
    key = factory.Sequence(lambda n: f"test:{n}")
    message = factory.Sequence(lambda n: f"Alert number {n}")


def member(workspace: Workspace, role: str = "editor", **fields: Any) -> User:
    """A user with a role in the workspace."""
    user = UserFactory.create(**fields)
    MembershipFactory.create(user=user, workspace=workspace, role=role)
    return user


def logged_in(user: User) -> Client:
    """A browser in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client
