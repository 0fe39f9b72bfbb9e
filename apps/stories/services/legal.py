"""Legal marks of a workspace: its lists, what a text lacks, and paid posts."""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.stories.legal import DraftText, Entry, missing, paid_missing
from apps.stories.legal.paid import ADVERTISER, TOKEN, WORD
from apps.stories.models import LegalEntry, Story, StoryVersion

NAMED = 5  # missing marks that a refusal names


class UnmarkedError(TransitionError):
    """A text lacks marks that the law wants, and nobody said why it goes out without them.

    Attributes:
        lacks: what is missing, in words.
    """

    def __init__(self, lacks: list[str]) -> None:
        super().__init__(
            _("The text lacks: %(what)s. Put it in, or write the reason why the text goes out without it.")
            % {"what": named_of(lacks)}
        )
        self.lacks = lacks


def named_of(lacks: list[str]) -> str:
    """The first few of what a text lacks, in a line."""
    return "; ".join(lacks[:NAMED]) + ("…" if len(lacks) > NAMED else "")


def today_of(workspace: Workspace) -> date:
    """The day by the workspace's clock."""
    return now().astimezone(workspace.zone).date()


def legal_entries(workspace: Workspace) -> list[Entry]:
    """The entries of the workspace's active lists that are due today; one query."""
    today = today_of(workspace)
    rows = LegalEntry.objects.filter(
        Q(since__isnull=True) | Q(since__lte=today),
        Q(until__isnull=True) | Q(until__gte=today),
        list__workspace=workspace,
        list__is_active=True,
    ).order_by("pk")
    fields = ("pk", "name", "list__kind", "also", "list__footnote", "since", "until")
    return [
        Entry(pk, name, kind, tuple(filter(None, map(str.strip, also.splitlines()))), footnote, since, until)
        for pk, name, kind, also, footnote, since, until in rows.values_list(*fields)
    ]


def draft_of(version: StoryVersion) -> DraftText:
    """A version's text in its parts."""
    return DraftText(version.title, version.lead, version.body)


def marks_lacking(story: Story, text: DraftText) -> list[str]:
    """What the law wants in the story's text and it does not have, in words."""
    workspace = story.workspace
    unmarked = missing(text, legal_entries(workspace), today_of(workspace))
    lacks = [_("the mark of “%(name)s”") % {"name": one.entry.name} for one in unmarked]
    return lacks + paid_lacking(story, text)


def paid_lacking(story: Story, text: DraftText) -> list[str]:
    """What a paid post lacks, in words; nothing where nobody paid."""
    if not story.is_paid:
        return []
    words = {
        WORD: _("the word “реклама”"),
        TOKEN: _("erid %(erid)s") % {"erid": story.erid} if story.erid else _("erid (not given yet)"),
        ADVERTISER: _("the advertiser %(name)s") % {"name": story.advertiser}
        if story.advertiser
        else _("the advertiser (not given yet)"),
    }
    return [words[one] for one in paid_missing(text, erid=story.erid, advertiser=story.advertiser)]
