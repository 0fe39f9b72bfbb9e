"""A clock that tests set: stands still until it is moved, forwards or backwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.utils import timezone


class Clock:
    """The time of everything that asks `apps.core.clock`."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        """Let it be another time."""
        self.at = at


@contextmanager
def standing(at: datetime) -> Iterator[Clock]:
    """Stop the clock at a moment."""
    clock = Clock(at)
    with mock.patch.object(timezone, "now", clock):
        yield clock
