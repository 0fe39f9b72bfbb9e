"""What the page of grouping's quality says above its pairs: the latest reading, those before it, the corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from apps.accounts.models import Workspace
from apps.stories.models import Judgement, QualityReading

DAYS_SHOWN = 60
WIDTH, HEIGHT = 300.0, 60.0


@dataclass(frozen=True, slots=True)
class QualityShown:
    """One workspace's quality.

    Attributes:
        workspace: its name, where several are shown.
        latest: None where nothing was tested yet.
        first: the reading that the chart begins with.
        is_telling: the latest has pairs of one story and of two.
        line: the points of F1 over the days, in the chart's units; empty with fewer than two readings.
        corrections: kinds of corrections in words, with their pairs.
        pairs: all judged pairs.
    """

    workspace: str
    latest: QualityReading | None
    first: QualityReading | None
    is_telling: bool
    line: str
    corrections: list[tuple[str, int]]
    pairs: int


def quality_shown(workspaces: Sequence[Workspace]) -> list[QualityShown]:
    """The quality of each of these workspaces that has corrections or readings; two queries."""
    readings: dict[int, list[QualityReading]] = {}
    for reading in QualityReading.objects.filter(workspace__in=list(workspaces)).order_by("day"):
        readings.setdefault(reading.workspace_id, []).append(reading)
    counts: dict[int, list[tuple[str, int]]] = {}
    rows = Judgement.objects.filter(workspace__in=list(workspaces)).order_by("cause")
    for workspace, cause, pairs in rows.values_list("workspace", "cause").annotate(pairs=Count("pk")):
        counts.setdefault(workspace, []).append((str(Judgement.Cause(cause).label), pairs))
    named = [one for one in workspaces if one.pk in readings or one.pk in counts]
    return [
        _shown(one, readings.get(one.pk, [])[-DAYS_SHOWN:], counts.get(one.pk, []), many=len(workspaces) > 1)
        for one in named
    ]


def _shown(
    workspace: Workspace, readings: Sequence[QualityReading], counts: list[tuple[str, int]], *, many: bool
) -> QualityShown:
    # Without pairs of both kinds there is nothing to tell apart, and the numbers mean little.
    telling = [reading for reading in readings if reading.auc is not None]
    return QualityShown(
        workspace=workspace.name if many else "",
        latest=readings[-1] if readings else None,
        first=telling[0] if telling else None,
        is_telling=bool(readings) and readings[-1].auc is not None,
        line=_line([reading.f1 for reading in telling]),
        corrections=counts,
        pairs=sum(pairs for _cause, pairs in counts),
    )


def _line(values: Sequence[float]) -> str:
    """The points of a line through these shares, from left to right."""
    if len(values) < 2:
        return ""
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{number * step:.1f},{HEIGHT * (1 - value):.1f}" for number, value in enumerate(values))
