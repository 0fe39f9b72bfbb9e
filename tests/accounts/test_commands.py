"""The commands that make workspaces and people."""

from __future__ import annotations

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Membership, User, Workspace
from tests.accounts.factories import PASSWORD, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def shown_password(text: str) -> str:
    return text.rsplit("Password, shown this once: ", 1)[1].strip()


def test_workspace_is_made_and_a_taken_address_refused() -> None:
    run("create_workspace", "City news", "--slug", "city", "--time-zone", "Asia/Omsk")
    assert Workspace.objects.get(slug="city").time_zone == "Asia/Omsk"
    with pytest.raises(CommandError):
        run("create_workspace", "Again", "--slug", "city")
    with pytest.raises(CommandError, match="time zone"):
        run("create_workspace", "Other", "--slug", "other", "--time-zone", "Mars/Base")


@pytest.mark.parametrize("role", Membership.Role.values)
def test_user_of_each_role_is_made_with_a_password_shown_once(role: str) -> None:
    workspace = WorkspaceFactory.create(slug="city")
    text = run("create_user", "--email", "Anna@Example.org", "--role", role, "--workspace", "city")
    user = User.objects.get(email="anna@example.org")
    assert user.check_password(shown_password(text))
    assert Membership.objects.get(user=user, workspace=workspace).role == role
    assert user.is_staff is (role != "client")
    assert not user.is_superuser


def test_present_user_gets_the_role_and_keeps_the_password() -> None:
    WorkspaceFactory.create(slug="city")
    user = UserFactory.create(email="anna@example.org")
    text = run("create_user", "--email", "anna@example.org", "--role", "editor", "--workspace", "city")
    assert "Password" not in text
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_password_is_read_from_standard_input_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    WorkspaceFactory.create(slug="city")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long given phrase\n"))
    options = ["--email", "anna@example.org", "--role", "owner", "--workspace", "city", "--password-stdin"]
    text = run("create_user", *options)
    assert "phrase" not in text
    assert User.objects.get().check_password("a long given phrase")


def test_weak_password_is_refused_and_nobody_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("12345\n"))
    with pytest.raises(CommandError):
        run("create_admin", "--email", "root@example.org", "--password-stdin")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("email", "slug", "words"),
    [("not an address", "city", "not an e-mail"), ("anna@example.org", "nowhere", "create_workspace")],
)
def test_wrong_words_are_told_in_one_sentence(email: str, slug: str, words: str) -> None:
    WorkspaceFactory.create(slug="city")
    with pytest.raises(CommandError, match=words):
        run("create_user", "--email", email, "--role", "editor", "--workspace", slug)
    assert not User.objects.exists()


def test_admin_is_made_and_a_lost_password_replaced() -> None:
    first = shown_password(run("create_admin", "--email", "root@example.org"))
    user = User.objects.get()
    assert user.is_superuser
    assert user.check_password(first)
    assert "Password" not in run("create_admin", "--email", "root@example.org")
    second = shown_password(run("create_admin", "--email", "root@example.org", "--new-password"))
    user.refresh_from_db()
    assert user.check_password(second)
    assert first != second
