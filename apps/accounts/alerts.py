"""Who is told of alerts: apps above register dotted paths in their `AppConfig.ready()`.

They are called in the transaction that opens or closes the alert: what they write is there with it or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps above register before the models are loaded
    from apps.accounts.models import Alert

Event = Literal["opened", "closed"]
_listeners: list[str] = []


def register(path: str) -> None:
    """Have `path(alert, event)` told of every alert that is opened or closed."""
    if path not in _listeners:
        _listeners.append(path)


def tell(alert: Alert, event: Event) -> None:
    """Tell every listener."""
    for path in _listeners:
        _loaded(path)(alert, event)


@cache
def _loaded(path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(path)
    return found
