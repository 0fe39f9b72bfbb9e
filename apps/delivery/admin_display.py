"""How attempts look in the outbox's screen."""

from __future__ import annotations

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t

from apps.core.work.admin import words
from apps.delivery.models import Attempt


def attempt_line(attempt: Attempt) -> tuple[str, str, str]:
    """An attempt: its time for machines, for people, and what happened."""
    shown = date_format(timezone.localtime(attempt.at), "SHORT_DATETIME_FORMAT")
    parts = [f"{attempt.get_kind_display()}: {attempt.get_outcome_display()}"]
    if attempt.duration_ms is not None:
        parts.append(_t("%(ms)s ms") % {"ms": attempt.duration_ms})
    if attempt.detail:
        parts.append(words(attempt.detail))
    return attempt.at.isoformat(timespec="seconds"), shown, " · ".join(parts)
