"""The numbers that the screen, the dashboard and the sidebar share, so that they can't differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from apps.accounts.remember import keep, remembered
from apps.accounts.requests import chosen_of, user_of
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.desk.failures.lines import STATES, Line, Wanted, lines_of
from apps.desk.failures.opened import Opened, opened
from apps.desk.failures.troubles import Stands, stands_of

SECONDS = 10
# Pages that count anew: whoever looks there must not see what is over.
FRESH = {"admin:index", "desk:failures", "desk:work"}


@dataclass(frozen=True)
class Numbers:
    """How much needs a person.

    Attributes:
        failed: rows of work that failed.
        doubt: rows whose outcome nobody knows.
        standing: troubles that are no row of work.
        alerts: open alerts about anything else.
    """

    failed: int
    doubt: int
    standing: int
    alerts: int

    @property
    def total(self) -> int:
        """All that stands on the screen."""
        return self.failed + self.doubt + self.standing


@dataclass(frozen=True)
class Found:
    """All that failed in the workspaces shown."""

    opened: dict[str, Opened]
    lines: Sequence[Line]
    stands: Stands

    @property
    def numbers(self) -> Numbers:
        """It, counted."""
        doubt = sum(line.count for line in self.lines if line.state == WorkRow.State.UNKNOWN)
        failed = sum(line.count for line in self.lines) - doubt
        return Numbers(failed, doubt, len(self.stands.troubles), len(self.stands.alerts))

    def lines_of(self, wanted: Wanted) -> list[Line]:
        """The lines that are asked for by all but their cause, in their order."""
        states = STATES.get(wanted.state, (WorkRow.State.DEAD, WorkRow.State.UNKNOWN))
        return [
            line
            for line in self.lines
            if wanted.takes(self.opened[line.kind])
            and line.state in states
            and wanted.workspace in {0, line.workspace_id}
        ]


def found(request: HttpRequest) -> Found:
    """All that failed, read once a request; its numbers are what the sidebar shows for the next seconds."""
    known: Found | None = request.__dict__.get("_failures")
    if known is None:
        kinds = opened(request)
        lines = lines_of(kinds)
        stands = stands_of(request, kinds, {(line.kind, line.workspace_id) for line in lines}, now())
        known = Found(kinds, lines, stands)
        request.__dict__["_failures"] = known
        keep(key_of(request), SECONDS, known.numbers)
    return known


def numbers(request: HttpRequest) -> Numbers:
    """How much needs a person, as it was at most ten seconds ago."""
    match = request.resolver_match
    if match is not None and match.view_name in FRESH:
        return found(request).numbers
    return remembered(key_of(request), SECONDS, lambda: found(request).numbers)


def key_of(request: HttpRequest) -> str:
    """Where the numbers of one user and choice of workspace are kept."""
    chosen = chosen_of(request)
    return f"failures:{user_of(request).pk}:{chosen.pk if chosen else 0}"
