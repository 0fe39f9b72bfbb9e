"""How an account looks on its screens: its state, whether it reads now, its limits and waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.clock import now
from apps.telegram.admin_display import tag
from apps.telegram.meter import LIMITS
from apps.telegram.models import Budget, Session

DOTS = "\u2022" * 12
State = Session.State
TONES = {
    State.NEW: "waiting",
    State.CODE: "warning",
    State.PASSWORD: "warning",
    State.ACTIVE: "done",
    State.LOST: "error",
    State.LEAVING: "warning",
    State.OUT: "waiting",
}
# An account without an owner for longer than this is one that nobody reads with.
OWNERLESS = timedelta(minutes=2)


def masked(phone: str) -> str:
    """A phone number of which only the ends are shown."""
    return f"{phone[:2]} {DOTS[:3]} {phone[-2:]}" if len(phone) > 6 else ""


def state_shown(session: Session) -> SafeString:
    """The state, in a colour."""
    if session.state == State.ACTIVE and session.is_paused:
        return tag("warning", _("Paused"))
    return tag(TONES[State(session.state)], session.get_state_display())


def reading_shown(session: Session) -> SafeString | None:
    """Whether a process reads with the account now; nothing where it is not to be read with."""
    if session.state != State.ACTIVE or session.is_paused:
        return None
    if session.lease_until is not None and session.lease_until > now():
        if session.problem:
            return format_html("{} {}", tag("error", _("No")), session.problem)
        return tag("done", _("Yes"))
    if session.checked_at is not None and now() - session.checked_at < OWNERLESS and not session.problem:
        return tag("waiting", _("Not yet"))
    words = session.problem or _("No program reads with it: is the program “reader” running?")
    return format_html("{} {}", tag("error", _("No")), words)


def budgets_shown(session: Session) -> SafeString | str:
    """How much of each kind of request the account may still make, and what Telegram told it to wait."""
    if session._state.adding:
        return ""
    rows = {row.operation: row for row in session.budgets.all()}
    lines = [line(name, rows.get(name), session) for name in LIMITS]
    return format_html(
        '<table class="pult-table"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead>'
        "<tbody>{}</tbody></table>",
        _("What for"),
        _("Now"),
        _("Requests"),
        _("Flood waits"),
        format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
    )


def line(operation: str, row: Budget | None, session: Session) -> tuple[str, SafeString, str, str]:
    """One operation of an account."""
    label = str(Budget.Operation(operation).label)
    if row is None:
        return label, tag("done", _("Free")), "0", "0"
    floods = f"{row.floods}"
    if row.floods:
        floods = _("%(count)s, the last of %(length)s") % {
            "count": row.floods,
            "length": length_shown(row.last_flood_s),
        }
    return label, now_shown(row, session), f"{row.spent:,}".replace(",", "\u2009"), floods


def now_shown(row: Budget, session: Session) -> SafeString:
    """Whether requests of a kind go now, or when they go again."""
    moment = now()
    if row.waits_until is not None and row.waits_until > moment:
        words = _("until %(time)s, as Telegram asked") % {"time": when(row.waits_until, session)}
        return format_html("{} {}", tag("error", _("Waits")), words)
    limit = LIMITS[row.operation]
    free = moment + timedelta(seconds=limit.tolerance_s)
    if row.arrives_at is not None and row.arrives_at > free:
        room_at = row.arrives_at - timedelta(seconds=limit.tolerance_s)
        words = _("goes on within seconds")
        if room_at - moment > timedelta(minutes=1):
            words = _("again from %(time)s") % {"time": when(room_at, session)}
        return format_html("{} {}", tag("warning", _("Own limit")), words)
    return tag("done", _("Free"))


def length_shown(seconds: int) -> str:
    """A length of time in words, rounded up."""
    if seconds < 120:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = ceil(seconds / 60)
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = ceil(minutes / 60)
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def state_with_way(session: Session, address: str) -> SafeString:
    """The state, and the way to the next step of the log-in, or out of it."""
    words = {
        State.NEW: _("Log in"),
        State.CODE: _("Type the code"),
        State.PASSWORD: _("Type the password"),
        State.LOST: _("Log in again"),
        State.OUT: _("Log in again"),
    }.get(State(session.state), _("Pause or log out"))
    if session.state == State.LEAVING:
        return state_shown(session)
    return format_html('{} <a class="pult-link" href="{}">{}</a>', state_shown(session), address, words)


def when(at: datetime, session: Session) -> str:
    """A time in the workspace's zone."""
    return date_format(at.astimezone(session.workspace.zone), "SHORT_DATETIME_FORMAT")
