"""Failed work for the tests of the failures' screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.core.clock import now
from apps.core.work import kinds
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.accounts.rows import Rows

LIST, ACT = "desk:failures", "desk:failures_act"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """The words of the sources."""
    with translation.override("en"):
        yield


@pytest.fixture
def rows() -> Rows:
    """The rows of a workspace."""
    return Rows(WorkspaceFactory.create(name="Workspace quokka"), "quokka")


def dead(rows: Rows, kind: str, count: int = 1, *, ago: timedelta = timedelta(), **changes: Any) -> list[Any]:
    """Rows of a kind that failed; copies of the workspace's own row."""
    model = kinds.get(kind).model
    given = {"state": "dead", "finished_at": now() - ago, "token": None, "attempts": 3, "error": "It broke."} | changes
    one = rows.one(model)
    made = []
    for number in range(count):
        if number:
            one.pk = None
            one.dedupe_key = f"more {uuid4()}"
            one.update_id = 1000 + number
        for name, value in given.items():
            setattr(one, name, value)
        one.save(force_insert=bool(number))
        made.append(model._base_manager.get(pk=one.pk))
    return made


def doubtful(rows: Rows, kind: str = "delivery", count: int = 1, **changes: Any) -> list[Any]:
    """Rows of a kind in doubt."""
    given = {"state": "unknown", "finished_at": None, "begun_at": now(), "token": uuid4(), "error": "No answer."}
    if kind == "delivery":
        given["outcome"] = "unknown"
    return dead(rows, kind, count, **given | changes)


def client_of(rows: Rows, role: str = "editor") -> Client:
    """A browser of somebody with that role."""
    return logged_in(member(rows.workspace, role))


def shown(client: Client, **asked: Any) -> list[Any]:
    """The lines on the screen."""
    answer = client.get(reverse(LIST), asked)
    assert answer.status_code == 200
    lines: list[Any] = answer.context["shown"]
    return lines


def told(answer: Any) -> list[str]:
    """What the page that followed said."""
    return [str(message) for message in answer.context["messages"]]


def press(client: Client, **given: Any) -> Any:
    """Press a button and see the page that follows."""
    return client.post(reverse(ACT), given, follow=True)
