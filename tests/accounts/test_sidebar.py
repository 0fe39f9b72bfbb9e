"""The sidebar shows what a role opens, and the switcher what there is to choose."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from config.sidebar import SIDEBAR, address_of
from tests.accounts.factories import (
    AlertFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    logged_in,
    member,
)

pytestmark = pytest.mark.django_db


def entries(client: Client) -> dict[str, Any]:
    groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
    return {str(item["title"]): item for group in groups for item in group["items"]}


@pytest.mark.parametrize("role", ["owner", "manager", "editor", "viewer", "superuser"])
def test_every_entry_shown_opens(role: str) -> None:
    user = UserFactory.create(is_superuser=True) if role == "superuser" else member(WorkspaceFactory.create(), role)
    client = logged_in(user)
    shown = entries(client)
    assert len(shown) > 8
    for title, item in shown.items():
        assert client.get(item["link"]).status_code == 200, title


def test_what_a_role_may_not_open_is_not_shown() -> None:
    workspace = WorkspaceFactory.create()
    viewer, manager = entries(logged_in(member(workspace, "viewer"))), entries(logged_in(member(workspace, "manager")))
    assert {"Audit", "Members", "Users", "Schedule"}.isdisjoint(viewer)
    assert {"Audit", "Members", "Users"} <= set(manager)
    assert "Schedule" not in manager


def test_every_entry_has_an_address() -> None:
    assert all(address_of(entry.to).startswith("/") for _title, group in SIDEBAR for entry in group)


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("admin:index", ["Today"]),
        ("admin:publishing_publication_changelist", ["Publications"]),
        ("admin:publishing_publication_statistics", ["Statistics"]),
        ("admin:sources_post_numbers", ["Numbers"]),
        ("admin:publishing_channel_add", ["Channels"]),
        ("admin:password_change", []),
    ],
)
def test_one_entry_is_marked(name: str, marked: list[str]) -> None:
    client = logged_in(member(WorkspaceFactory.create(), "owner"))
    groups = client.get(reverse(name)).context["sidebar_navigation"]
    assert [str(item["title"]) for group in groups for item in group["items"] if item["active"]] == marked


def test_badge_counts_own_open_alerts_only() -> None:
    mine, theirs = WorkspaceFactory.create(), WorkspaceFactory.create()
    AlertFactory.create_batch(2, workspace=mine)
    AlertFactory.create_batch(3, workspace=theirs)
    AlertFactory.create(workspace=mine, closed_at=timezone.now())
    assert entries(logged_in(member(mine, "viewer")))["Alerts"]["badge"] == "2"
    assert entries(logged_in(member(WorkspaceFactory.create(), "viewer")))["Alerts"]["badge"] is None


def test_switcher_is_offered_where_there_is_a_choice() -> None:
    first, second = WorkspaceFactory.create(name="Alpha"), WorkspaceFactory.create(name="Beta")
    user = member(first, "viewer")
    assert logged_in(user).get(reverse("admin:index")).context["site_dropdown"] == []
    MembershipFactory.create(user=user, workspace=second, role="viewer")
    client = logged_in(User.objects.get(pk=user.pk))
    titles = [str(item.title) for item in client.get(reverse("admin:index")).context["site_dropdown"]]
    assert titles == ["All workspaces", "Alpha", "Beta"]
    client.post(reverse("accounts:workspace"), {"workspace": second.pk, "next": "/admin/"})
    assert str(client.get(reverse("admin:index")).context["site_subheader"]) == "Beta"


def test_screens_are_on_the_clock_of_the_chosen_workspace() -> None:
    omsk, moscow = WorkspaceFactory.create(time_zone="Asia/Omsk"), WorkspaceFactory.create()
    alert = AlertFactory.create(workspace=omsk, last_at="2026-11-20T20:00Z")
    user = member(omsk, "viewer")
    MembershipFactory.create(user=user, workspace=moscow, role="viewer")
    client, address = logged_in(user), reverse("admin:accounts_alert_change", args=[alert.pk])
    assert "11 p.m." in client.get(address).content.decode()
    client.post(reverse("accounts:workspace"), {"workspace": omsk.pk})
    assert "2 a.m." in client.get(address).content.decode()


def test_membership_that_ended_takes_its_choice_along() -> None:
    first, second = WorkspaceFactory.create(), WorkspaceFactory.create()
    user = member(first, "viewer")
    ended = MembershipFactory.create(user=user, workspace=second, role="viewer")
    client = logged_in(user)
    client.post(reverse("accounts:workspace"), {"workspace": second.pk})
    ended.delete()
    page = client.get(reverse("admin:index"))
    assert page.wsgi_request.workspace == first
    assert page.wsgi_request.workspaces == [first]


def test_no_page_asks_anything_of_another_host() -> None:
    client = logged_in(UserFactory.create(is_superuser=True))
    for path in (
        reverse("admin:index"),
        reverse("admin:accounts_alert_changelist"),
        reverse("admin:accounts_user_add"),
    ):
        page = client.get(path)
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        for mark in ('src="http', 'src="//', 'href="http', 'href="//', "@import", " onclick=", " onload="):
            assert mark not in page.content.decode(), (path, mark)
