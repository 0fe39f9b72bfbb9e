"""At which ages publications are looked at. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# Most of what a message gets it gets at once; later looks show whether it goes on.
AGES_H = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720)
# A count stands for an age when it was taken no earlier and no later than this part of it.
EARLY, LATE = 0.9, 1.25


def is_of_age(*, sent_at: datetime, taken_at: datetime, age_h: int) -> bool:
    """Whether a count was taken near enough to an age to stand for it."""
    return EARLY * age_h <= (taken_at - sent_at) / timedelta(hours=1) <= LATE * age_h


def due_at(sent_at: datetime, age_h: int) -> datetime:
    """When a publication has this age."""
    return sent_at + timedelta(hours=age_h)


def ends_at(sent_at: datetime, age_h: int) -> datetime:
    """Until when a count may stand for this age."""
    return sent_at + timedelta(hours=age_h * LATE)


def next_age(*, sent_at: datetime, after_h: int, at: datetime) -> int | None:
    """The next age that a count can still stand for; None after the last."""
    return next((age_h for age_h in AGES_H if age_h > after_h and ends_at(sent_at, age_h) > at), None)
