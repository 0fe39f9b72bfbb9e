"""What the owner of chores does when one ends badly."""

from apps.core.work.models import WorkRow
from tests.work_app.models import Trace


def dead(row: WorkRow) -> None:
    """Leave a trace; fail where the chore's word says so."""
    if getattr(row, "word", "") == "hook_fails":
        raise ValueError("the hook failed")
    Trace.objects.create(chore=row.pk, what="dead")


def unknown(row: WorkRow) -> None:
    """Leave a trace."""
    Trace.objects.create(chore=row.pk, what="unknown")
