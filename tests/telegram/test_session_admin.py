"""The list and page of accounts: secrets go in and never come out, and limits can be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.core.clock import now
from apps.core.rotation import reencrypt_all
from apps.telegram.models import Budget, Session
from apps.telegram.services.session_lease import session_lease_take
from tests.telegram.factories import SessionFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/telegram/session/add/"
HASH = "0123456789abcdef0123456789abcdef"
PROXY = "socks5://vera:opensesame@8.8.8.8:1080"
SECRETS = ("+79001112233", "79001112233", HASH, "opensesame")


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory()
    return made


@pytest.fixture
def owner(client: Client, workspace: Workspace) -> Client:
    user = User.objects.create_user("owner@example.org", "not-used-anywhere")
    User.objects.filter(pk=user.pk).update(language="en")
    Membership.objects.create(user=user, workspace=workspace, role=Membership.Role.OWNER)
    client.force_login(User.objects.get(pk=user.pk))
    return client


def change(session: Session) -> str:
    return reverse("admin:telegram_session_change", args=[session.pk])


def filled(**typed: Any) -> dict[str, Any]:
    return {"name": "Reader", "new_phone": "", "api_id": "", "new_api_hash": "", "new_proxy": "", **typed}


def test_added_account_goes_on_to_its_login(owner: Client, workspace: Workspace) -> None:
    reply = owner.post(
        ADD, filled(new_phone="+7 (900) 111-22-33", api_id="77", new_api_hash=HASH.upper(), new_proxy=PROXY)
    )
    session = Session.objects.get()
    assert reply.headers["Location"] == reverse("admin:telegram_session_login", args=[session.pk])
    assert (session.workspace, session.state, session.phone) == (workspace, "new", "+79001112233")
    assert (session.api_id, session.api_hash, session.proxy) == (77, HASH, PROXY)
    assert AuditEntry.objects.get(verb="session.created").actor is not None
    for address in (change(session), reply.headers["Location"], "/admin/telegram/session/"):
        shown = owner.get(address).content.decode()
        assert [secret for secret in SECRETS if secret in shown] == []
    kept = str(list(AuditEntry.objects.values()))
    assert [secret for secret in SECRETS if secret in kept] == []


def test_secrets_are_encrypted_at_rest_and_hidden_from_repr(workspace: Workspace) -> None:
    session = SessionFactory(
        workspace=workspace,
        phone="+79001112233",
        api_hash=HASH,
        proxy=PROXY,
        string="fake:very-secret",
        code_hash="code-hash-1",
        password_hint="a horse",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT phone, api_hash, proxy, string, code_hash, password_hint FROM telegram_session WHERE id = %s",
            [session.pk],
        )
        stored = cursor.fetchone()
    assert all(value.startswith("f1:") for value in stored)
    shown = repr(session.snapshot()) + repr(session) + str(session)
    assert not any(secret in shown for secret in (*SECRETS, "very-secret", "horse"))


def test_rotation_covers_the_accounts_fields(workspace: Workspace, settings: Any) -> None:
    from cryptography.fernet import Fernet

    session = SessionFactory(workspace=workspace, proxy=PROXY, code_hash="code-hash-1", password_hint="a horse")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    written = {report.name for report in reencrypt_all() if report.rewritten}
    fields = ("phone", "api_hash", "proxy", "string", "code_hash", "password_hint")
    assert {f"telegram.Session.{field}" for field in fields} <= written
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert Session.objects.get(pk=session.pk).proxy == PROXY


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"new_phone": "12"}, "with the country"),
        ({"new_phone": ""}, "This field is required"),
        ({"api_id": "77"}, "needs its api_hash"),
        ({"new_api_hash": "abc"}, "has 32 signs"),
        ({"new_proxy": "ftp://host:1"}, "socks5://"),
        ({"new_proxy": "socks5://8.8.8.8:99999"}, "can&#x27;t be read"),
        ({"new_proxy": "socks5://8.8.8.8:0"}, "can&#x27;t be read"),
        ({"new_proxy": "http://[8.8.8.8:80"}, "can&#x27;t be read"),
        ({"new_proxy": "socks5://vera:opensesame@127.0.0.1:1080"}, "is not public"),
        ({"new_proxy": "mtproto://dd00@10.1.2.3:443"}, "is not public"),
    ],
)
def test_wrong_input_is_told_and_not_repeated(typed: dict[str, str], words: str, owner: Client) -> None:
    reply = owner.post(ADD, filled(**{"new_phone": "+79001112233", **typed}))
    shown = reply.content.decode()
    assert reply.status_code == 200
    assert words in shown
    assert "+79001112233" not in shown
    assert not Session.objects.exists()


def test_empty_fields_keep_what_is_there(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace, proxy=PROXY)
    was = Session.objects.get()
    reply = owner.post(change(session), filled(name="Renamed", api_id=str(session.api_id)))
    assert reply.status_code == 302
    now_ = Session.objects.get()
    assert now_.name == "Renamed"
    assert (now_.phone, now_.api_hash, now_.proxy, now_.string) == (was.phone, was.api_hash, was.proxy, was.string)
    assert AuditEntry.objects.get(verb="session.changed").details == {"fields": ["name"]}
    owner.post(change(session), filled(name="Renamed", api_id=str(session.api_id), drop_proxy="on"))
    assert Session.objects.get().proxy == ""
    owner.post(change(session), filled(name="Renamed"))  # no api_id: the installation's
    assert (Session.objects.get().api_id, Session.objects.get().api_hash) == (None, "")


def test_phone_of_a_logged_in_account_does_not_change(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    reply = owner.post(change(session), filled(api_id=str(session.api_id), new_phone="+79009998877"))
    assert "Log the account out before" in reply.content.decode()
    assert Session.objects.get().phone == session.phone


def test_logged_in_account_is_not_deleted(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    delete = reverse("admin:telegram_session_delete", args=[session.pk])
    assert owner.post(delete, {"post": "yes"}).status_code == 403
    assert Session.objects.exists()
    Session.objects.update(state="out", string="")
    assert owner.post(delete, {"post": "yes"}).status_code == 302
    assert not Session.objects.exists()
    assert AuditEntry.objects.filter(verb="session.deleted").count() == 1


def test_page_shows_limits_waits_and_floods(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    until = now() + timedelta(hours=2)
    Budget.objects.create(
        session=session,
        operation="history",
        arrives_at=until,
        waits_until=until,
        spent=1234,
        floods=3,
        last_flood_s=7200,
    )
    shown = owner.get(change(session)).content.decode()
    assert "as Telegram asked" in shown
    assert "3, the last of 2 hours" in shown
    assert "1\u2009234" in shown
    assert shown.count("Free") == 5  # the other operations


def test_page_says_when_a_slow_operation_may_be_used_again(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    Budget.objects.create(session=session, operation="dialogs", arrives_at=now() + timedelta(minutes=20), spent=1)
    shown = owner.get(change(session)).content.decode()
    assert "Listing own channels" in shown
    assert "again from" in shown
    assert "goes on within seconds" not in shown


def test_list_shows_who_reads(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    SessionFactory(workspace=workspace, state="lost", string="")
    assert "is the program “reader” running?" in owner.get("/admin/telegram/session/").content.decode()
    assert session_lease_take(session_pk=session.pk, owner="reader")
    shown = owner.get("/admin/telegram/session/").content.decode()
    assert "is the program" not in shown
    assert "Login lost" in shown


def test_pause_and_resume_from_the_list(owner: Client, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    pressed = {"action": "pause_sessions", "_selected_action": [session.pk]}
    owner.post("/admin/telegram/session/", pressed)
    assert Session.objects.get().is_paused is True
    owner.post("/admin/telegram/session/", {**pressed, "action": "resume_sessions"})
    assert Session.objects.get().is_paused is False
    assert AuditEntry.objects.filter(verb__in=["session.paused", "session.resumed"]).count() == 2
