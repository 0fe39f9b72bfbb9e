"""Who owns an account: one process at a time, by a lease that it renews.

Telegram destroys a session that two addresses use at once, so nobody connects without the lease. The database's clock
alone decides when it has run out, and an owner stops of itself well before that (`OWN_SHARE`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now

from apps.telegram.models import Session

LEASE_S = 30.0
# The part of a lease in which its owner must have renewed it, or it closes the connection.
OWN_SHARE = 0.8
READING = (Session.State.ACTIVE,)


def session_lease_take(
    *,
    session_pk: int,
    owner: str,
    lease_s: float = LEASE_S,
    states: Collection[str] = READING,
    at: datetime | None = None,
) -> bool:
    """Become the owner of an account that is in one of the states and that nobody owns; False where that is not so.

    `at` stands for the database's clock in tests.
    """
    moment = moment_of(at)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
    rows = Session.objects.filter(free, pk=session_pk, state__in=states)
    return rows.update(lease_owner=owner, lease_until=later(moment, lease_s)) == 1


def session_lease_renew(*, session_pk: int, owner: str, lease_s: float = LEASE_S, at: datetime | None = None) -> bool:
    """Own the account for longer; False where the lease has run out or is another's: then close the connection."""
    moment = moment_of(at)
    mine = Session.objects.filter(pk=session_pk, lease_owner=owner, lease_until__gt=moment)
    return mine.update(lease_until=later(moment, lease_s)) == 1


def session_lease_release(*, session_pk: int, owner: str) -> bool:
    """Give the account up, the connection being closed; False where it was not the owner's any more."""
    mine = Session.objects.filter(pk=session_pk, lease_owner=owner)
    return mine.update(lease_owner="", lease_until=None) == 1


def session_lease_is_held(session: Session, *, at: datetime | None = None) -> bool:
    """Whether somebody owns the account now."""
    return Session.objects.filter(pk=session.pk, lease_until__gt=moment_of(at)).exists()


def moment_of(at: datetime | None) -> F | Value | Now:
    """The given time, or the database's."""
    return Now() if at is None else Value(at, output_field=DateTimeField())


def later(moment: F | Value | Now, seconds: float) -> ExpressionWrapper[Any]:
    """A time after another, reckoned by the database."""
    return ExpressionWrapper(moment + timedelta(seconds=seconds), output_field=DateTimeField())
