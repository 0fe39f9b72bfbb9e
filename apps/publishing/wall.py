"""Times as people type them on a workspace's clock, where clocks jump included."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.publishing import slots

# Beyond them it is a slip of the finger, and the calendar's edges can't be shown in every zone.
YEARS = range(2000, 2100)


def moment_typed(text: str, zone: ZoneInfo) -> tuple[datetime, str]:
    """A moment with an offset as it is, else a time on the zone's clock; and what to know about it.

    Raises:
        PermanentError: it is no time, or the clock leaves it out on that day.
    """
    try:
        parsed = parse_datetime(text.strip())
    except ValueError:
        parsed = None
    if parsed is None or parsed.year not in YEARS:
        raise PermanentError(_("This is not a date and time; write it like 2030-01-31 14:30."), code="no_time")
    return (parsed, "") if parsed.tzinfo else clock_time(parsed, zone)


def clock_time(wall: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """The moment of a wall clock's time, and a word where it comes twice.

    Raises:
        PermanentError: the clock leaves it out on that day.
    """
    day, at = wall.date(), wall.time()
    moment = slots.moment_at(day, at, zone)
    if not slots.exists(day, at, zone):
        words = _("There is no %(time)s on that day: the clocks go forward. The next time there is %(next)s.")
        told = {"time": f"{at:%H:%M}", "next": f"{moment.astimezone(zone):%H:%M}"}
        raise PermanentError(words % told, code="left_out")
    return moment, twice_words(at) if slots.comes_twice(day, at, zone) else ""


def twice_words(at: time) -> str:
    """Which of two times is meant."""
    return _("%(time)s comes twice on that day: it is the first of the two.") % {"time": f"{at:%H:%M}"}
