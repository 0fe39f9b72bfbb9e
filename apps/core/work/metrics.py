"""How much work there is, for Prometheus. Counts are capped: a scrape stays cheap whatever the backlog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from apps.core.clock import now
from apps.core.work import kinds
from apps.core.work.models import WorkQuerySet, WorkRow

CAP = 10_000


@dataclass(frozen=True)
class Figures:
    """What there is of one kind; no count goes over `CAP`."""

    due: int
    oldest_due_s: float
    in_flight: int
    unknown: int
    dead: int


def figures(kind: kinds.Kind, *, at: datetime | None = None) -> Figures:
    """Count the rows of a kind."""
    moment = at or now()
    rows: WorkQuerySet[WorkRow] = WorkQuerySet(kind.model)
    due = rows.due(moment).order_by("not_before", "id")
    if kind.lane_model is None:
        oldest = due.values_list("not_before", flat=True).first()
    else:  # what waits behind others of its lane is not late
        lanes = kind.lane_model._base_manager.filter(next_at__lte=moment)
        oldest = lanes.order_by("next_at").values_list("next_at", flat=True).first()
    return Figures(
        due=due[:CAP].count(),
        oldest_due_s=(moment - oldest).total_seconds() if oldest else 0.0,
        in_flight=rows.in_flight(moment)[:CAP].count(),
        unknown=rows.unknown()[:CAP].count(),
        dead=rows.dead()[:CAP].count(),
    )


def collect() -> Iterator[Metric]:
    """The metric families of every kind."""
    families = {
        "due": GaugeMetricFamily("pult_work_due", f"Rows that are due now (at most {CAP}).", labels=["kind"]),
        "oldest_due_s": GaugeMetricFamily(
            "pult_work_oldest_due_seconds", "Age of the oldest due row.", labels=["kind"]
        ),
        "in_flight": GaugeMetricFamily("pult_work_in_flight", "Rows under a lease.", labels=["kind"]),
        "unknown": GaugeMetricFamily("pult_work_unknown", "Rows whose outcome is unknown.", labels=["kind"]),
        "dead": GaugeMetricFamily("pult_work_dead", "Rows that wait for a person.", labels=["kind"]),
    }
    for kind in kinds.known():
        counted = figures(kind)
        for name, family in families.items():
            family.add_metric([kind.name], getattr(counted, name))
    yield from families.values()
