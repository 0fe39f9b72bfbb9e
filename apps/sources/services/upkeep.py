"""The rounds that look after a workspace's sources: each makes the next in the transaction that records it."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import HealthCheck, Retention

HEALTH_EVERY = timedelta(minutes=1)
RETENTION_EVERY = timedelta(hours=6)
AFTER_A_FAULT = timedelta(minutes=15)
ROUNDS = (HealthCheck, Retention)


def upkeep_begin(workspace: Workspace) -> None:
    """Have a workspace's sources looked after from now on; does nothing where they are already."""
    for kind in ROUNDS:
        round_next(kind, workspace_id=workspace.pk, at=now())


def round_next(kind: type[HealthCheck] | type[Retention], *, workspace_id: int, at: datetime) -> None:
    """Make the next round, unless one is live already."""
    if kind is HealthCheck:
        HealthCheck.objects.bulk_create([HealthCheck(workspace_id=workspace_id, not_before=at)], ignore_conflicts=True)
    else:
        Retention.objects.bulk_create([Retention(workspace_id=workspace_id, not_before=at)], ignore_conflicts=True)


def round_forget(row: HealthCheck | Retention) -> None:
    """Delete the finished rounds before this one: a newer one tells more."""
    ended = (WorkRow.State.DONE, WorkRow.State.DEAD)
    type(row).objects.filter(workspace_id=row.workspace_id, pk__lt=row.pk, state__in=ended).delete()


def round_dead(row: WorkRow) -> None:
    """A round died of a fault, which its row keeps; the next one is made all the same."""
    kind = HealthCheck if isinstance(row, HealthCheck) else Retention
    round_next(kind, workspace_id=row.workspace_id, at=now() + AFTER_A_FAULT)
