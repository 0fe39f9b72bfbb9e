"""Logging accounts in and out, step by step.

Each step takes the account's lease, asks Telegram outside any transaction, and records the outcome by one conditional
UPDATE that only the lease's owner can make. Between two steps only the encrypted session string and the code's hash
are kept, so that it does not matter which process works the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, RetryableError, TransitionError
from apps.telegram.login import CodeSent, LoggedIn, PasswordWanted
from apps.telegram.models import Budget, Peer, Session
from apps.telegram.services.reading import login_desk
from apps.telegram.services.session_lease import session_lease_release, session_lease_renew, session_lease_take
from apps.telegram.services.sessions import FORGOTTEN, NO_LOGIN, reading_wanted, session_alert_key

State = Session.State
BEGINS = (State.NEW, State.CODE, State.PASSWORD, State.LOST, State.OUT)
STEP_S = 40.0
LEASE_S = 60.0
# Refusals after which a login has to begin anew.
OVER = frozenset({"sign_up", "phone_banned", "phone_wrong", "code_lost"})
Answer = TypeVar("Answer")


def session_code_send(*, session: Session, actor: User | None = None) -> None:
    """Ask Telegram to send a code to the account's phone; an older login that was not finished is forgotten.

    Raises:
        PermanentError, RetryableError: in words for a person, kept on the row too.
        TransitionError: the account is logged in, or another step runs.
    """
    with step(session, BEGINS) as owner:
        account = replace(session.snapshot(), string="")
        sent = asked(session, owner, login_desk().send_code(account, session.phone))
        record(session, owner, actor, "session.code_sent", BEGINS, state=State.CODE, password_hint="", **of_code(sent))


def session_code_resend(*, session: Session, actor: User | None = None) -> None:
    """Ask Telegram to send the code once more, by the next way.

    Raises:
        PermanentError, RetryableError: as in `session_code_send`.
        TransitionError: no code is waited for, or another step runs.
    """
    states = (State.CODE,)
    with step(session, states) as owner:
        desk = login_desk()
        sent = asked(session, owner, desk.resend_code(session.snapshot(), session.phone, session.code_hash))
        record(session, owner, actor, "session.code_resent", states, state=State.CODE, **of_code(sent))


def session_code_enter(*, session: Session, code: str, actor: User | None = None) -> None:
    """Give Telegram the code; the account is logged in then, or waits for its two-step password.

    Raises:
        PermanentError, RetryableError: as in `session_code_send`.
        TransitionError: no code is waited for, or another step runs.
    """
    states = (State.CODE,)
    with step(session, states) as owner:
        answer = asked(
            session, owner, login_desk().enter_code(session.snapshot(), session.phone, session.code_hash, code)
        )
        if isinstance(answer, PasswordWanted):
            kept = {**NO_LOGIN, "string": answer.string, "password_hint": answer.hint}
            record(session, owner, actor, "session.password_wanted", states, state=State.PASSWORD, **kept)
        else:
            logged_in(session, owner, actor, answer, states)


def session_password_enter(*, session: Session, password: str, actor: User | None = None) -> None:
    """Give Telegram the two-step password; it is kept nowhere.

    Raises:
        PermanentError, RetryableError: as in `session_code_send`.
        TransitionError: no password is waited for, or another step runs.
    """
    states = (State.PASSWORD,)
    with step(session, states) as owner:
        answer = asked(session, owner, login_desk().enter_password(session.snapshot(), password))
        logged_in(session, owner, actor, answer, states)


@transaction.atomic
def session_login_cancel(*, session: Session, actor: User | None = None) -> None:
    """Give up a login that was begun.

    Raises:
        TransitionError: none is under way.
    """
    rows = Session.objects.filter(pk=session.pk, state__in=(State.CODE, State.PASSWORD))
    if rows.update(state=State.NEW, problem="", **FORGOTTEN) != 1:
        raise TransitionError(_("No log-in is under way."))
    audit_record(actor=actor, verb="session.login_cancelled", target=session)


def session_log_out(*, session: Session, actor: User | None = None) -> bool:
    """Stop using an account and revoke its login at Telegram.

    Answers whether that is done; False where the program that reads with it does it within a minute.

    Raises:
        TransitionError: it is not logged in.
    """
    with transaction.atomic():
        rows = Session.objects.filter(pk=session.pk, state=State.ACTIVE)
        if rows.update(state=State.LEAVING, problem="") != 1:
            raise TransitionError(_("The account is not logged in."))
        audit_record(actor=actor, verb="session.log_out_asked", target=session)
    return session_leave(session_pk=session.pk, actor=actor)


def session_leave(*, session_pk: int, actor: User | None = None) -> bool:
    """Revoke the login of an account that is logging out, and forget it; False where it has to be tried again."""
    session = Session.objects.select_related("workspace").filter(pk=session_pk, state=State.LEAVING).first()
    if session is None:
        return True
    states = (State.LEAVING,)
    try:
        with step(session, states) as owner:
            try:
                if session.string:
                    within(login_desk().log_out(session.snapshot()))
            except RetryableError as exc:
                words = _("Telegram could not be told of the log-out yet: %(problem)s") % {"problem": exc}
                Session.objects.filter(pk=session_pk, state=State.LEAVING).update(problem=words)
                return False
            except PermanentError as exc:
                # The login is forgotten here; whatever Telegram still keeps of it a person ends in their app.
                words = _("Telegram did not confirm the log-out: %(problem)s") % {"problem": exc}
                record(session, owner, actor, "session.logged_out", states, state=State.OUT, **out(words))
                return True
            record(session, owner, actor, "session.logged_out", states, state=State.OUT, **out(""))
    except TransitionError:
        return False
    return True


def out(problem: str) -> dict[str, Any]:
    """What a logged out account keeps."""
    return {**FORGOTTEN, "problem": problem}


@contextmanager
def step(session: Session, states: Collection[str]) -> Iterator[str]:
    """Own the account for one step, with its row read anew; yields the owner's name."""
    owner = f"login:{uuid4().hex}"
    if not session_lease_take(session_pk=session.pk, owner=owner, lease_s=LEASE_S, states=states):
        raise TransitionError(
            _("The account is used or changed elsewhere just now. Look at its page and try again in a minute.")
        )
    try:
        session.refresh_from_db()
        yield owner
    finally:
        session_lease_release(session_pk=session.pk, owner=owner)


