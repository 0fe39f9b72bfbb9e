"""The one clock. Code takes the time as an argument or asks here."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current time, aware, UTC."""
    return timezone.now()
