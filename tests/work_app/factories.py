"""Makes workspaces, chores and lanes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import factory

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work import claims, kinds, lanes
from tests.work_app.models import Chore, ChoreLane, LanedChore

LEASE = timedelta(minutes=5)


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    """A workspace."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Workspace {n}")
    slug = factory.LazyFunction(lambda: f"w{uuid4().hex[:12]}")


class ChoreFactory(factory.django.DjangoModelFactory[Chore]):
    """A chore that is due."""

    class Meta:
        model = Chore

    workspace = factory.SubFactory(WorkspaceFactory)
    not_before = factory.LazyFunction(lambda: now() - timedelta(seconds=10))


class LaneFactory(factory.django.DjangoModelFactory[ChoreLane]):
    """An empty lane."""

    class Meta:
        model = ChoreLane

    workspace = factory.SubFactory(WorkspaceFactory)
    key = factory.Sequence(lambda n: f"lane {n}")


def laned(lane: ChoreLane, *words: str, **fields: Any) -> list[LanedChore]:
    """Chores appended to a lane, one by one."""
    made = [LanedChore(workspace=lane.workspace, lane=lane, word=word, **fields) for word in words]
    for one in made:
        lanes.append(one)
    return made


def claimed(kind: str = "chore", *, limit: int = 10, lease: timedelta = LEASE, idle: bool = True) -> list[Any]:
    """The rows that a claim gives now."""
    return claims.claim(kinds.get(kind), limit=limit, lease=lease, idle=idle).rows


def expire(row: Any) -> None:
    """Let a row's lease run out, without the time that it takes."""
    past = now() - timedelta(seconds=1)
    type(row).objects.filter(pk=row.pk).update(not_before=past)
    if isinstance(row, LanedChore):
        ChoreLane.objects.filter(pk=row.lane_id).update(next_at=past)
