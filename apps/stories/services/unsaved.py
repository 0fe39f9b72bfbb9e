"""What an editor has typed and not saved as a version: kept on the server, so that it is there on any device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.stories.models import TITLE_LENGTH, Story, StoryVersion, UnsavedText


class UnsavedConflictError(TransitionError):
    """The editor has typed elsewhere since this page last heard: on another device, or in another tab.

    Attributes:
        unsaved: what was typed there.
    """

    def __init__(self, message: str, *, unsaved: UnsavedText) -> None:
        super().__init__(message)
        self.unsaved = unsaved


def unsaved_mark(unsaved: UnsavedText | None) -> str:
    """What a page shows to have seen this text; empty where there is none."""
    return unsaved.saved_at.isoformat() if unsaved else ""


@transaction.atomic
def unsaved_keep(
    *,
    story: Story,
    editor: User,
    title: str,
    lead: str,
    body: str,
    tags: Sequence[str],
    based_on: int,
    seen: str | None = None,
) -> UnsavedText | None:
    """Keep what is typed; nothing is kept where it is the very text that it was begun from.

    Args:
        based_on: number of the version that the editor began from; 0 where there was none.
        seen: the mark of the text that the page knows of, empty where it knows of none; None overwrites whatever is
            there.

    Raises:
        UnsavedConflictError: other words were typed elsewhere; they stay.
    """
    text: dict[str, Any] = {"title": title[:TITLE_LENGTH], "lead": lead, "body": body, "tags": list(tags)}
    kept = UnsavedText.objects.select_for_update().filter(story=story, editor=editor).first()
    is_same = kept is not None and kept.based_on == based_on and all(getattr(kept, k) == v for k, v in text.items())
    if kept is not None and is_same:
        return kept
    if kept is not None and seen is not None and seen != unsaved_mark(kept):
        raise _typed_elsewhere(kept)
    if _is_begun_from(story, text, based_on):
        if kept is not None:
            kept.delete()
        return None
    if kept is None:
        kept = UnsavedText(story=story, editor=editor)
    for name, value in text.items():
        setattr(kept, name, value)
    kept.based_on, kept.saved_at = based_on, now()
    return _stored(kept)


def unsaved_of(*, story: Story, editor: User) -> UnsavedText | None:
    """What this editor has typed in this story and not saved."""
    return UnsavedText.objects.filter(story=story, editor=editor).first()


def unsaved_discard(*, story: Story, editor: User) -> None:
    """Let go of what was typed; the story's own text is as it was."""
    UnsavedText.objects.filter(story=story, editor=editor).delete()


def unsaved_settle(*, story: Story, editor: User, seen: str | None) -> None:
    """What was typed has become a version: keep it apart no longer.

    `seen` is the mark of the text that the page knows of; words that were typed elsewhere since stay. None: whatever is
    there has become the version.
    """
    kept = UnsavedText.objects.filter(story=story, editor=editor)
    if seen is None:
        kept.delete()
    elif (found := kept.first()) is not None and unsaved_mark(found) == seen:
        kept.filter(saved_at=found.saved_at).delete()


def _stored(kept: UnsavedText) -> UnsavedText:
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError:
        raise _typed_elsewhere(UnsavedText.objects.get(story=kept.story, editor=kept.editor)) from None
    return kept


def _is_begun_from(story: Story, text: dict[str, Any], based_on: int) -> bool:
    begun = StoryVersion.objects.filter(story=story, number=based_on).first()
    if begun is None:
        return not any(text.values())
    return all(getattr(begun, name) == value for name, value in text.items())


def _typed_elsewhere(kept: UnsavedText) -> UnsavedConflictError:
    return UnsavedConflictError(_("You have typed in this story on another device or in another tab."), unsaved=kept)
