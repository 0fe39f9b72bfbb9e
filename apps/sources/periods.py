"""The period that an address names, as pages of numbers share it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.sources.numbers import Period

PRESETS = (1, 7, 30, 90, 365)
DAYS_MAX = 3660


def period_of(request: HttpRequest, workspaces: Sequence[Workspace]) -> Period:
    """The period that the address names, in the first workspace's zone; a wrong one gives the last thirty days."""
    zone: ZoneInfo = workspaces[0].zone if workspaces else ZoneInfo(settings.TIME_ZONE)
    today = now().astimezone(zone).date()
    days = request.GET.get("period", "")
    # No more digits than it may have: Python refuses to read thousands of them.
    if days.isdecimal() and len(days) <= len(str(DAYS_MAX)) and 0 < int(days) <= DAYS_MAX:
        return Period(today - timedelta(days=int(days) - 1), today, zone)
    first, last = day_of(request.GET.get("from", "")), day_of(request.GET.get("to", ""))
    if first is None and last is None:
        return Period(today - timedelta(days=29), today, zone)
    last = last or today
    first = first or last
    first, last = min(first, last), max(first, last)
    return Period(max(first, last - timedelta(days=DAYS_MAX)), last, zone)


def day_of(typed: str) -> date | None:
    """A date as a browser's field sends it; None for anything else, and for years that no clock can show."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2200 else None


def presets(request: HttpRequest) -> list[dict[str, Any]]:
    """The periods that one click gives."""
    names = {1: _("Today"), 7: _("7 days"), 30: _("30 days"), 90: _("90 days"), 365: _("A year")}
    asked = request.GET.get("period") or ("" if request.GET.get("from") or request.GET.get("to") else "30")
    return [{"days": days, "name": names[days], "is_chosen": asked == str(days)} for days in PRESETS]
