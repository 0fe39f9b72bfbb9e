"""Composed reads of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import Workspace
from apps.ai.models import Spend
from apps.ai.services import budget_of, spent_today
from apps.core.clock import now

DAYS_SHOWN = 14


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
    return [
        Budget(workspace, spent_today(workspace, at=moment), budget_of(workspace))
        for workspace in workspaces
        if workspace.pk in spending
    ]
