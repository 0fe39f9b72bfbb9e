"""Changes of accounts, and the two things that every other service writes: audit entries and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts import alerts
from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError


def audit_record(
    *,
    verb: str,
    target: models.Model,
    actor: User | None = None,
    workspace: Workspace | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write who did what; call it inside the transaction of the change. `actor=None` is Pult itself."""
    if workspace is None:
        workspace = target if isinstance(target, Workspace) else getattr(target, "workspace", None)
    context = structlog.contextvars.get_contextvars()
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=actor,
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        details=details or {},
        request_id=str(context.get("request_id", ""))[:64],
    )


@transaction.atomic
def alert_raise(
    *,
    workspace: Workspace,
    key: str,
    message: str,
    level: str = Alert.Level.WARNING,
    url: str = "",
    at: datetime | None = None,
) -> Alert:
    """Open an alert, or count once more on the open one with the same key. `key` is like "delivery.unknown:42"."""
    moment = at or now()
    known = Alert.objects.filter(workspace=workspace, key=key, closed_at__isnull=True)
    if known.update(times=F("times") + 1, last_at=moment, message=message, level=level, url=url):
        return known.get()
    alert, made = Alert.objects.get_or_create(
        workspace=workspace,
        key=key,
        closed_at=None,
        defaults={"message": message, "level": level, "url": url, "opened_at": moment, "last_at": moment},
    )
    if made:
        alerts.tell(alert, "opened")
    else:
        known.update(times=F("times") + 1, last_at=moment)
    return alert


@transaction.atomic
def alert_close(*, workspace: Workspace, key: str) -> bool:
    """Close the open alert with this key; False where there is none."""
    moment = now()
    closed = Alert.objects.filter(workspace=workspace, key=key, closed_at__isnull=True).update(closed_at=moment) == 1
    if closed:
        alert = Alert.objects.filter(workspace=workspace, key=key, closed_at=moment).latest("pk")
        alerts.tell(alert, "closed")
    return closed


def alert_dismiss(*, alert: Alert, editor: User) -> None:
    """Close an open alert by a person's decision.

    Raises:
        TransitionError: it is closed already.
    """
    with transaction.atomic():
        if not alert_close(workspace=alert.workspace, key=alert.key):
            raise TransitionError(_("This alert is closed already."))
        audit_record(verb="alert.closed", target=alert, actor=editor)


def login_record(*, email: str, address: str, user: User | None, succeeded: bool) -> None:
    """Note a log-in or a failed try in the audit of each of the user's workspaces. Passwords are never given here."""
    verb = "user.logged_in" if succeeded else "user.login_failed"
    workspaces: list[Workspace | None] = list(Workspace.objects.filter(memberships__user=user)) if user else []
    AuditEntry.objects.bulk_create(
        AuditEntry(
            workspace=workspace,
            actor=user if succeeded else None,
            verb=verb,
            target_type=User._meta.label_lower,
            target_id=str(user.pk) if user else "",
            target_label=email[:200],
            details={"address": address},
        )
        for workspace in (workspaces or [None])
    )
