"""A person's "try again" and "give up" for the work of stories, as the admin calls them."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.work import bells, verbs
from apps.stories.models import Grouping, Illustrating, Rewrite
from apps.stories.services.grouping import grouping_alert_settle
from apps.stories.services.illustrating import illustrating_again, illustrating_cancel
from apps.stories.services.rewrites import rewrite_cancel, rewrite_retry


def rewrite_revive(row: Rewrite, *, by: User) -> None:
    """Have a failed rewrite written again."""
    rewrite_retry(rewrite=row, editor=by)


def rewrite_give_up(row: Rewrite, *, reason: str, by: User) -> None:
    """Stop a rewrite."""
    rewrite_cancel(rewrite=row, editor=by, reason=reason)


def illustrating_revive(row: Illustrating, *, by: User) -> None:
    """Have pictures made again that failed, or of which nobody knows."""
    illustrating_again(row=row, editor=by)


def illustrating_give_up(row: Illustrating, *, reason: str, by: User) -> None:
    """Stop a making, or leave one alone of which nobody knows."""
    illustrating_cancel(row=row, editor=by, reason=reason)


@transaction.atomic
def grouping_revive(row: Grouping, *, by: User) -> None:
    """Have a post that failed to find its story try again.

    Raises:
        TransitionError: it has not failed.
    """
    verbs.revive(row, by=by)
    grouping_alert_settle(row)
    audit_record(actor=by, verb="grouping.retried", target=row)
    bells.ring_on_commit("grouping")
