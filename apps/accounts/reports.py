"""What an admin action says after it has gone over its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import PultError

M = TypeVar("M", bound=models.Model)


@dataclass
class Report:
    """How many rows were done, how many refused, and why the first was.

    Attributes:
        done: rows that the service accepted.
        refused: rows that it refused.
        reason: the first refusal, in words.
    """

    done: int = 0
    refused: int = 0
    reason: str = ""

    def tell(self, request: HttpRequest) -> None:
        """Show it to whoever started the action."""
        if self.done:
            messages.success(request, ngettext("Done: %d.", "Done: %d.", self.done) % self.done)
        if self.refused:
            text = _("Refused: %(count)d. %(reason)s") % {"count": self.refused, "reason": self.reason}
            messages.warning(request, text)


def each(rows: Iterable[M], act: Callable[[M], object]) -> Report:
    """Call a service for each row; an expected refusal is counted and the rest goes on."""
    report = Report()
    for row in rows:
        try:
            act(row)
        except (PultError, ValidationError) as exc:
            report.refused += 1
            report.reason = report.reason or reason_of(exc)
        else:
            report.done += 1
    return report


def reason_of(error: PultError | ValidationError) -> str:
    """The error's words for a person."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
