"""Publications of a period in numbers, by whatever they are grouped. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Line:
    """One publication at the age that all are compared at; None is what nobody told.

    Attributes:
        at: when it came out, on the workspace's clock.
    """

    pk: int
    channel: int
    author: int | None
    preset: int | None
    story: int
    at: datetime
    views: int | None = None
    forwards: int | None = None
    reactions: int | None = None
    clicks: int | None = None


@dataclass(slots=True)
class Tally:
    """Some publications in numbers.

    Attributes:
        views: of those whose views are known, one by one.
        followed, followed_of: clicks, and views, of those for which both are known.
    """

    publications: int = 0
    views: list[int] = field(default_factory=list)
    forwards: int | None = None
    reactions: int | None = None
    clicks: int | None = None
    followed: int = 0
    followed_of: int = 0

    def add(self, line: Line) -> None:
        """Count one more."""
        self.publications += 1
        if line.views is not None:
            self.views.append(line.views)
            if line.clicks is not None:
                self.followed += line.clicks
                self.followed_of += line.views
        if line.forwards is not None:
            self.forwards = (self.forwards or 0) + line.forwards
        if line.reactions is not None:
            self.reactions = (self.reactions or 0) + line.reactions
        if line.clicks is not None:
            self.clicks = (self.clicks or 0) + line.clicks

    @property
    def median_views(self) -> float | None:
        """Half of those whose views are known had at most so many."""
        return median(self.views) if self.views else None

    @property
    def all_views(self) -> int | None:
        """The views of those whose views are known."""
        return sum(self.views) if self.views else None

    @property
    def click_rate(self) -> float | None:
        """Clicks per view, where both are known."""
        return self.followed / self.followed_of if self.followed_of else None


def tally(lines: Iterable[Line]) -> Tally:
    """All of them as one."""
    found = Tally()
    for line in lines:
        found.add(line)
    return found


def grouped(lines: Iterable[Line], key: Callable[[Line], K]) -> dict[K, Tally]:
    """They by something that each has one of."""
    found: dict[K, Tally] = {}
    for line in lines:
        name = key(line)
        one = found.get(name)
        if one is None:
            one = found[name] = Tally()
        one.add(line)
    return found


def grouped_many(lines: Iterable[Line], keys: Callable[[Line], Iterable[K]]) -> dict[K, Tally]:
    """They by something that each may have several of, or none."""
    found: dict[K, Tally] = {}
    for line in lines:
        for name in keys(line):
            found.setdefault(name, Tally()).add(line)
    return found
