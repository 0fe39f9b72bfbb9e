"""The base admin: the workspace on add, choices, actions by role, paging, reports, audit."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import admin_parts
from apps.accounts.admin_base import CappedPaginator, each
from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.errors import TransitionError
from apps.sources.models import Source
from apps.stories.models import Preset
from tests.accounts.factories import AlertFactory, MembershipFactory, WorkspaceFactory, logged_in, member

pytestmark = pytest.mark.django_db
ADD = "admin:stories_preset_add"
FIELDS = {"name": "Short", "instructions": "", "tone": "", "length": "900"}


def test_workspace_is_set_without_asking_where_there_is_one() -> None:
    workspace = WorkspaceFactory.create()
    user = member(workspace, "editor")
    client = logged_in(user)
    assert "workspace" not in client.get(reverse(ADD)).context["adminform"].form.fields
    assert client.post(reverse(ADD), FIELDS).status_code == 302
    made = Preset.objects.get()
    assert made.workspace == workspace
    entry = AuditEntry.objects.get(target_type="stories.preset")
    assert (entry.verb, entry.actor, entry.workspace) == ("preset.added", user, workspace)


def test_workspace_is_asked_where_there_are_several_and_only_where_one_may_add() -> None:
    first, second, third = (WorkspaceFactory.create() for _ in range(3))
    user = member(first, "editor")
    MembershipFactory.create(user=user, workspace=second, role="editor")
    MembershipFactory.create(user=user, workspace=third, role="viewer")
    client = logged_in(user)
    asked = client.get(reverse(ADD)).context["adminform"].form.fields["workspace"]
    assert set(asked.queryset) == {first, second}
    refused = client.post(reverse(ADD), {**FIELDS, "workspace": third.pk})
    assert refused.status_code == 200
    assert not Preset.objects.exists()
    client.post(reverse(ADD), {**FIELDS, "workspace": second.pk})
    assert Preset.objects.get().workspace == second


def test_chosen_workspace_is_taken_without_asking() -> None:
    first, second = WorkspaceFactory.create(), WorkspaceFactory.create()
    user = member(first, "editor")
    MembershipFactory.create(user=user, workspace=second, role="editor")
    client = logged_in(user)
    client.post(reverse("accounts:workspace"), {"workspace": second.pk})
    client.post(reverse(ADD), {**FIELDS, "workspace": first.pk})
    assert Preset.objects.get().workspace == second


def test_unique_names_are_checked_although_the_workspace_is_no_field() -> None:
    workspace = WorkspaceFactory.create()
    Preset.objects.create(workspace=workspace, name="Short")
    page = logged_in(member(workspace, "editor")).post(reverse(ADD), FIELDS)
    assert page.status_code == 200
    assert Preset.objects.count() == 1


def test_row_never_moves_to_another_workspace() -> None:
    first, second = WorkspaceFactory.create(), WorkspaceFactory.create()
    user = member(first, "owner")
    MembershipFactory.create(user=user, workspace=second, role="owner")
    row = Preset.objects.create(workspace=first, name="Short")
    logged_in(user).post(
        reverse("admin:stories_preset_change", args=[row.pk]), {**FIELDS, "name": "Long", "workspace": second.pk}
    )
    row.refresh_from_db()
    assert (row.name, row.workspace) == ("Long", first)


def test_viewer_opens_a_row_and_changes_nothing() -> None:
    workspace = WorkspaceFactory.create()
    row = Preset.objects.create(workspace=workspace, name="Short")
    client = logged_in(member(workspace, "viewer"))
    assert client.get(reverse("admin:stories_preset_change", args=[row.pk])).status_code == 200
    assert client.post(reverse("admin:stories_preset_change", args=[row.pk]), FIELDS).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
    assert client.post(reverse("admin:stories_preset_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert Preset.objects.filter(pk=row.pk).exists()


def test_action_passes_over_rows_of_workspaces_where_the_role_is_too_small() -> None:
    mine, seen = WorkspaceFactory.create(), WorkspaceFactory.create()
    user = member(mine, "editor")
    MembershipFactory.create(user=user, workspace=seen, role="viewer")
    own, other = AlertFactory.create(workspace=mine), AlertFactory.create(workspace=seen)
    chosen = {"action": "close", "_selected_action": [own.pk, other.pk]}
    answer = logged_in(user).post(reverse("admin:accounts_alert_changelist"), chosen)
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["1 row left alone: your role does not allow it.", "Done: 1."]
    assert Alert.objects.get(pk=own.pk).closed_at is not None
    assert Alert.objects.get(pk=other.pk).closed_at is None
    assert AuditEntry.objects.get(verb="alert.closed").actor == user


def test_action_is_not_offered_to_a_role_that_may_not() -> None:
    workspace = WorkspaceFactory.create()
    alert = AlertFactory.create(workspace=workspace)
    client = logged_in(member(workspace, "viewer"))
    page = client.get(reverse("admin:accounts_alert_changelist"))
    assert "close" not in str(page.context["action_form"] and page.context["action_form"].fields["action"].choices)
    client.post(reverse("admin:accounts_alert_changelist"), {"action": "close", "_selected_action": [alert.pk]})
    assert Alert.objects.get(pk=alert.pk).closed_at is None


def test_closed_alert_is_refused_with_the_reason() -> None:
    workspace = WorkspaceFactory.create()
    alert = AlertFactory.create(workspace=workspace, closed_at="2026-01-01T00:00Z")
    address = reverse("admin:accounts_alert_changelist") + "?state=all"
    answer = logged_in(member(workspace, "editor")).post(address, {"action": "close", "_selected_action": [alert.pk]})
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["Refused: 1. This alert is closed already."]


def test_open_alerts_are_shown_unless_asked_otherwise() -> None:
    workspace = WorkspaceFactory.create()
    opened = AlertFactory.create(workspace=workspace)
    closed = AlertFactory.create(workspace=workspace, closed_at="2026-01-01T00:00Z")
    client = logged_in(member(workspace, "viewer"))

    def listed(query: str) -> list[Any]:
        page = client.get(reverse("admin:accounts_alert_changelist") + query)
        return list(page.context["cl"].result_list)

    assert listed("") == [opened]
    assert listed("?state=closed") == [closed]
    assert listed("?state=all") == [opened, closed]


def test_empty_list_says_what_will_appear() -> None:
    client = logged_in(member(WorkspaceFactory.create(), "viewer"))
    assert (
        "Nothing is broken and nothing waits" in client.get(reverse("admin:accounts_alert_changelist")).content.decode()
    )
    filtered = client.get(reverse("admin:accounts_alert_changelist") + "?q=zzz").content.decode()
    assert "Nothing fits" in filtered
    assert "Nothing is broken" not in filtered


def test_filter_by_a_related_row_lists_own_rows_only() -> None:
    mine, theirs = WorkspaceFactory.create(), WorkspaceFactory.create()
    Source.objects.create(workspace=mine, name="Own feed", url="https://a.example.org/")
    Source.objects.create(workspace=theirs, name="Foreign feed", url="https://b.example.org/")
    page = logged_in(member(mine, "editor")).get(reverse("admin:sources_post_changelist")).content.decode()
    assert "Foreign feed" not in page


def test_ai_key_goes_in_and_never_comes_out() -> None:
    workspace = WorkspaceFactory.create(ai_api_key="sk-very-secret")
    user = member(workspace, "manager")
    client, address = logged_in(user), reverse("admin:accounts_workspace_change", args=[workspace.pk])
    page = client.get(address)
    assert "sk-very-secret" not in page.content.decode()
    fields = {"name": "Renamed", "slug": workspace.slug, "time_zone": "Europe/Moscow", "language": "ru"}
    fields |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert client.post(address, fields).status_code == 302
    assert Workspace.objects.get(pk=workspace.pk).ai_api_key == "sk-very-secret"
    client.post(address, {**fields, "new_ai_key": "sk-newer"})
    assert Workspace.objects.get(pk=workspace.pk).ai_api_key == "sk-newer"
    client.post(address, {**fields, "forget_ai_key": "on"})
    kept = Workspace.objects.get(pk=workspace.pk)
    assert (kept.ai_api_key, kept.name) == ("", "Renamed")
    assert "sk-newer" not in str(list(AuditEntry.objects.values()))
    assert AuditEntry.objects.filter(verb="workspace.changed", actor=user).count() == 3


def test_ai_key_does_not_follow_a_changed_address() -> None:
    workspace = WorkspaceFactory.create(ai_api_key="sk-own", ai_api_url="https://llm.example/v1")
    client = logged_in(member(workspace, "manager"))
    address = reverse("admin:accounts_workspace_change", args=[workspace.pk])
    form = client.get(address).context["adminform"].form
    fields = {name: form[name].value() or "" for name in form.fields}
    fields |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}

    def saved(url: str, **more: str) -> tuple[str, list[str]]:
        answer = client.post(address, {**fields, "ai_api_url": url, **more})
        assert answer.status_code == 302
        told = [str(message) for message in get_messages(answer.wsgi_request) if message.level_tag == "warning"]
        client.get(address)  # which shows the messages, so that they are told once
        return Workspace.objects.get(pk=workspace.pk).ai_api_key, told

    assert saved("https://llm.example/v1/") == ("sk-own", [])
    assert saved("https://other.example/v1", new_ai_key="sk-other") == ("sk-other", [])
    words = "The address of the AI has changed, so its key was forgotten. Type the key of the new address."
    assert saved("https://third.example/v1") == ("", [words])
    assert saved("https://fourth.example/v1") == ("", [])
    Workspace.objects.update(ai_api_key="sk-fourth")
    assert saved("") == ("", [words])


def test_paginator_counts_no_further_than_its_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_parts, "COUNT_CAP", 3)
    workspace = WorkspaceFactory.create()
    AlertFactory.create_batch(5, workspace=workspace)
    assert CappedPaginator(Alert.objects.all(), 2).count == 3
    assert CappedPaginator(Alert.objects.all()[:2], 2).count == 2


def test_report_counts_what_was_done_and_the_first_reason() -> None:
    rows = AlertFactory.create_batch(4)

    def act(row: Alert) -> None:
        if row == rows[1]:
            raise TransitionError("first")
        if row == rows[2]:
            raise ValidationError("second")

    report = each(rows, act)
    assert (report.done, report.refused, report.reason) == (2, 2, "first")


def test_bug_in_an_action_is_not_swallowed() -> None:
    def act(_row: Alert) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each(AlertFactory.create_batch(1), act)


def test_audit_is_read_by_managers_and_changed_by_nobody() -> None:
    workspace = WorkspaceFactory.create()
    entry = AuditEntry.objects.create(workspace=workspace, verb="story.approved")
    assert (
        logged_in(member(workspace, "editor")).get(reverse("admin:accounts_auditentry_changelist")).status_code == 403
    )
    manager = logged_in(member(workspace, "manager"))
    assert manager.get(reverse("admin:accounts_auditentry_changelist")).status_code == 200
    root = logged_in(member(workspace, "owner", is_superuser=True))
    for client in (manager, root):
        address = reverse("admin:accounts_auditentry_delete", args=[entry.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
        assert (
            client.post(reverse("admin:accounts_auditentry_change", args=[entry.pk]), {"verb": "x"}).status_code == 403
        )
    assert AuditEntry.objects.get(pk=entry.pk).verb == "story.approved"


@pytest.mark.parametrize("model", ["accounts_alert", "accounts_auditentry", "accounts_membership", "accounts_user"])
def test_lists_take_the_same_number_of_queries_whatever_their_length(model: str) -> None:
    workspace = WorkspaceFactory.create()
    client = logged_in(member(workspace, "owner"))
    address = reverse(f"admin:{model}_changelist")
    few = counted(client, address)
    for _ in range(12):
        user = member(workspace, "viewer")
        AlertFactory.create(workspace=workspace)
        AuditEntry.objects.create(workspace=workspace, verb="story.approved", actor=user)
    assert counted(client, address) <= few + 1
    assert few <= 14


def counted(client: Any, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)
