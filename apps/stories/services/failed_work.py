"""What people are told when background work of stories stops for good."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.accounts.work_alerts import work_dead_tell
from apps.core.work.models import WorkRow


def ranking_dead(row: WorkRow) -> None:
    """Stories keep the order and the topics that they had."""
    _tell(row, _("Stories could not be ranked anew, so their order and topics may be out of date: %(why)s."))


def recount_dead(row: WorkRow) -> None:
    """Stories keep the numbers of voices that they had."""
    _tell(row, _("The voices of stories could not be counted anew, so their numbers may be wrong: %(why)s."))


def _tell(row: WorkRow, words: str) -> None:
    advice = _("Open the list of failed ones, choose them and press “Try again”.")
    work_dead_tell(row, f"{words % {'why': row.error.rstrip('.')}} {advice}")
