"""What people are told when background work of collection stops for good."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.accounts.work_alerts import work_dead_tell
from apps.core.work.models import WorkRow


def copy_check_dead(row: WorkRow) -> None:
    """A copy whose original changed or went has found no other one."""
    words = _("A near-copy could not be compared again after its original changed or went: %(why)s.")
    _tell(row, words)


def kinship_review_dead(row: WorkRow) -> None:
    """Nobody looks for sister channels."""
    _tell(row, _("The search for sister channels stopped, none are suggested: %(why)s."))


def hub_push_dead(row: WorkRow) -> None:
    """What a hub told was not read; the feed is collected all the same, later."""
    _tell(row, _("What a hub told of new posts could not be read; they come with the next collection: %(why)s."))


def _tell(row: WorkRow, words: str) -> None:
    advice = _("Open the list of failed ones, choose them and press “Try again”.")
    work_dead_tell(row, f"{words % {'why': row.error.rstrip('.')}} {advice}")
