"""Logging in: who lands where, how often one may try, what is noted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry, User
from tests.accounts.factories import PASSWORD, UserFactory, WorkspaceFactory, logged_in, member

pytestmark = pytest.mark.django_db


def try_login(client: Client, email: str, password: str = PASSWORD, **extra: str) -> object:
    return client.post(reverse("admin:login"), {"username": email, "password": password}, **extra)


def test_login_page_is_russian_until_another_language_is_chosen(client: Client) -> None:
    page = client.get(reverse("admin:login"), headers={"accept-language": "en"})
    assert page.status_code == 200
    assert 'lang="ru"' in page.content.decode()
    client.post(reverse("accounts:language"), {"language": "en", "next": reverse("admin:login")})
    assert 'lang="en"' in client.get(reverse("admin:login")).content.decode()


def test_editor_lands_at_the_desk_with_a_new_session(client: Client) -> None:
    user = member(WorkspaceFactory.create(), "editor")
    client.get(reverse("admin:login"))
    client.session.save()
    before = client.session.session_key
    answer = try_login(client, str(user.email).upper())
    assert answer.headers["Location"] == reverse("admin:index")
    assert client.session.session_key != before


def test_client_lands_on_the_page_of_channels(client: Client) -> None:
    user = member(WorkspaceFactory.create(), "client")
    answer = try_login(client, str(user.email))
    assert answer.headers["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(reverse("admin:login")).headers["Location"] == reverse("home")


def test_success_is_noted_in_the_audit_of_each_workspace(client: Client) -> None:
    workspace = WorkspaceFactory.create()
    user = member(workspace, "editor")
    try_login(client, str(user.email))
    entry = AuditEntry.objects.get(verb="user.logged_in")
    assert (entry.workspace, entry.actor, entry.details) == (workspace, user, {"address": "127.0.0.1"})


def test_failure_is_noted_without_the_password(client: Client) -> None:
    user = member(WorkspaceFactory.create(), "editor")
    answer = try_login(client, str(user.email), "wrong and secret")
    assert answer.status_code == 200
    entry = AuditEntry.objects.get(verb="user.login_failed")
    assert entry.actor is None
    assert entry.target_label == user.email
    assert "secret" not in str(entry.__dict__)
    assert not AuditEntry.objects.filter(verb="user.logged_in").exists()


def test_unknown_address_is_noted_too(client: Client) -> None:
    try_login(client, "nobody@example.org")
    assert AuditEntry.objects.get(verb="user.login_failed").workspace is None


def test_sixth_try_in_a_minute_is_refused_even_with_the_right_password(client: Client) -> None:
    user = member(WorkspaceFactory.create(), "editor")
    for _ in range(5):
        assert try_login(client, str(user.email), "wrong").status_code == 200
    answer = try_login(client, str(user.email))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert "_auth_user_id" not in client.session


def test_another_person_and_another_address_are_not_limited(client: Client) -> None:
    user, other = (member(WorkspaceFactory.create(), "editor") for _ in range(2))
    for _ in range(6):
        try_login(client, str(user.email), "wrong")
    assert try_login(Client(), str(other.email)).status_code == 302
    assert try_login(Client(), str(user.email), REMOTE_ADDR="10.0.0.9").status_code == 302


def test_switched_off_account_stays_out(client: Client) -> None:
    user = member(WorkspaceFactory.create(), "editor", is_active=False)
    assert try_login(client, str(user.email)).status_code == 200
    assert "_auth_user_id" not in client.session


def test_user_without_any_role_lands_on_an_empty_page(client: Client) -> None:
    user = UserFactory.create()
    assert try_login(client, str(user.email)).headers["Location"] == reverse("home")


def test_language_of_a_user_is_kept_with_the_user() -> None:
    user = member(WorkspaceFactory.create(), "editor", language="ru")
    client = logged_in(user)
    assert 'lang="ru"' in client.get(reverse("admin:index")).content.decode()
    client.post(reverse("accounts:language"), {"language": "en", "next": "/admin/"})
    assert 'lang="en"' in client.get(reverse("admin:index")).content.decode()
    assert User.objects.get(pk=user.pk).language == "en"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_switchers_never_send_elsewhere(client: Client, target: str) -> None:
    answer = client.post(reverse("accounts:language"), {"language": "en", "next": target})
    assert answer.headers["Location"] == reverse("home")


def test_password_change_needs_the_old_one() -> None:
    user = member(WorkspaceFactory.create(), "editor")
    client = logged_in(user)
    fields = {"old_password": "wrong", "new_password1": "brand new words", "new_password2": "brand new words"}
    assert client.post(reverse("admin:password_change"), fields).status_code == 200
    fields["old_password"] = PASSWORD
    assert client.post(reverse("admin:password_change"), fields).status_code == 302
    assert User.objects.get(pk=user.pk).check_password("brand new words")


def test_logging_out_ends_the_session() -> None:
    client = logged_in(member(WorkspaceFactory.create(), "editor"))
    assert client.post(reverse("admin:logout")).status_code in {200, 302}
    assert "_auth_user_id" not in client.session
