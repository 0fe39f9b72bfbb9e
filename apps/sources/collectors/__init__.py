"""How each kind of source is collected: a small table of modules, each with `plan` and `collect`.

    def plan(source: Source) -> Any: ...                                    # synchronous, may use the ORM
    async def collect(plan: Any, client: http.Session) -> PollResult: ...   # no ORM; an expected failure may be raised
    def record(source: Source, notes: Any) -> None: ...                     # only where results carry notes

Modules are named by path: those who only ask whether a kind is collected do not load parsers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:  # services ask this table, and results speak of services
    from apps.core import http
    from apps.sources.collectors.results import PollResult
    from apps.sources.models import Source

COLLECTORS = {
    "feed": "apps.sources.collectors.feed",
    "page": "apps.sources.collectors.page",
}


class Collector(Protocol):
    """What a module of the table has."""

    def plan(self, source: Source) -> Any:
        """Read from the rows what `collect` needs, as a frozen dataclass."""
        ...

    async def collect(self, plan: Any, client: http.Session) -> PollResult:
        """Ask for what is new and read it."""
        ...

    def record(self, source: Source, notes: Any) -> None:
        """Store what a result notes beside the posts; asked only where it notes something."""
        ...


def is_collected(kind: str) -> bool:
    """Whether sources of this kind are collected by polls."""
    return kind in COLLECTORS


def collector_of(kind: str) -> Collector:
    """The module that collects this kind."""
    return cast(Collector, import_module(COLLECTORS[kind]))
