"""Who else works with the accounts that read channels: apps above register dotted paths in their `AppConfig.ready()`.

The process that reads channels starts each as a thread of its own, see `channel_threads.BesideReading`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps above register before the models are loaded
    from apps.sources.channel_threads import BesideReading

_paths: list[str] = []


def register(path: str) -> None:
    """Have a `BesideReading` started with the accounts."""
    if path not in _paths:
        _paths.append(path)


def registered() -> list[type[BesideReading]]:
    """All of them."""
    return [import_string(path) for path in _paths]
