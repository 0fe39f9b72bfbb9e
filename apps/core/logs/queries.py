"""Slow queries, reported with the place in our own code that asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

log = structlog.get_logger("pult.queries")
LONGEST_SQL = 1000
OURS = ("apps", "config", "tests")


def watch(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Put the stop-watch on a connection, once."""
    if timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(timed)


def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run one query, and log it if it was slow. Its parameters stay out of the log: they may be anybody's words."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        took_ms = (time.perf_counter() - began) * 1000
        if took_ms > settings.SLOW_QUERY_MS:
            log.warning(
                "slow query", duration_ms=round(took_ms, 1), place=place(sys._getframe(1)), sql=str(sql)[:LONGEST_SQL]
            )


def place(frame: FrameType | None) -> str:
    """The nearest caller in our code: file, line and function."""
    base = str(settings.BASE_DIR) + "/"
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(base) and path.removeprefix(base).startswith(OURS) and path != __file__:
            return f"{Path(path).relative_to(base)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return "outside"
