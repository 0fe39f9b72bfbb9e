"""Workspaces, people and deliveries for tests."""

from __future__ import annotations

from datetime import datetime

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import Membership, User, Workspace
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_create


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Workspace {n}")
    slug = factory.Sequence(lambda n: f"workspace-{n}")
    time_zone = "Asia/Yekaterinburg"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    is_staff = True


def member(workspace: Workspace, role: str = "editor") -> User:
    """A person with a role in the workspace."""
    user = UserFactory.create()
    Membership.objects.create(user=user, workspace=workspace, role=role)
    return user


def letter(
    workspace: Workspace,
    text: str = "hello",
    *,
    key: str = "",
    order_key: str = "",
    sender: str = "test.letter",
    not_before: datetime | None = None,
    kind: str = "",
    after: Delivery | None = None,
) -> Delivery:
    """A letter in the outbox."""
    return delivery_create(
        workspace=workspace,
        sender=sender,
        destination="Somebody",
        payload={"text": text},
        dedupe_key=key or f"letter:{text}",
        order_key=order_key,
        not_before=not_before,
        kind=kind,
        after=after,
    )
