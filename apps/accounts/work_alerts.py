"""The alert about background work that stopped: one a kind and workspace, with the way to its list."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise
from apps.core.work import kinds
from apps.core.work.models import WorkQuerySet, WorkRow

PREFIX = "work.dead:"
GIVEN_UP, SUPERSEDED = "given_up", "superseded"


def work_dead_tell(row: WorkRow, message: str) -> None:
    """Tell people of a row that has just died; what somebody has given up is nobody's news.

    Args:
        message: what stopped, what follows from it, and what to do.
    """
    if row.error_code == GIVEN_UP:
        return
    alert_raise(
        workspace=row.workspace,
        key=f"{PREFIX}{kinds.of(row).name}",
        message=message,
        level=Alert.Level.ERROR,
        url=failed_list(row),
    )


def failed_list(row: WorkRow) -> str:
    """Where the failed rows of a kind are tried again or given up."""
    names = row._meta
    return f"{reverse(f'admin:{names.app_label}_{names.model_name}_changelist')}?state__exact={WorkRow.State.DEAD}"


def work_alerts_settle() -> int:
    """Close these alerts where no row of the kind is left behind any more; how many. Beat calls it every minute."""
    known = {f"{PREFIX}{kind.name}": kind for kind in kinds.known()}
    closed = 0
    opened = Alert.objects.filter(key__startswith=PREFIX, closed_at=None).order_by("pk")
    for pk, key in list(opened.values_list("pk", "key")):
        kind = known.get(key)
        with transaction.atomic():
            # Locked before looking: a row that dies meanwhile is either seen here or opens a new alert afterwards.
            alert = opened.select_for_update().filter(pk=pk).first()
            if alert is None or (kind is not None and has_failed(kind, alert.workspace_id)):
                continue
            closed += alert_close(workspace=alert.workspace, key=key)
    return closed


def has_failed(kind: kinds.Kind, workspace_id: int) -> bool:
    """Is there a row of this kind that failed and that nobody has given up?"""
    rows: WorkQuerySet[WorkRow] = WorkQuerySet(kind.model)
    return rows.dead().filter(workspace=workspace_id).exclude(error_code__in=(GIVEN_UP, SUPERSEDED)).exists()
