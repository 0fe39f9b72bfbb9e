"""Times at which a publication may come out at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError

# A form that was filled in a moment ago may ask for a minute that has just passed.
LATE = timedelta(minutes=5)
# Further ahead it is a slip of the finger, and the last years of the calendar can't be shown in every zone.
AHEAD = timedelta(days=20 * 366)


def publish_moment(at: datetime | None, at_once: datetime) -> datetime:
    """The time asked for, else this moment.

    Raises:
        PermanentError: the time has passed, or is far away.
    """
    if at is None:
        return at_once
    if at < at_once - LATE:
        raise PermanentError(_("This time has already passed. Choose a later one."), code="in_past")
    if at > at_once + AHEAD:
        raise PermanentError(_("This time is more than twenty years away. Check the year."), code="too_far")
    return at
