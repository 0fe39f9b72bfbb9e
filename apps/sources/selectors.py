"""How sources stand, for screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.sources.models import Source
from apps.sources.standing import FAILURES_RED, quiet_words
from apps.sources.words import ago as ago

DAY = timedelta(hours=24)
OVERDUE = timedelta(minutes=30)  # a collection that was planned so long ago is done by nobody


@dataclass(frozen=True, slots=True)
class Health:
    """A traffic light and one sentence; `tone` is done, waiting, warning or error."""

    tone: str
    light: str
    sentence: str


def source_health(source: Source, at: datetime, *, planned: datetime | None = None) -> Health:
    """How a source stands at that time; `planned` is when it is collected next, None where nothing is planned."""
    if source.archived_at is not None:
        return Health("waiting", _("Archive"), _("It is not collected; its posts leave with age."))
    if not source.is_active and source.last_error and source.paused_reason:
        return Health("error", _("Stopped"), source.paused_reason)
    if not source.is_active:
        return Health("waiting", _("Paused"), source.paused_reason or _("It is not collected until you resume it."))
    if source.failures >= FAILURES_RED:
        return Health("error", _("Broken"), _problem(source, at))
    if source.failures or source.last_error:
        return Health("warning", _("Stumbles"), _problem(source, at))
    if source.kind == Source.Kind.HAND:
        return Health("done", _("Works"), _("Holds what editors bring in themselves; it is not collected."))
    if source.last_ok_at is None:
        return Health("waiting", _("New"), _waits(source))
    if source.quiet_since is not None:
        return Health("warning", _("Quiet"), quiet_words(source, at))
    if source.kind != Source.Kind.EXPORT and (planned is None or at - planned > OVERDUE):
        last_try = source.last_tried_at or source.last_ok_at
        return Health("warning", _("Not collected"), _("Last collected %(when)s.") % {"when": ago(last_try, at)})
    if source.kind == Source.Kind.EXPORT:
        return Health("done", _("Works"), _("Imported %(when)s.") % {"when": ago(source.last_ok_at, at)})
    return Health("done", _("Works"), _("Collected %(when)s.") % {"when": ago(source.last_ok_at, at)})


def _waits(source: Source) -> str:
    if source.kind == Source.Kind.EXPORT:
        return _("Upload an export file.")
    if source.kind == Source.Kind.TELEGRAM and source.session_id is None:
        return _("Waits for a Telegram account: add one and log it in.")
    return _("The first collection is due.")


def _problem(source: Source, at: datetime) -> str:
    if source.last_ok_at is None:
        return source.last_error
    return _("%(problem)s · Last success: %(when)s.") % {
        "problem": source.last_error,
        "when": ago(source.last_ok_at, at),
    }
