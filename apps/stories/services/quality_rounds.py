"""When grouping is tested against a workspace's corrections: minutes after one was made, and once a day."""

from __future__ import annotations

from datetime import timedelta

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.stories.models import Judgement, QualityCheck

SOON = timedelta(minutes=2)
EVERY = timedelta(days=1)


def quality_soon(workspace_id: int) -> None:
    """Have a workspace's grouping tested soon, because something was corrected; many corrections make one test."""
    soon = now() + SOON
    if not QualityCheck.objects.filter(workspace=workspace_id, state=WorkRow.State.READY).exists():
        row = QualityCheck(workspace_id=workspace_id, not_before=soon)
        QualityCheck.objects.bulk_create([row], ignore_conflicts=True)
        return
    later = QualityCheck.objects.filter(workspace=workspace_id, state=WorkRow.State.READY, not_before__gt=soon)
    later.update(not_before=soon)


def quality_next(workspace_id: int) -> None:
    """Make the next daily test, where there is still something to test with."""
    if Judgement.objects.filter(workspace=workspace_id).exists():
        row = QualityCheck(workspace_id=workspace_id, not_before=now() + EVERY)
        QualityCheck.objects.bulk_create([row], ignore_conflicts=True)


def quality_dead(row: WorkRow) -> None:
    """A test died of a fault, which its row keeps; the next one is made all the same."""
    quality_next(row.workspace_id)
