"""Database fields and expressions that only work rows need."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import models


def current_request_id() -> str:
    """The id of the request (or of the task) that this code runs for; empty where there is none."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or "")[:64]


class RequestIdField(models.CharField[str, str]):
    """The request that made the row; filled on insert from the logging context."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Take the present request's id where the row brings none."""
        value = super().pre_save(model_instance, add)
        if add and not value:
            value = current_request_id()
            setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """A plain text column, as far as migrations are concerned."""
        name, _path, args, kwargs = super().deconstruct()
        return str(name), "django.db.models.CharField", args, kwargs


class Among(models.Func):
    """`column IN ('a', 'b')` with the words written out, so that SQLite can match it to a partial index."""

    output_field = models.BooleanField()

    def __init__(self, column: str, words: tuple[str, ...]) -> None:
        listed = ", ".join(f"'{word}'" for word in words)
        super().__init__(models.F(column), template=f"%(expressions)s IN ({listed})")
