"""The senders of letters, and a workspace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.accounts.models import User, Workspace
from apps.delivery import senders
from tests.delivery.factories import WorkspaceFactory, member
from tests.delivery.letters import BOX, Box


@pytest.fixture(autouse=True)
def box() -> Iterator[Box]:
    BOX.empty()
    names = {
        "test.letter": "Letter",
        "test.registered": "RegisteredLetter",
        "test.note": "Note",
        "test.bundle": "Bundle",
        "test.postcard": "Postcard",
    }
    for name, cls in names.items():
        senders.register(name, f"tests.delivery.letters.{cls}")
    yield BOX
    for name in names:
        senders.unregister(name)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(language="en")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace)
