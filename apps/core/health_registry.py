"""Checks of `/health/ready` that apps above add in their `AppConfig.ready()`, by dotted path."""

from __future__ import annotations

_looks: dict[str, str] = {}


def register(name: str, *, look: str) -> None:
    """Add a check; `look` says in a few words what it found, or raises `health.UnhealthyError`."""
    _looks[name] = look


def known() -> dict[str, str]:
    """Every added check: its name and the path of its function."""
    return dict(_looks)
