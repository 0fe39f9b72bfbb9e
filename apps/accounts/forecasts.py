"""What a change of a workspace's settings would do elsewhere: apps above register how to find it out.

Dotted paths, registered in `AppConfig.ready()`; the form asks before it stores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps above register before the models are loaded
    from apps.accounts.models import Workspace

_removals: list[str] = []


def register_removal(path: str) -> None:
    """Have the function at this dotted path tell how many posts a workspace's time of keeping would remove at once."""
    if path not in _removals:
        _removals.append(path)


def removal_of(workspace: Workspace, days: int) -> int:
    """How many posts would go if they were kept for so many days; 0 days is for ever."""
    total = 0
    for path in _removals:
        asked: Callable[[Workspace, int], int] = import_string(path)
        total += asked(workspace, days)
    return total
