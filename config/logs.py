"""Logging set-up: structlog renders every line, those of the standard library included."""

from __future__ import annotations

import logging.config
import re
import sys
from pathlib import Path
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.core.logs.redaction import redacted

FILE_BYTES = 10 * 1024 * 1024
FILE_COUNT = 5
ACCESS_LOGGER = "pult.access"
FIRST_KEYS = ("timestamp", "level", "logger", "event")
# Signs that a terminal obeys or that turn a line around, but for tab and line feed.
UNPRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
QUIET = {
    # one line a request is written by apps.core.middleware, one a task by django-structlog
    "django.request": "ERROR",
    "celery.app.trace": "WARNING",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "django_celery_beat": "WARNING",
    "httpx": "WARNING",
    "httpx2": "WARNING",
    "pymorphy3": "WARNING",
    "httpcore": "WARNING",
    "openai": "WARNING",
    "asyncio": "WARNING",
    "kombu.connection": "ERROR",
}


def logging_config(*, level: str, fmt: str, folder: Path, files: bool) -> None:
    """Configure logging for this process.

    Raises:
        ImproperlyConfigured: the log files can't be written.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    try:
        logging.config.dictConfig(stdlib_config(level=level, fmt=fmt, folder=folder, files=files, shared=shared))
    except (OSError, ValueError) as exc:
        raise ImproperlyConfigured(
            f"Log files can't be written to {folder} (LOG_DIR): {exc.__cause__ or exc}."
        ) from exc


def stdlib_config(*, level: str, fmt: str, folder: Path, files: bool, shared: list[Processor]) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes: one stream, and the three files where they are asked for."""
    colour = fmt == "console" and sys.stderr.isatty()
    handlers: dict[str, dict[str, Any]] = {"stream": {"class": "logging.StreamHandler", "formatter": "stream"}}
    if files:
        folder.mkdir(parents=True, exist_ok=True)
        handlers["app"] = {**rotating(folder / "app.log"), "filters": ["not_access"]}
        handlers["error"] = {**rotating(folder / "error.log"), "level": "ERROR"}
        handlers["access"] = {**rotating(folder / "access.log"), "filters": ["access"]}
    known = logging.getLevelNamesMapping()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "access": {"()": AccessFilter, "wanted": True},
            "not_access": {"()": AccessFilter, "wanted": False},
        },
        "formatters": {
            "stream": formatter(fmt, colour=colour, shared=shared),
            "file": formatter(fmt, colour=False, shared=shared),
        },
        "handlers": handlers,
        "root": {"level": level, "handlers": list(handlers)},
        "loggers": {
            name: {"level": least if known[level] > logging.DEBUG else level, "propagate": True, "handlers": []}
            for name, least in QUIET.items()
            if known[least] > known[level]
        },
    }


def rotating(path: Path) -> dict[str, Any]:
    """A file handler that several processes may share."""
    return {
        "class": "apps.core.logs.files.SharedRotatingFileHandler",
        "formatter": "file",
        "filename": str(path),
        "maxBytes": FILE_BYTES,
        "backupCount": FILE_COUNT,
        "encoding": "utf-8",
    }


def formatter(fmt: str, *, colour: bool, shared: list[Processor]) -> dict[str, Any]:
    """How lines look: JSON or for people. Redaction comes last, so that it sees tracebacks too."""
    renderer: Processor
    extra: list[Processor] = []
    if fmt == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    else:
        extra = [printable]
        renderer = structlog.dev.ConsoleRenderer(
            colors=colour, timestamp_key="timestamp", pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redacted,
            *extra,
            in_order,
            renderer,
        ],
    }


def in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The same keys first on every line."""
    return {**{name: event[name] for name in FIRST_KEYS if name in event}, **event}


def printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Control characters written out: what a visitor or a feed sends can't move the reader's terminal."""
    return {
        name: UNPRINTED.sub(lambda found: ascii(found[0])[1:-1], value) if isinstance(value, str) else value
        for name, value in event.items()
    }


class AccessFilter(logging.Filter):
    """Lets only the lines about requests through, or all but them."""

    def __init__(self, *, wanted: bool) -> None:
        super().__init__()
        self._wanted = wanted

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes."""
        return (record.name == ACCESS_LOGGER) is self._wanted
