"""The admin's part of a work row: how it stands, try again, give up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.test import RequestFactory
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import verbs
from apps.core.work.admin import WorkAdminMixin, found
from tests.work_app.factories import ChoreFactory, claimed
from tests.work_app.models import Chore

pytestmark = pytest.mark.django_db


def chore_give_up(row: Chore, *, reason: str, by: User) -> None:
    """The owner's own service."""
    verbs.give_up(row, reason=reason, by=by)


class ChoreAdmin(WorkAdminMixin, ModelAdmin):
    list_display = ("word", *WorkAdminMixin.work_columns)
    fields = ("word", *WorkAdminMixin.work_fields)
    work_retry_service = staticmethod(verbs.revive)
    work_give_up_service = "tests.core.test_work_admin.chore_give_up"


@pytest.fixture
def screen(monkeypatch) -> ChoreAdmin:
    made = ChoreAdmin(Chore, admin.site)
    made.opts = User._meta  # pages link to their list; chores have no pages
    monkeypatch.setattr("tests.core.test_work_admin.chore_give_up", chore_give_up, raising=False)
    return made


@pytest.fixture
def editor() -> User:
    return User.objects.create_superuser("anna@example.org", "a-long-password", name="Anna")


def posted(editor: User, **fields: Any) -> HttpRequest:
    request = RequestFactory().post("/admin/chores/", fields)
    request.user = editor
    request.workspace, request.workspaces = None, []  # type: ignore[attr-defined]
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


def said(request: HttpRequest) -> list[str]:
    return [str(message) for message in get_messages(request)]


def dead(**fields: Any) -> Chore:
    ChoreFactory(**fields)
    (row,) = claimed()
    verbs.fail(row, error="the worker died on it")
    return Chore.objects.get(pk=row.pk)


def test_try_again_goes_through_the_owners_service_and_counts(screen, editor):
    row, waiting = dead(), ChoreFactory()
    request = posted(editor)

    screen.work_retry(request, Chore.objects.all())

    row.refresh_from_db()
    assert (row.state, row.history[-1]["by"]) == ("ready", "Anna")
    assert Chore.objects.get(pk=waiting.pk).history == []
    assert said(request) == ["Done: 1.", "Refused: 1. Only failed work can be tried again."]


def test_give_up_asks_for_the_reason_first(screen, editor):
    chore = ChoreFactory(word="x")
    request = posted(editor, _selected_action=[chore.pk], action="work_give_up")

    page = screen.work_give_up(request, Chore.objects.all())

    assert page is not None
    html = page.render().content.decode()
    assert f'name="_selected_action" value="{chore.pk}"' in html
    assert 'name="work_reason"' in html
    assert 'value="work_give_up"' in html
    assert f"chore {chore.pk}" in html
    assert "onclick" not in html.split("<form method", 1)[1]
    chore.refresh_from_db()
    assert chore.state == "ready"


def test_an_empty_reason_is_asked_for_again(screen, editor):
    chore = ChoreFactory()

    page = screen.work_give_up(posted(editor, work_reason="  "), Chore.objects.all())

    assert page is not None
    assert 'aria-invalid="true"' in page.render().content.decode()
    chore.refresh_from_db()
    assert chore.state == "ready"


def test_give_up_records_the_reason_and_the_person(screen, editor):
    chore = ChoreFactory()
    request = posted(editor, work_reason="no longer needed")

    assert screen.work_give_up(request, Chore.objects.all()) is None

    chore.refresh_from_db()
    assert (chore.state, chore.error) == ("dead", "no longer needed")
    assert said(request) == ["Done: 1."]


def test_actions_without_a_service_are_not_offered(editor):
    class Bare(ChoreAdmin):
        work_retry_service = None
        work_give_up_service = None

    request = posted(editor)

    assert not {"work_retry", "work_give_up"} & set(Bare(Chore, admin.site).get_actions(request))
    with pytest.raises(LookupError):
        found(None)


def test_actions_with_services_are_offered(screen, editor):
    screen.actions = ["work_retry", "work_give_up"]

    assert {"work_retry", "work_give_up"} <= set(screen.get_actions(posted(editor)))


def test_nothing_of_the_work_is_editable(screen, editor):
    fields = screen.get_readonly_fields(posted(editor))

    assert set(WorkAdminMixin.work_fields) | {"not_before"} <= set(fields)
    assert set(screen.get_form(posted(editor)).base_fields) == {"word"}


def test_columns_say_how_it_stands(screen):
    row = dead()

    assert "pult-tag--error" in screen.work_state(row)
    assert "Failed" in screen.work_state(row)
    assert screen.work_attempts(row) == 1
    assert screen.work_due(row) is None
    assert screen.work_error(row) == "the worker died on it"
    waiting = ChoreFactory()
    assert screen.work_due(waiting) == waiting.not_before
    assert screen.work_error(waiting) is None
    assert screen.work_history(waiting) is None


def test_history_is_readable_newest_first(screen):
    row = dead()
    verbs.revive(row, by="<Anna>")
    (again,) = claimed()
    for _ in range(2):
        verbs.defer(again, until=now() + timedelta(hours=1), reason="rate limit")
        Chore.objects.update(not_before=now())
        (again,) = claimed()

    html = screen.work_history(Chore.objects.get())

    assert html.index("Put off ×2: rate limit") < html.index("Tried again · &lt;Anna&gt;") < html.index("Failed: ")


def test_a_strange_history_is_shown_as_it_is(screen):
    chore = ChoreFactory(history=[{"at": "long ago", "event": "bent", "detail": ""}])

    assert "long ago</time> bent" in screen.work_history(chore)


def test_a_refusal_of_the_owner_is_told(editor):
    def refuse(row: Chore, *, by: User) -> None:
        raise TransitionError("not now")

    class Refusing(ChoreAdmin):
        work_retry_service = staticmethod(refuse)

    ChoreFactory()
    request = posted(editor)

    Refusing(Chore, admin.site).work_retry(request, Chore.objects.all())

    assert said(request) == ["Refused: 1. not now"]
