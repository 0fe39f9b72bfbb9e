"""Small pieces of the sources' screens."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.clock import now
from apps.sources.selectors import ago


def moment(at: datetime | None) -> SafeString | None:
    """A time in the past as "5 minutes ago", the exact one on hover."""
    if at is None:
        return None
    shown = ago(at, now())
    exact = date_format(timezone.localtime(at), "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, shown)


def number(value: int) -> SafeString:
    """A count, right-aligned, with thin spaces; a zero is quiet."""
    return format_html(
        '<span class="pult-number">{}</span>', number_format(value, force_grouping=True) if value else "–"
    )


def tag(tone: str, words: str) -> SafeString:
    """A word with the colour of what it means."""
    return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, words)
