"""Versions of a story's text: numbered, kept for good, never overwriting one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.stories.models import TITLE_LENGTH, Rewrite, Story, StoryVersion
from apps.stories.services.facts import version_facts
from apps.stories.services.keeping import stories_keep
from apps.stories.services.unsaved import unsaved_settle
from apps.stories.services.watching import sources_settle

Status = Story.Status
WHY_LENGTH = 200


class VersionConflictError(TransitionError):
    """Somebody saved a newer version while this one was being written.

    Attributes:
        number: the newer version's number.
        version: the newer version itself.
    """

    def __init__(self, message: str, *, version: StoryVersion) -> None:
        super().__init__(message)
        self.version = version
        self.number = version.number


def version_conflict(current: StoryVersion) -> VersionConflictError:
    """The refusal of a text that was begun from an earlier version than the current one."""
    return VersionConflictError(
        _("Version %(number)d was saved meanwhile by %(who)s. Compare the two and save again.")
        % {"number": current.number, "who": current.byline},
        version=current,
    )


@transaction.atomic
def version_save(
    *,
    story: Story,
    title: str,
    lead: str,
    body: str,
    tags: Sequence[str],
    editor: User,
    based_on: int | None,
    why: str = "",
    unsaved_seen: str | None = None,
) -> StoryVersion:
    """Keep an editor's text as the story's next version; the same text saved twice is one version.

    An approved story goes back into work: the approval was for another text. What was typed is kept apart no longer.

    Args:
        based_on: number of the version that the editor began from; None or 0 where there was none.
        why: what changed, in the editor's words.
        unsaved_seen: see `unsaved_settle`.

    Raises:
        VersionConflictError: a newer version has become current meanwhile; nothing is saved.
        TransitionError: the story is put aside, or the text is empty.
    """
    locked = _writable(story, is_empty=not (title.strip() or body.strip()))
    current = locked.current_version
    text: dict[str, Any] = {"title": title.strip()[:TITLE_LENGTH], "lead": lead, "body": body, "tags": list(tags)}
    if current is not None and all(getattr(current, name) == value for name, value in text.items()):
        unsaved_settle(story=locked, editor=editor, seen=unsaved_seen)
        return current
    if current is not None and current.number != (based_on or 0):
        raise version_conflict(current)
    began = current.number if current else None
    version = version_add(locked, based_on=began, author=editor, why=" ".join(why.split())[:WHY_LENGTH], **text)
    version_make_current(locked, version)
    unsaved_settle(story=locked, editor=editor, seen=unsaved_seen)
    audit_record(actor=editor, verb="story.version_saved", target=locked, details={"number": version.number})
    _mirror(story, locked)
    return version


def _writable(story: Story, *, is_empty: bool) -> Story:
    if is_empty:
        raise TransitionError(_("The text is empty: write a title or a text."))
    locked = story_locked(story)
    if locked.status == Status.ASIDE:
        raise TransitionError(_("The story is put aside. Bring it back first."))
    return locked


def version_restore(*, story: Story, number: int, editor: User, based_on: int | None) -> StoryVersion:
    """Make an earlier text the story's text again, as a new version that says where it comes from.

    Raises:
        VersionConflictError: a newer version has become current meanwhile; nothing is changed.
        TransitionError: the story has no version of this number, or is put aside.
    """
    earlier = StoryVersion.objects.filter(story=story.pk, number=number).first()
    if earlier is None:
        raise TransitionError(_("There is no version %(number)d.") % {"number": number})
    return version_save(
        story=story,
        title=earlier.title,
        lead=earlier.lead,
        body=earlier.body,
        tags=earlier.tags,
        editor=editor,
        based_on=based_on,
        why=_("restored from version %(number)d") % {"number": number},
        # What is typed meanwhile stays where it is: it is another text.
        unsaved_seen="",
    )


def story_locked(story: Story) -> Story:
    """The story's row as it is now, held until the transaction ends."""
    return Story.objects.select_for_update(of=("self",)).select_related("current_version__author").get(pk=story.pk)


def version_add(story: Story, *, rewrite: Rewrite | None = None, **fields: Any) -> StoryVersion:
    """Add the next version to a story that the caller has locked, checked against the story's posts as they are."""
    last = StoryVersion.objects.filter(story=story).aggregate(last=Max("number"))["last"] or 0
    checked = version_facts(story, fields)
    version = StoryVersion.objects.create(story=story, number=last + 1, rewrite=rewrite, **fields, **checked)
    stories_keep([story.pk])
    return version


def version_make_current(story: Story, version: StoryVersion) -> None:
    """Show this version as the story's text; the story is in work from here on, unless it is out or put aside."""
    change: dict[str, Any] = {"current_version": version}
    if version.title:
        change["title"] = version.title
    if story.status in {Status.NEW, Status.APPROVED}:
        change |= {"status": Status.DRAFT, "approved_by": None, "approved_at": None}
    elif story.status == Status.REVIEW and version.rewrite_id is not None:
        change["status"] = Status.DRAFT
    elif story.status == Status.ASIDE:
        change["aside_from"] = Status.DRAFT
    if Story.objects.filter(pk=story.pk, status=story.status).update(**change) != 1:
        raise TransitionError(_("The story has changed meanwhile. Open it again."))
    for name, value in change.items():
        setattr(story, name, value)
    sources_settle(story)


def _mirror(story: Story, locked: Story) -> None:
    """Bring the caller's object up to date with the row that was changed."""
    for name in ("title", "status", "approved_by", "approved_at", "current_version"):
        setattr(story, name, getattr(locked, name))
