"""Composed reads of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import Workspace
from apps.ai.models import Spend
from apps.ai.services import budget_of, day_of
from apps.core.clock import now

DAYS_SHOWN = 14
ANSWERS_LOOKED_AT = 20


@dataclass(frozen=True)
class SpendDay:
    """What one day took."""

    date: date
    answers: int
    tokens: int
    cost_usd: Decimal


@dataclass(frozen=True)
class Budget:
    """How a workspace's present day stands."""

    workspace: Workspace
    spent_usd: Decimal
    budget_usd: Decimal

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more is written today."""
        return self.spent_usd >= self.budget_usd


def spend_by_day(
    workspaces: Sequence[Workspace], *, days: int = DAYS_SHOWN, at: datetime | None = None
) -> list[SpendDay]:
    """The last days that took anything, newest first; in the workspace's own zone where there is but one."""
    zone = workspaces[0].zone if len(workspaces) == 1 else ZoneInfo(settings.TIME_ZONE)
    rows = (
        Spend.objects.filter(
            workspace__in=workspaces, reserved_until__isnull=True, at__gte=(at or now()) - timedelta(days=days)
        )
        .annotate(day=TruncDate("at", tzinfo=zone))
        .order_by("-day")
        .values("day")
        .annotate(answers=Count("id"), tokens=Sum("input_tokens") + Sum("output_tokens"), cost=Sum("cost_usd"))
    )
    return [SpendDay(row["day"], row["answers"], row["tokens"], row["cost"]) for row in rows]


def budgets(workspaces: Sequence[Workspace], *, at: datetime | None = None) -> list[Budget]:
    """How the day of each workspace stands that has spent or reserved anything in the last two days."""
    moment = at or now()
    recent = Spend.objects.filter(Q(workspace__in=workspaces), at__gte=moment - timedelta(days=2))
    spending = set(recent.values_list("workspace_id", flat=True).distinct())
    shown = [workspace for workspace in workspaces if workspace.pk in spending]
    spent = spent_today_by_workspace(shown, at=moment)
    return [Budget(workspace, spent.get(workspace.pk, Decimal(0)), budget_of(workspace)) for workspace in shown]


def spent_today_by_workspace(workspaces: Sequence[Workspace], *, at: datetime) -> dict[int, Decimal]:
    """What each workspace has spent in its present day, by id, in one query; each has its own midnight."""
    days: dict[tuple[datetime, datetime], list[int]] = {}
    for workspace in workspaces:
        days.setdefault(day_of(workspace, at), []).append(workspace.pk)
    today = Q(pk__in=[])
    for (begins, ends), keys in days.items():
        today |= Q(workspace__in=keys, at__gte=begins, at__lt=ends)
    rows = Spend.objects.filter(today).filter(Q(reserved_until__isnull=True) | Q(reserved_until__gt=at))
    return dict(rows.order_by().values("workspace").annotate(total=Sum("cost_usd")).values_list("workspace", "total"))


def usual_seconds(workspace: Workspace, *, purpose: str = "rewrite") -> float | None:
    """How long an answer usually takes: the median of the last ones; None where there were none."""
    rows = Spend.objects.filter(workspace=workspace, purpose=purpose, seconds__isnull=False).order_by("-at")
    found = [seconds for seconds in rows.values_list("seconds", flat=True)[:ANSWERS_LOOKED_AT] if seconds is not None]
    return median(found) if found else None
