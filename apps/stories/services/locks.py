"""Who has a story's text open: told to the others, never a wall. What keeps texts apart are their versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.stories.models import EditLock, Story

LAPSE = timedelta(seconds=45)  # an open page is heard of every 15 s, and is taken for closed after so long


@dataclass(frozen=True, slots=True)
class LockState:
    """Who has the text open, as one editor sees it."""

    is_mine: bool
    editor: str
    since: datetime


@transaction.atomic
def lock_touch(*, story: Story, editor: User) -> LockState:
    """Say that this editor has the text open: takes the lock where nobody has it, and tells who has it."""
    moment = now()
    mine = EditLock.objects.filter(story=story, editor=editor)
    lapsed = EditLock.objects.filter(story=story, seen_at__lt=moment - LAPSE)
    if not mine.update(seen_at=moment) and not lapsed.update(editor=editor, taken_at=moment, seen_at=moment):
        try:
            with transaction.atomic():
                EditLock.objects.get_or_create(
                    story=story, defaults={"editor": editor, "taken_at": moment, "seen_at": moment}
                )
        except IntegrityError:
            pass  # somebody was quicker, and is told of below
    held = EditLock.objects.select_related("editor").filter(story=story).first()
    if held is None:
        return LockState(True, str(editor), moment)
    return LockState(held.editor_id == editor.pk, str(held.editor), held.taken_at)


def lock_of(*, story: Story) -> EditLock | None:
    """The lock of a story while its holder is heard of."""
    held = EditLock.objects.select_related("editor").filter(story=story, seen_at__gte=now() - LAPSE)
    return held.first()


@transaction.atomic
def lock_take_over(*, story: Story, editor: User) -> LockState:
    """Take the text over from whoever has it open: they are told, and what they typed stays theirs, unsaved."""
    moment = now()
    before = EditLock.objects.select_for_update().filter(story=story).first()
    EditLock.objects.update_or_create(story=story, defaults={"editor": editor, "taken_at": moment, "seen_at": moment})
    if before is not None and before.editor_id != editor.pk:
        details = {"from": before.editor_id}
        audit_record(actor=editor, verb="story.lock_taken_over", target=story, details=details)
    return LockState(True, str(editor), moment)


def lock_leave(*, story: Story, editor: User) -> None:
    """The editor has closed the page."""
    EditLock.objects.filter(story=story, editor=editor).delete()
