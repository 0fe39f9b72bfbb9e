"""Logging an account in and out by its page: every way that it can go, and what is kept meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, Membership, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, TransitionError
from apps.telegram.adapters.fake_login import FakeLoginDesk
from apps.telegram.adapters.fake_world import FakeWorld
from apps.telegram.models import Budget, Peer, Session
from apps.telegram.services import session_login, sessions
from apps.telegram.services.session_lease import session_lease_take
from tests.telegram.factories import SessionFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
PHONE = "+79001112233"
State = Session.State


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> FakeWorld:
    settings.TELEGRAM_READER = "scripted"
    settings.TELEGRAM_READER_DIR = tmp_path
    made = FakeWorld(tmp_path)
    made.account(PHONE, user_id=501, username="vera_reads", code="24680")
    return made


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory()
    return made


@pytest.fixture
def manager(client: Client, workspace: Workspace) -> Client:
    return enter(client, workspace, Membership.Role.MANAGER)


@pytest.fixture
def session(workspace: Workspace) -> Session:
    made: Session = SessionFactory(workspace=workspace, phone=PHONE, state=State.NEW, string="", user_id=None)
    return made


def enter(client: Client, workspace: Workspace, role: str) -> Client:
    """Log somebody in with a role."""
    user = User.objects.create_user(f"{role}@example.org", "not-used-anywhere")
    User.objects.filter(pk=user.pk).update(language="en")
    Membership.objects.create(user=user, workspace=workspace, role=role)
    client.force_login(User.objects.get(pk=user.pk))
    return client


def page(session: Session) -> str:
    return reverse("admin:telegram_session_login", args=[session.pk])


def press(client: Client, session: Session, step: str, **typed: str) -> tuple[str, str]:
    """Press a button: what is said, and the page after it."""
    reply: Any = client.post(page(session), {"step": step, **typed}, follow=True)
    assert reply.status_code == 200
    return " ".join(str(one) for one in get_messages(reply.wsgi_request)) or said(reply), reply.content.decode()


def said(reply: HttpResponse) -> str:
    return " ".join(str(one) for one in reply.context["messages"]) if reply.context else ""


def state(session: Session) -> str:
    return Session.objects.values_list("state", flat=True).get(pk=session.pk)


def test_code_logs_the_account_in(manager: Client, world: FakeWorld, session: Session) -> None:
    shown = manager.get(page(session)).content.decode()
    assert "Send the code" in shown
    assert PHONE not in shown
    assert "+7 ••• 33" in shown
    _words, shown = press(manager, session, "send")
    assert "Type the code" in shown
    session.refresh_from_db()
    assert (session.state, session.code_way, session.code_next) == (State.CODE, "app", "sms")
    assert session.code_hash not in shown
    assert session.string not in shown
    words, shown = press(manager, session, "code", code=" 24-680 ")
    assert "Logged in." in words
    session.refresh_from_db()
    assert (session.state, session.user_id, session.username) == (State.ACTIVE, 501, "vera_reads")
    assert (session.code_hash, session.code_way, session.code_next, session.resend_at) == ("", "", "", None)
    assert (session.password_hint, session.problem, session.lease_owner) == ("", "", "")
    assert session.checked_at is not None
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["session.code_sent", "session.logged_in"]
    kept = str(list(AuditEntry.objects.values()))
    assert not any(secret in kept for secret in (PHONE, session.string, "24680"))


def test_two_step_password_is_asked_and_not_kept(manager: Client, world: FakeWorld, session: Session) -> None:
    world.account(PHONE, user_id=501, code="24680", password="correct horse", hint="a horse")
    press(manager, session, "send")
    _words, shown = press(manager, session, "code", code="24680")
    assert "Type the two-step password" in shown
    assert "a horse" in shown
    assert state(session) == State.PASSWORD
    words, shown = press(manager, session, "password", password="wrong horse")
    assert "The password is wrong." in words
    assert "wrong horse" not in shown
    assert state(session) == State.PASSWORD
    words, shown = press(manager, session, "password", password="correct horse")
    assert "Logged in." in words
    assert "correct horse" not in shown
    session.refresh_from_db()
    assert (session.state, session.password_hint) == (State.ACTIVE, "")
    assert "horse" not in str(list(Session.objects.values())) + str(list(AuditEntry.objects.values()))


def test_wrong_and_old_codes_are_told_and_the_login_goes_on(
    manager: Client, world: FakeWorld, session: Session
) -> None:
    press(manager, session, "send")
    words, _shown = press(manager, session, "code", code="11111")
    assert "The code is wrong." in words
    words, _shown = press(manager, session, "code", code="   ")
    assert "Type the code" in words
    assert len(world.asked(method="enter_code")) == 1  # an empty one is not sent
    world.expire_code(PHONE)
    words, shown = press(manager, session, "code", code="24680")
    assert "too old" in words
    assert "Ask for a new code" in shown
    assert state(session) == State.CODE
    words, _shown = press(manager, session, "resend")
    assert "sent again" in words
    session.refresh_from_db()
    assert (session.code_way, session.code_next, session.problem) == ("sms", "", "")
    press(manager, session, "code", code="24680")
    assert state(session) == State.ACTIVE


def test_flood_wait_is_told_with_its_length(manager: Client, world: FakeWorld, session: Session) -> None:
    world.flood("login", 600)
    words, shown = press(manager, session, "send")
    assert "wait 600 s" in words
    assert "10 minutes" in shown
    session.refresh_from_db()
    assert (session.state, "600" in session.problem) == (State.NEW, True)
    press(manager, session, "send")
    assert state(session) == State.CODE


@pytest.mark.parametrize(
    ("scripted", "words"), [("unregistered", "There is no Telegram account"), ("banned", "has banned this phone")]
)
def test_phone_without_an_account_begins_anew(
    scripted: str, words: str, manager: Client, world: FakeWorld, session: Session
) -> None:
    world.account(PHONE, user_id=501, code="24680", state=scripted)
    told, _shown = press(manager, session, "send")
    if scripted == "unregistered":
        told, _shown = press(manager, session, "code", code="24680")
    assert words in told
    session.refresh_from_db()
    assert (session.state, session.string, session.code_hash) == (State.NEW, "", "")
    assert words in session.problem


def test_network_trouble_changes_nothing(manager: Client, world: FakeWorld, session: Session) -> None:
    press(manager, session, "send")
    before = Session.objects.get()
    world.fault("network", operation="login")
    words, _shown = press(manager, session, "code", code="24680")
    assert "can't be reached" in words
    after = Session.objects.get()
    assert (after.state, after.string, after.code_hash) == (State.CODE, before.string, before.code_hash)


def test_given_up_login_is_forgotten(manager: Client, world: FakeWorld, session: Session) -> None:
    press(manager, session, "send")
    press(manager, session, "cancel")
    session.refresh_from_db()
    assert (session.state, session.string, session.code_hash) == (State.NEW, "", "")
    words, _shown = press(manager, session, "cancel")
    assert "No log-in is under way" in words


def test_log_out_revokes_and_forgets(manager: Client, world: FakeWorld, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    asked = manager.get(page(session) + "?leave").content.decode()
    assert "Stay logged in" in asked
    words, _shown = press(manager, session, "out")
    assert "Telegram has forgotten" in words
    session.refresh_from_db()
    assert (session.state, session.string, session.lease_owner) == (State.OUT, "", "")
    assert len(world.asked(method="log_out")) == 1
    words, _shown = press(manager, session, "out")
    assert "not logged in" in words
    assert len(world.asked(method="log_out")) == 1


def test_log_out_without_network_is_tried_again(world: FakeWorld, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    world.fault("network", operation="login")
    assert session_login.session_log_out(session=session) is False
    session.refresh_from_db()
    assert session.state == State.LEAVING
    assert session.string != ""
    assert "could not be told" in session.problem
    assert session_login.session_leave(session_pk=session.pk) is True
    session.refresh_from_db()
    assert (session.state, session.string, session.problem) == (State.OUT, "", "")
    assert session_login.session_leave(session_pk=session.pk) is True  # delivered twice: nothing more is asked
    assert len(world.asked(method="log_out", outcome="ok")) == 1


def test_log_out_of_a_held_account_is_left_to_its_owner(world: FakeWorld, workspace: Workspace) -> None:
    session = SessionFactory(workspace=workspace)
    assert session_lease_take(session_pk=session.pk, owner="reader")
    assert session_login.session_log_out(session=session) is False
    session.refresh_from_db()
    assert (session.state, session.lease_owner) == (State.LEAVING, "reader")
    assert world.asked(method="log_out") == []


def test_lost_account_logs_in_again_and_the_alert_closes(manager: Client, world: FakeWorld, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(state=State.ACTIVE, user_id=501)
    session.refresh_from_db()
    assert sessions.session_lose(session_pk=session.pk, problem="Telegram has ended this login. Log in again.")
    assert not sessions.session_lose(session_pk=session.pk, problem="Again")
    assert Alert.objects.filter(closed_at=None).count() == 1
    Peer.objects.create(session=session, chat_id=1, access_hash=2)
    shown = manager.get(page(session)).content.decode()
    assert "Telegram has ended this login" in shown
    press(manager, session, "send")
    press(manager, session, "code", code="24680")
    session.refresh_from_db()
    assert (session.state, session.problem) == (State.ACTIVE, "")
    assert not Alert.objects.filter(closed_at=None).exists()
    assert Peer.objects.count() == 1  # the same account: its channels are still good


def test_another_account_on_the_row_knows_nothing_of_the_first(
    manager: Client, world: FakeWorld, session: Session
) -> None:
    Session.objects.filter(pk=session.pk).update(user_id=999, state=State.OUT)
    Peer.objects.create(session=session, chat_id=1, access_hash=2)
    Budget.objects.create(session=session, operation="history", floods=3)
    press(manager, session, "send")
    press(manager, session, "code", code="24680")
    assert state(session) == State.ACTIVE
    assert Peer.objects.count() == Budget.objects.count() == 0


def test_account_that_is_there_already_is_refused_and_logged_out_again(
    manager: Client, world: FakeWorld, session: Session, workspace: Workspace
) -> None:
    SessionFactory(workspace=workspace, name="First", user_id=501)
    press(manager, session, "send")
    words, _shown = press(manager, session, "code", code="24680")
    assert "already: “First”" in words
    session.refresh_from_db()
    assert (session.state, session.string) == (State.NEW, "")
    assert len(world.asked(method="log_out")) == 1
    assert not AuditEntry.objects.filter(verb="session.logged_in").exists()


def test_step_that_runs_keeps_others_out(world: FakeWorld, session: Session) -> None:
    session_login.session_code_send(session=session)
    assert session_lease_take(session_pk=session.pk, owner="login:other", states=(State.CODE,))
    with pytest.raises(TransitionError):
        session_login.session_code_enter(session=session, code="24680")
    assert world.asked(method="enter_code") == []


def test_step_that_was_overtaken_keeps_nothing(
    world: FakeWorld, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_login.session_code_send(session=session)
    real = FakeLoginDesk.enter_code

    async def slow(self: FakeLoginDesk, *args: Any) -> Any:
        """Somebody gives the login up while Telegram thinks."""
        answer = await real(self, *args)
        overtaken.append(connection.in_atomic_block)
        return answer

    overtaken: list[bool] = []
    monkeypatch.setattr(FakeLoginDesk, "enter_code", slow)
    within = session_login.within

    def overtake(question: Any) -> Any:
        answer = within(question)
        Session.objects.update(state=State.NEW, lease_owner="", lease_until=None)
        return answer

    monkeypatch.setattr(session_login, "within", overtake)
    with pytest.raises(TransitionError):
        session_login.session_code_enter(session=session, code="24680")
    assert state(session) == State.NEW
    assert not AuditEntry.objects.filter(verb="session.logged_in").exists()
    assert len(world.asked(method="log_out")) == 1


def test_login_that_is_given_up_while_telegram_accepts_it_is_ended_there(
    world: FakeWorld, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.account(PHONE, user_id=501, username="vera_reads", code="24680", password="horse battery")
    session_login.session_code_send(session=session)
    session_login.session_code_enter(session=session, code="24680")
    within = session_login.within

    def give_up(question: Any) -> Any:
        answer = within(question)
        if state(session) == State.PASSWORD:
            session_login.session_login_cancel(session=Session.objects.get(pk=session.pk))
            world.fault("network", operation="login")
        return answer

    monkeypatch.setattr(session_login, "within", give_up)
    with pytest.raises(TransitionError, match="End the new login in Telegram"):
        session_login.session_password_enter(session=session, password="horse battery")
    assert len(world.asked(method="log_out")) == 1
    session.refresh_from_db()
    assert (session.state, session.string) == (State.NEW, "")


def test_lease_lasts_through_the_second_question(
    world: FakeWorld, session: Session, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    SessionFactory(workspace=workspace, name="First", user_id=501)
    session_login.session_code_send(session=session)
    within, left = session_login.within, []

    def slow(question: Any) -> Any:
        """The first answer comes when little is left of the lease."""
        answer = within(question)
        until = Session.objects.values_list("lease_until", flat=True).get(pk=session.pk)
        assert until is not None
        left.append((until - now()).total_seconds())
        Session.objects.filter(pk=session.pk).update(lease_until=now() + timedelta(seconds=session_login.LEASE_S - 40))
        return answer

    monkeypatch.setattr(session_login, "within", slow)
    with pytest.raises(PermanentError, match="already: “First”"):
        session_login.session_code_enter(session=session, code="24680")
    assert [seconds > session_login.STEP_S for seconds in left] == [True, True]


@pytest.mark.django_db(transaction=True)
def test_telegram_is_asked_outside_any_transaction(
    world: FakeWorld, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionFactory(workspace=workspace, phone=PHONE, state=State.NEW, string="", user_id=None)
    seen: list[bool] = []
    within = session_login.within
    monkeypatch.setattr(
        session_login, "within", lambda question: (seen.append(connection.in_atomic_block), within(question))[1]
    )
    session_login.session_code_send(session=session)
    session_login.session_code_enter(session=session, code="24680")
    session_login.session_log_out(session=session)
    assert seen == [False, False, False]


def test_no_application_is_explained_before_anything_is_asked(
    manager: Client, world: FakeWorld, session: Session, settings: Any
) -> None:
    Session.objects.update(api_id=None, api_hash="")
    assert "my.telegram.org" in manager.get(page(session)).content.decode()
    words, _shown = press(manager, session, "send")
    assert "api_id" in words
    settings.TELEGRAM_API_ID, settings.TELEGRAM_API_HASH = 5, "0" * 32
    press(manager, session, "send")
    assert state(session) == State.CODE


@pytest.mark.parametrize("role", [Membership.Role.EDITOR, Membership.Role.VIEWER])
def test_others_than_managers_see_no_accounts(
    role: str, client: Client, world: FakeWorld, session: Session, workspace: Workspace
) -> None:
    enter(client, workspace, role)
    assert client.get(reverse("admin:telegram_session_changelist")).status_code == 403
    assert client.get(page(session)).status_code == 403
    assert client.post(page(session), {"step": "send"}).status_code == 403
    assert world.asked() == []
    assert "Telegram accounts" not in client.get("/admin/").content.decode()


def test_another_workspaces_account_is_not_there(client: Client, world: FakeWorld, session: Session) -> None:
    enter(client, WorkspaceFactory(), Membership.Role.OWNER)
    assert client.get(page(session)).status_code == 404
    assert client.post(page(session), {"step": "send"}).status_code == 404
    assert world.asked() == []


def test_failure_in_words_is_what_the_services_raise(world: FakeWorld, session: Session) -> None:
    world.flood("login", 31)
    with pytest.raises(RetryableError) as flood:
        session_login.session_code_send(session=session)
    assert flood.value.retry_after == 31
    session_login.session_code_send(session=session)
    with pytest.raises(PermanentError) as wrong:
        session_login.session_code_enter(session=session, code="1")
    assert wrong.value.code == "code_wrong"
