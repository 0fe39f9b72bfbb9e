"""The log-in page: which step is shown, and which service a press of its buttons is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.telegram.login import WAYS
from apps.telegram.models import Session
from apps.telegram.services import session_login as login
from apps.telegram.services.sessions import session_pause, session_resume
from apps.telegram.session_display import length_shown, masked, reading_shown

State = Session.State
CODE = re.compile(r"[\s-]")


def context_of(session: Session, *, leaves: bool) -> dict[str, Any]:
    """What the page shows; `leaves` asks whether to log out."""
    snapshot = session.snapshot()
    wait_s = max(0, ceil((session.resend_at - now()).total_seconds())) if session.resend_at else 0
    return {
        "session": session,
        "step": step_of(session, leaves=leaves),
        "phone": masked(session.phone),
        "has_api": bool(snapshot.api_id and snapshot.api_hash),
        "way": WAYS.get(session.code_way, ""),
        "next_way": WAYS.get(session.code_next, ""),
        "wait": length_shown(wait_s) if wait_s else "",
        "reading": reading_shown(session),
        "steps": steps_shown(session),
    }


def step_of(session: Session, *, leaves: bool) -> str:
    """The part of the page that is due: begin, code, password, active, leave or leaving."""
    match session.state:
        case State.CODE | State.PASSWORD | State.LEAVING:
            return str(session.state)
        case State.ACTIVE:
            return "leave" if leaves else "active"
    return "begin"


def steps_shown(session: Session) -> list[tuple[str, str]]:
    """The line of steps: each one's words and whether it is done, now or later."""
    words = (_("Phone"), _("Code"), _("Password"), _("Logged in"))
    place = {State.CODE: 1, State.PASSWORD: 2, State.ACTIVE: 3}.get(State(session.state), 0)
    tones = ["done" if at < place or place == 3 else "now" if at == place else "later" for at in range(4)]
    return list(zip(words, tones, strict=True))


def step_taken(session: Session, posted: Mapping[str, str], *, actor: User) -> str:
    """Do what was pressed and say what came of it; empty where the page itself says enough.

    Raises:
        PultError: in words for a person.
    """
    pressed: dict[str, Callable[[], str]] = {
        "send": lambda: said(login.session_code_send, session, actor, ""),
        "resend": lambda: said(login.session_code_resend, session, actor, _("The code is sent again.")),
        "code": lambda: entered_code(session, posted.get("code", ""), actor),
        "password": lambda: entered_password(session, posted.get("password", ""), actor),
        "cancel": lambda: said(login.session_login_cancel, session, actor, _("The log-in is given up.")),
        "out": lambda: left(session, actor),
        "pause": lambda: said(session_pause, session, actor, _("The account is paused.")),
        "resume": lambda: said(session_resume, session, actor, _("The account reads again.")),
    }
    step = pressed.get(posted.get("step", ""))
    return step() if step is not None else ""


def said(step: Callable[..., None], session: Session, actor: User, words: str) -> str:
    """Take a step that needs nothing typed; what to say of it then."""
    step(session=session, actor=actor)
    return words


def entered_code(session: Session, given: str, actor: User) -> str:
    """Give the code, without the spaces that people type."""
    code = CODE.sub("", given)
    if not code:
        raise PermanentError(_("Type the code that Telegram sent."), code="code_wrong")
    login.session_code_enter(session=session, code=code[:100], actor=actor)
    return _("Logged in.") if session.state == State.ACTIVE else ""


def entered_password(session: Session, password: str, actor: User) -> str:
    """Give the two-step password as it was typed."""
    if not password:
        raise PermanentError(_("Type the two-step password."), code="password_wrong")
    login.session_password_enter(session=session, password=password, actor=actor)
    return _("Logged in.")


def left(session: Session, actor: User) -> str:
    """Log out."""
    if login.session_log_out(session=session, actor=actor):
        return _("Logged out. Telegram has forgotten this login.")
    return _("The account is not used any more; Telegram is told within a minute.")