def asked(session: Session, owner: str, question: Coroutine[Any, Any, Answer]) -> Answer:
    """Telegram's answer; a failure is kept on the row, and one that ends the login takes it back to its start."""
    try:
        return within(question)
    except PultError as exc:
        rows = Session.objects.filter(pk=session.pk, lease_owner=owner)
        code = exc.code if isinstance(exc, (PermanentError, RetryableError)) else ""
        kept: dict[str, Any] = {"problem": str(exc)}
        if isinstance(exc, RetryableError) and exc.retry_after:
            kept["resend_at"] = now() + timedelta(seconds=exc.retry_after)
        if code in OVER and session.state in {State.CODE, State.PASSWORD}:
            kept |= {**NO_LOGIN, "string": "", "state": State.NEW}
        rows.update(**kept)
        raise


def within(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Ask, on a loop of its own, for no longer than the lease allows."""

    async def bounded() -> Answer:
        try:
            async with asyncio.timeout(STEP_S):
                return await question
        except TimeoutError:
            raise RetryableError(_("Telegram did not answer in time. Try again."), code="network") from None

    return asyncio.run(bounded())


def of_code(sent: CodeSent) -> dict[str, Any]:
    """What is kept of a code that was sent."""
    return {
        "string": sent.string,
        "code_hash": sent.code_hash,
        "code_way": sent.way,
        "code_next": sent.next_way,
        "resend_at": now() + timedelta(seconds=sent.wait_s) if sent.wait_s else None,
    }


def record(session: Session, owner: str, actor: User | None, verb: str, states: Collection[str], **kept: Any) -> None:
    """Keep the outcome of a step, if the account is still the step's."""
    with transaction.atomic():
        rows = Session.objects.filter(pk=session.pk, lease_owner=owner, state__in=states)
        if rows.update(**{"problem": "", **kept}) != 1:
            raise TransitionError(_("The account was changed meanwhile. Look at its page."))
        audit_record(actor=actor, verb=verb, target=session)
    session.refresh_from_db()


def logged_in(session: Session, owner: str, actor: User | None, answer: LoggedIn, states: Collection[str]) -> None:
    """Keep a login; one that was given up meanwhile, or whose account the workspace reads with, is ended again."""
    kept = {
        **NO_LOGIN,
        "state": State.ACTIVE,
        "string": answer.string,
        "user_id": answer.me.user_id,
        "username": answer.me.username,
        "checked_at": now(),
        "is_paused": False,
    }
    was = session.user_id
    try:
        with transaction.atomic():
            record(session, owner, actor, "session.logged_in", states, **kept)
            if was is not None and was != answer.me.user_id:
                Peer.objects.filter(session=session).delete()  # another account's hashes and limits are worth nothing
                Budget.objects.filter(session=session).delete()
            alert_close(workspace=session.workspace, key=session_alert_key(session.pk))
            transaction.on_commit(reading_wanted, robust=True)
    except IntegrityError:
        refuse_twin(session, owner, answer)
    except TransitionError as exc:
        raise TransitionError(f"{exc}{ended_again(session, owner, answer)}") from exc


def refuse_twin(session: Session, owner: str, answer: LoggedIn) -> None:
    """End a login whose account is in the workspace already, and say so."""
    twin = Session.objects.filter(workspace=session.workspace_id, user_id=answer.me.user_id, state=State.ACTIVE).first()
    problem = _("The workspace reads with this Telegram account already: “%(account)s”.") % {"account": twin}
    problem += ended_again(session, owner, answer)
    Session.objects.filter(pk=session.pk, lease_owner=owner).update(
        state=State.NEW, problem=problem, **{**NO_LOGIN, "string": ""}
    )
    raise PermanentError(problem, code="same_account")


def ended_again(session: Session, owner: str, answer: LoggedIn) -> str:
    """Log a login out that is not kept; answers what a person has to do where Telegram could not be told."""
    # The first question may have used up most of the lease. Where it is another's by now, this login is still not.
    session_lease_renew(session_pk=session.pk, owner=owner, lease_s=LEASE_S)
    try:
        within(login_desk().log_out(replace(session.snapshot(), string=answer.string)))
    except PultError:
        return " " + _("End the new login in Telegram: Settings, Devices.")
    return ""
