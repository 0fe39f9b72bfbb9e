"""Changes of accounts, and the two things that every other service writes: audit entries and alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import models, transaction
from django.db.models import F

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now


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
    if not made:
        known.update(times=F("times") + 1, last_at=moment)
    return alert


def alert_close(*, workspace: Workspace, key: str) -> bool:
    """Close the open alert with this key; False where there is none."""
    return Alert.objects.filter(workspace=workspace, key=key, closed_at__isnull=True).update(closed_at=now()) == 1
