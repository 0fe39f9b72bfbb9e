"""Changes of people's Telegram accounts, apart from logging in. Nothing here talks to the network."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert, User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.startup import on_demand
from apps.telegram.models import Session
from apps.telegram.reading import Me
from apps.telegram.services.session_lease import session_lease_is_held

State = Session.State
# The program that reads channels, as the supervisor knows it.
PROGRAM = "reader"
# What a login leaves on the row, and what it is without one.
NO_LOGIN = {"code_hash": "", "code_way": "", "code_next": "", "resend_at": None, "password_hint": ""}
FORGOTTEN = {**NO_LOGIN, "string": "", "lease_owner": "", "lease_until": None}
# While the phone number stands for a login that has begun or is there, it can't change.
# A short trouble mends itself; the connection of one that lasts is missed.
TROUBLE_TOLD_AFTER = timedelta(minutes=15)
LOGGED_IN = frozenset({State.CODE, State.PASSWORD, State.ACTIVE, State.LEAVING})


def session_create(
    *,
    workspace: Workspace,
    name: str,
    phone: str,
    api_id: int | None = None,
    api_hash: str = "",
    proxy: str = "",
    actor: User | None = None,
) -> Session:
    """Add an account; nobody is logged in yet.

    Raises:
        TransitionError: the workspace has another account of that name.
    """
    session = Session(workspace=workspace, name=name, phone=phone, api_id=api_id, api_hash=api_hash, proxy=proxy)
    try:
        with transaction.atomic():
            session.save(force_insert=True)
            audit_record(actor=actor, verb="session.created", target=session)
    except IntegrityError as exc:
        raise TransitionError(_("The workspace has another account of that name.")) from exc
    return session


def session_update(
    *,
    session: Session,
    name: str,
    phone: str | None = None,
    api_id: int | None = None,
    api_hash: str | None = None,
    proxy: str | None = None,
    actor: User | None = None,
) -> None:
    """Change what a person fills in; None keeps a secret as it is. An owner connects anew by what has changed.

    Raises:
        TransitionError: the name is taken, or the phone number would change under a login.
    """
    given = {"phone": phone, "api_hash": api_hash, "proxy": proxy}
    wanted: dict[str, object] = {"name": name, "api_id": api_id}
    wanted |= {field: value for field, value in given.items() if value is not None}
    known = Session.objects.get(pk=session.pk)  # the given one may carry a form's values already
    changed = sorted(field for field, value in wanted.items() if getattr(known, field) != value)
    rows = Session.objects.filter(pk=session.pk)
    if "phone" in changed:
        rows = rows.exclude(state__in=LOGGED_IN)
    try:
        with transaction.atomic():
            if rows.update(**wanted) != 1:
                raise TransitionError(_("Log the account out before you change its phone number."))
            session.refresh_from_db()
            if changed:
                audit_record(actor=actor, verb="session.changed", target=session, details={"fields": changed})
    except IntegrityError as exc:
        raise TransitionError(_("The workspace has another account of that name.")) from exc


@transaction.atomic
def session_pause(*, session: Session, actor: User | None = None) -> None:
    """Stop reading with an account; it stays logged in.

    Raises:
        TransitionError: it is paused already.
    """
    if not Session.objects.filter(pk=session.pk, is_paused=False).update(is_paused=True):
        raise TransitionError(_("The account is paused already."))
    audit_record(actor=actor, verb="session.paused", target=session)


@transaction.atomic
def session_resume(*, session: Session, actor: User | None = None) -> None:
    """Read with an account again.

    Raises:
        TransitionError: it is not paused.
    """
    if not Session.objects.filter(pk=session.pk, is_paused=True).update(is_paused=False):
        raise TransitionError(_("The account is not paused."))
    audit_record(actor=actor, verb="session.resumed", target=session)
    transaction.on_commit(reading_wanted, robust=True)


@transaction.atomic
def session_confirm(*, session_pk: int, me: Me) -> None:
    """Note that Telegram has just accepted the login."""
    rows = Session.objects.filter(pk=session_pk, state=State.ACTIVE)
    if rows.update(checked_at=now(), username=me.username, problem=""):
        session = Session.objects.select_related("workspace").get(pk=session_pk)
        alert_close(workspace=session.workspace, key=session_alert_key(session_pk))


@transaction.atomic
def session_trouble(*, session_pk: int, problem: str) -> None:
    """Note why an account that is logged in can't be connected now; it goes on trying, and a long trouble is told."""
    session = Session.objects.select_related("workspace").filter(pk=session_pk, state=State.ACTIVE).first()
    if session is None:
        return
    Session.objects.filter(pk=session_pk, state=State.ACTIVE).update(problem=problem)
    if session.checked_at is None or now() - session.checked_at > TROUBLE_TOLD_AFTER:
        with override(session.workspace.language):
            words = _("The account “%(account)s” can't be connected: %(reason)s")
        alert_raise(
            workspace=session.workspace,
            key=session_alert_key(session_pk),
            level=Alert.Level.WARNING,
            message=words % {"account": session, "reason": problem},
            url=reverse("admin:telegram_session_change", args=[session_pk]),
        )


@transaction.atomic
def session_lose(*, session_pk: int, problem: str, string: str | None = None) -> bool:
    """Record that Telegram has ended a login, forget it and tell people once; False where it was not so any more.

    `string` is the login that was refused: a newer one stays.
    """
    session = Session.objects.select_for_update().select_related("workspace").filter(pk=session_pk).first()
    if session is None or session.state != State.ACTIVE or string not in {None, session.string}:
        return False
    Session.objects.filter(pk=session_pk, state=State.ACTIVE).update(
        state=State.LOST, problem=problem, checked_at=now(), **FORGOTTEN
    )
    audit_record(verb="session.lost", target=session, details={"reason": problem})
    with override(session.workspace.language):
        words = _("The account “%(account)s” reads nothing any more: %(reason)s")
    alert_raise(
        workspace=session.workspace,
        key=session_alert_key(session_pk),
        level=Alert.Level.ERROR,
        message=words % {"account": session, "reason": problem},
        url=reverse("admin:telegram_session_change", args=[session_pk]),
    )
    return True


def session_delete(*, session: Session, actor: User | None = None) -> None:
    """Forget an account, its channels and its budgets.

    Raises:
        TransitionError: it is logged in, or a process still uses it.
    """
    with transaction.atomic():
        rows = Session.objects.filter(pk=session.pk).exclude(state=State.ACTIVE)
        if not rows.exists() or session_lease_is_held(session):
            raise TransitionError(_("Log the account out first, so that Telegram forgets this login too."))
        audit_record(actor=actor, verb="session.deleted", target=session)
        alert_close(workspace=session.workspace, key=session_alert_key(session.pk))
        session.delete()


def session_alert_key(session_pk: int) -> str:
    """The key of the alert about an account."""
    return f"telegram.session:{session_pk}"


def reading_wanted() -> None:
    """Have the program that reads channels started, where it waited for the first account."""
    if any(program.name == PROGRAM for program in on_demand.known()):
        on_demand.want(PROGRAM)
