"""Legal marks: who has to be marked in a text, with which footnote, and whether it is. Pure."""

from apps.stories.legal.entries import Entry
from apps.stories.legal.footnotes import DraftText, Mention, has_notes, marked, mentions, missing, without_marks
from apps.stories.legal.matching import Mark, marks
from apps.stories.legal.paid import paid_marked, paid_missing

__all__ = [
    "DraftText",
    "Entry",
    "Mark",
    "Mention",
    "has_notes",
    "marked",
    "marks",
    "mentions",
    "missing",
    "paid_marked",
    "paid_missing",
    "without_marks",
]
