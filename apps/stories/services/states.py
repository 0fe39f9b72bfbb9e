"""A story's way: new, in work, in review, approved, published, and aside."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.stories.models import ApprovalAsk, Story
from apps.stories.services.legal import UnmarkedError, draft_of, marks_lacking

Status = Story.Status
LACKS_KEPT, REASON_LENGTH = 50, 1_000
OPEN = (Status.NEW, Status.DRAFT, Status.REVIEW)


@transaction.atomic
def story_submit(*, story: Story, editor: User) -> None:
    """Hand a story that has a text over for review.

    Raises:
        TransitionError: it has no text yet, or is no longer in work.
    """
    _require_version(story)
    _move(story, (Status.NEW, Status.DRAFT), {"status": Status.REVIEW}, _("The story is no longer in work."))
    _asks_void(story)
    audit_record(actor=editor, verb="story.submitted", target=story)


@transaction.atomic
def story_approve(*, story: Story, editor: User, reason: str = "", number: int | None = None) -> None:
    """Accept the current version of a story for publication.

    Args:
        reason: why the text goes out although marks that the law wants are missing; kept in the audit.
        number: of the version that the editor has read; None where nobody says.

    Raises:
        UnmarkedError: such marks are missing and no reason is given.
        TransitionError: it has no text yet, another one than was read, or somebody else has decided on it meanwhile.
    """
    # held, so that the text that was looked at is the text that is approved
    locked = (
        Story.objects.select_for_update(of=("self",)).select_related("current_version", "workspace").get(pk=story.pk)
    )
    version = locked.current_version
    if version is None:
        raise TransitionError(_("The story has no text yet. Write a draft first."))
    if number is not None and version.number != number:
        raise TransitionError(_("The story has changed meanwhile. Open it again."))
    details: dict[str, Any] = {}
    if locked.status in OPEN and (lacks := marks_lacking(locked, draft_of(version))):
        if not reason.strip():
            raise UnmarkedError(lacks)
        details = {"lacks": lacks[:LACKS_KEPT], "reason": reason.strip()[:REASON_LENGTH]}
    change = {"status": Status.APPROVED, "approved_by": editor, "approved_at": now()}
    _move(story, OPEN, change, _("The story has already left review."))
    _asks_void(story)
    audit_record(actor=editor, verb="story.approved", target=story, details=details)


@transaction.atomic
def story_return(*, story: Story, editor: User) -> None:
    """Take a story back into work from review or from approval.

    Raises:
        TransitionError: it is neither in review nor approved.
    """
    change = {"status": Status.DRAFT, "approved_by": None, "approved_at": None}
    _move(story, (Status.REVIEW, Status.APPROVED), change, _("The story is neither in review nor approved."))
    _asks_void(story)
    audit_record(actor=editor, verb="story.returned", target=story)


@transaction.atomic
def story_put_aside(*, story: Story, editor: User) -> None:
    """Take a story out of the queue; it can be brought back as it was.

    Raises:
        TransitionError: it is approved, published or already aside.
    """
    seen = Story.objects.filter(pk=story.pk).values_list("status", flat=True).first()
    refusal = _("Only a story that is new, in work or in review can be put aside.")
    if seen not in OPEN:
        raise TransitionError(refusal)
    _move(story, (seen,), {"status": Status.ASIDE, "aside_from": seen}, refusal)
    _asks_void(story)
    audit_record(actor=editor, verb="story.put_aside", target=story, details={"from": seen})


@transaction.atomic
def story_bring_back(*, story: Story, editor: User) -> None:
    """Return a story that was put aside to where it was.

    Raises:
        TransitionError: it is not aside.
    """
    before = Story.objects.filter(pk=story.pk).values_list("aside_from", flat=True).first() or Status.NEW
    change = {"status": before, "aside_from": "", "merged_into": None}
    _move(story, (Status.ASIDE,), change, _("The story is not put aside."))
    _asks_void(story)
    audit_record(actor=editor, verb="story.brought_back", target=story, details={"to": before})


@transaction.atomic
def story_published(*, story: Story) -> bool:
    """Note that a story's text has come out; False where an earlier channel had already said so.

    What is out cannot be refused: a story that went back into work meanwhile keeps its status and only gets the time.
    """
    moment = now()
    moved = Story.objects.filter(pk=story.pk, status=Status.APPROVED).update(
        status=Status.PUBLISHED, published_at=moment
    )
    if moved != 1:
        first = Story.objects.filter(pk=story.pk, published_at__isnull=True).update(published_at=moment)
        if first != 1:
            return False
    audit_record(verb="story.published", target=story)
    story.refresh_from_db(fields=["status", "published_at"])
    return True


def _asks_void(story: Story) -> None:
    """Requests for approval hold for one stay in review: none outlives a decision, though the text be the same."""
    waiting = ApprovalAsk.objects.filter(story=story.pk, answer=ApprovalAsk.Answer.WAITING)
    waiting.update(answer=ApprovalAsk.Answer.LAPSED)


def _require_version(story: Story) -> None:
    if not Story.objects.filter(pk=story.pk, current_version__isnull=False).exists():
        raise TransitionError(_("The story has no text yet. Write a draft first."))


def _move(story: Story, origins: Collection[str], change: dict[str, Any], refusal: str) -> None:
    """The one conditional UPDATE of a change of status; the object is brought up to date with it."""
    if Story.objects.filter(pk=story.pk, status__in=origins).update(**change) != 1:
        raise TransitionError(refusal)
    for name, value in change.items():
        setattr(story, name, value)
