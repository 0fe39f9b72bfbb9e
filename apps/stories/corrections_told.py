"""The corrections of a story in words, from its audit: what was done, by whom, and whether it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.stories.models import Story
from apps.stories.services.taking_back import TAKEN_BACK, VERBS

SHOWN_FOR = timedelta(days=7)
SHOWN_MAX = 3
LOOKED_AT = 40
TITLE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class CorrectionTold:
    """One correction of a story that can be taken back.

    Attributes:
        entry: the id of its audit entry.
        what: a sentence.
        who: the editor's name.
    """

    entry: int
    what: str
    who: str
    at: datetime


def corrections_told(story: Story) -> list[CorrectionTold]:
    """A story's latest corrections that stand, the newest first; one query."""
    entries = AuditEntry.objects.filter(
        target_type=story._meta.label_lower,
        target_id=str(story.pk),
        verb__in=[*VERBS, TAKEN_BACK],
        at__gte=now() - SHOWN_FOR,
    )
    gone: set[str] = set()
    told: list[CorrectionTold] = []
    for entry in entries.select_related("actor").order_by("-pk")[:LOOKED_AT]:
        key = entry.details.get("correction", "")
        if entry.verb == TAKEN_BACK:
            gone.add(key)
        elif key not in gone and len(told) < SHOWN_MAX:
            told.append(CorrectionTold(entry.pk, correction_words(entry), str(entry.actor or "—"), entry.at))
    return told


def correction_words(entry: AuditEntry) -> str:
    """What a correction did, in a sentence."""
    words: dict[str, Any] = {
        name: _cut(value) if isinstance(value, str) else value for name, value in entry.details.get("words", {}).items()
    }
    match entry.verb:
        case "story.post_moved" if words.get("own"):
            return _("“%(post)s” left “%(from)s” for a story of its own.") % words
        case "story.post_moved":
            return _("“%(post)s” went from “%(from)s” to “%(to)s”.") % words
        case "story.split":
            text = ngettext(
                "%(posts)d post went from “%(from)s” to the new story “%(to)s”.",
                "%(posts)d posts went from “%(from)s” to the new story “%(to)s”.",
                words["posts"],
            )
            return text % words
        case "story.kept_apart":
            return _("“%(post)s” is never to stand with “%(other)s”.") % words
        case "story.merged":
            return _("%(stories)s went into “%(to)s”.") % {"stories": _quoted(words["stories"]), "to": words["to"]}
        case "story.post_pinned":
            return _("“%(post)s” was pinned.") % words
        case "story.post_unpinned":
            return _("“%(post)s” was let go of.") % words
        case "story.locked":
            return _("Locked: the story takes no more posts.")
        case _:
            return _("Unlocked: the story takes posts again.")


def _quoted(titles: Iterable[str]) -> str:
    shown = [f"“{_cut(title)}”" for title in titles]
    if len(shown) > SHOWN_MAX:
        rest = len(shown) - SHOWN_MAX + 1
        shown = [*shown[: SHOWN_MAX - 1], ngettext("%d more story", "%d more stories", rest) % rest]
    return ", ".join(shown)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_SHOWN else f"{line[: TITLE_SHOWN - 1].rstrip()}…"
