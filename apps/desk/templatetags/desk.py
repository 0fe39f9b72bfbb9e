"""Template tags of the desk's screens."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats

from apps.core.clock import now
from apps.core.work.admin import words

register = template.Library()


@register.filter
def work_words(error: str) -> str:
    """What became of a work row, as a person reads it."""
    return words(error)


@register.simple_tag
def local_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """The time in a workspace's zone: hours and minutes today, with the date on other days."""
    if moment is None:
        return ""
    there = moment.astimezone(zone)
    clock = f"{there:%H:%M}"
    if there.date() == now().astimezone(zone).date():
        return clock
    return f"{formats.date_format(there.date(), 'j E' if there.year == now().year else 'j E Y')} {clock}"
