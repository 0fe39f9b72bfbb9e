"""Spans of time in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

JUST_NOW = timedelta(minutes=1)
AT = datetime(2000, 1, 3)  # any moment: only the length counts  # noqa: DTZ001


def span_words(length: timedelta) -> str:
    """A length of time in its largest unit: "5 minutes"."""
    return timesince(AT, AT + max(length, JUST_NOW), depth=1)


def ago(moment: datetime, at: datetime) -> str:
    """How long before `at` it was, in its largest unit: "5 minutes ago"."""
    if at - moment < JUST_NOW:
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, at, depth=1)}
