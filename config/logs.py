"""Logging set-up. structlog renders everything, the standard library's records included."""

from __future__ import annotations

from pathlib import Path


def logging_config(*, level: str, fmt: str, folder: Path, files: bool) -> None:
    """Configure logging for this process."""
