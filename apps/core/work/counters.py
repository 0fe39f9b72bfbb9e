"""What this process counts: outcomes of rows and bells that could not be rung."""

from __future__ import annotations

from prometheus_client import Counter

OUTCOMES = Counter("pult_work_outcomes", "Work rows by what became of them.", ["kind", "outcome"])
BELLS = Counter("pult_work_bells", "Bells by what became of them.", ["bell", "outcome"])


def outcome(kind: str, outcome: str, rows: int = 1) -> None:
    """Count what became of rows."""
    OUTCOMES.labels(kind, outcome).inc(rows)


def bell(name: str, outcome: str) -> None:
    """Count what became of a bell: rung, coalesced, failed or quiet."""
    BELLS.labels(name, outcome).inc()
