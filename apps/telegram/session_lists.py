"""Which accounts there are to read with."""

from __future__ import annotations

import structlog
from django.db.models import Q
from django.db.models.functions import Now

from apps.core.crypto import DecryptionError
from apps.telegram.models import Session
from apps.telegram.reading import SessionSnapshot

log = structlog.get_logger(__name__)


def sessions_to_read() -> list[SessionSnapshot]:
    """The accounts that are logged in and not paused."""
    rows = (
        Session.objects.filter(state=Session.State.ACTIVE, is_paused=False).order_by("pk").select_related("workspace")
    )
    try:
        return [session.snapshot() for session in rows]
    except DecryptionError:
        return [snapshot for pk in rows.values_list("pk", flat=True) if (snapshot := readable(pk)) is not None]


def readable(session_pk: int) -> SessionSnapshot | None:
    """One account; None where no key reads its secrets, so that it does not stop the others."""
    try:
        found = Session.objects.select_related("workspace").filter(pk=session_pk).first()
    except DecryptionError:
        log.error("telegram.session_unreadable", session=session_pk)
        return None
    return None if found is None else found.snapshot()


def sessions_leaving() -> list[int]:
    """Primary keys of the accounts whose log-out Telegram is not told of yet, and that nobody uses."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=Now())
    return list(Session.objects.filter(free, state=Session.State.LEAVING).values_list("pk", flat=True))


def sessions_any() -> bool:
    """Whether there is an account for the reading program to hold, or to log out."""
    return Session.objects.filter(state__in=(Session.State.ACTIVE, Session.State.LEAVING)).exists()
