"""A queue that went on is stopped again, and what has not left gets its place back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PultError, TransitionError
from apps.delivery.models import Delivery
from apps.publishing.layout import Message
from apps.publishing.models import ChannelSchedule, Experiment, Publication, QueueResume
from apps.publishing.services.links import links_back
from apps.publishing.services.publications import publication_hand_over, publication_move
from apps.publishing.services.schedule import schedule_locked
from apps.publishing.services.schedule_queue import lane_pause, paused_tell

Status = Publication.Status
# Afterwards it is no slip any more: the queue is paused and things are moved by hand.
WITHIN = timedelta(minutes=15)
COPIED = (
    *("workspace_id", "channel_id", "story_id", "version_id", "title", "html", "corrects_id", "repeats_id"),
    *("created_by_id", "link_preview", "silent", "protect", "spoiler", "pin", "buttons"),
)


@dataclass(frozen=True)
class Undone:
    """What became of the overdue ones: back in their places, or as they are now."""

    back: int
    stays: int

    @property
    def words(self) -> str:
        """For a person."""
        words = [_("The queue is paused again.")]
        if self.back:
            line = ngettext(
                "%d publication has its former time again.", "%d publications have their former times again.", self.back
            )
            words.append(line % self.back)
        if self.stays:
            line = ngettext(
                "%d has left or was changed meanwhile and stays as it is.",
                "%d have left or were changed meanwhile and stay as they are.",
                self.stays,
            )
            words.append(line % self.stays)
        return " ".join(words)


def resumes_open() -> QuerySet[QueueResume]:
    """Those that can still be taken back: recent, the last of their channel, and the queue goes on since."""
    later = QueueResume.objects.filter(channel=OuterRef("channel"), pk__gt=OuterRef("pk"))
    paused = ChannelSchedule.objects.filter(channel=OuterRef("channel"), paused_at__isnull=False)
    rows = QueueResume.objects.filter(undone_at=None, at__gt=now() - WITHIN)
    return rows.filter(~Exists(later), ~Exists(paused))


def resume_standing(row: QueueResume) -> Undone:
    """What taking it back would do now."""
    rows = _rows(row)
    back = sum(_returns(rows.get(each["publication"]), each) for each in row.planned)
    return Undone(back, len(row.planned) - back)


@transaction.atomic
def queue_undo(*, resume: QueueResume, editor: User) -> Undone:
    """Pause the queue again as it was, and give what has not left its former time, or its life, back.

    Raises:
        TransitionError: it is too long ago, was taken back already, or the queue is paused again.
    """
    channel = resume.channel
    schedule = schedule_locked(channel)
    taken = resumes_open().filter(pk=resume.pk).exists()
    if not taken or QueueResume.objects.filter(pk=resume.pk, undone_at=None).update(undone_at=now()) != 1:
        raise TransitionError(_("This can't be taken back any more. Pause the queue and move what is to be moved."))
    ChannelSchedule.objects.filter(pk=schedule.pk, paused_at=None).update(
        paused_at=resume.paused_at, paused_by=resume.paused_by, paused_reason=resume.paused_reason
    )
    # The lane first: from here on nothing more of it is claimed.
    lane_pause(channel, resume.paused_by, resume.paused_reason)
    rows, back = _rows(resume), 0
    for each in resume.planned:
        back += _returned(rows.get(each["publication"]), each, editor)
    undone = Undone(back, len(resume.planned) - back)
    details = {"back": undone.back, "stays": undone.stays, "choice": resume.choice or "none"}
    audit_record(actor=editor, verb="queue.resume_undone", target=channel, details=details)
    paused_tell(channel, resume.paused_by, resume.paused_reason)
    return undone


def _rows(resume: QueueResume) -> dict[int, Publication]:
    keys = [each["publication"] for each in resume.planned]
    rows = Publication.objects.filter(pk__in=keys, channel=resume.channel).select_related("channel", "workspace")
    return {row.pk: row for row in rows}


def _returns(row: Publication | None, kept: dict[str, Any]) -> bool:
    """Whether it stands as the resuming left it, and nothing of it has begun to leave."""
    if row is None:
        return False
    if kept["to"] is None:
        place = {"corrects": row.corrects_id, "repeats": row.repeats_id}
        again = Publication.objects.filter(channel=row.channel_id, story=row.story_id, **place)
        return (
            row.status == Status.CANCELLED and not again.exclude(status__in=(Status.CANCELLED, Status.DELETED)).exists()
        )
    as_left = row.status == Status.SCHEDULED and row.publish_at == datetime.fromisoformat(kept["to"])
    waits = [Delivery.State.READY, Delivery.State.LEASED]
    gone = row.parts.exclude(delivery__state__in=waits) | row.parts.filter(delivery__begun_at__isnull=False)
    return as_left and not gone.exists()


def _returned(row: Publication | None, kept: dict[str, Any], editor: User) -> bool:
    """Give one its place back; one that leaves at this moment stays as it is."""
    if row is None:
        return False
    row.refresh_from_db(fields=["repeats"])  # what it stands beside may have come back before it
    if not _returns(row, kept):
        return False
    was = datetime.fromisoformat(kept["was"])
    try:
        with transaction.atomic():
            if kept["to"] is None:
                _revived(row, was, editor)
            else:
                publication_move(publication=row, to=was, editor=editor, is_return=True)
    except (PultError, IntegrityError):  # the story was published there anew in this moment
        return False
    return True


def _revived(row: Publication, was: datetime, editor: User) -> None:
    """A cancelled publication comes back as a new one of the same text, files and options."""
    copied = {name: getattr(row, name) for name in COPIED}
    made = Publication.objects.create(publish_at=was, **copied)
    parts = row.parts.order_by("position")
    messages = [Message(html=one.html, media=one.media, buttons=one.buttons) for one in parts]
    publication_hand_over(made, links_back(row, messages))
    # Whatever names the cancelled one means this one: another headline beside it, and their comparison.
    Publication.objects.filter(repeats=row).update(repeats=made)
    Experiment.objects.filter(first=row).update(first=made)
    Experiment.objects.filter(second=row).update(second=made)
    details = {"channel": row.channel.name, "again": row.pk, "at": was.isoformat()}
    audit_record(actor=editor, verb="publication.scheduled", target=made, details=details)
