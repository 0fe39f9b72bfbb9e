"""A story once more in its channel, with another headline at another time, to compare the two."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Experiment, Publication
from apps.publishing.services.experiments import COMPARED, experiment_start
from apps.publishing.services.moments import publish_moment
from apps.publishing.services.publications import give_way
from apps.publishing.services.rechannel import options_there, publication_copied
from apps.publishing.services.schedule import schedule_locked
from apps.publishing.services.schedule_rules import ConflictError, conflicts_at
from apps.publishing.services.ways import lanes_held
from apps.stories.models import Story

Status = Publication.Status
TITLE_MAX = 300


@dataclass(frozen=True)
class Terms:
    """How two headlines are to be compared; see `Experiment`."""

    measure: str = Experiment.Measure.CLICKS
    age_h: int = Experiment.Age.DAY
    least_pct: int = 10


def publication_repeat(
    *,
    publication: Publication,
    title: str,
    at: datetime,
    terms: Terms,
    editor: User | None,
    anyway: bool = False,
) -> Experiment:
    """Schedule a publication's text, files and buttons once more in its channel, with another headline; compare both.

    Nothing is scheduled where the two can't be compared. One that failed earlier gives way to the new one.

    Args:
        anyway: although the channel's schedule speaks against the time.

    Raises:
        ConflictError: it is too near to another one, or in quiet hours.
        TransitionError: the first one has ended, was changed after it came out, or has another headline already.
        PermanentError: the headline is empty, too long or the same, the time has passed, or the two can't be compared.
    """
    headline = headline_of(title, publication)
    with transaction.atomic():
        schedule_locked(publication.channel)
        lanes_held(publication.channel)
        Story.objects.select_for_update().get(pk=publication.story_id)
        first = Publication.objects.select_related("workspace", "channel", "story", "version").get(pk=publication.pk)
        _refuse_unfit(first)
        moment = publish_moment(at, now())
        if not anyway and (found := conflicts_at(first.channel, moment)):
            raise ConflictError(found)
        options = options_there(first, first.channel, split=first.parts.count() > 1)
        second = publication_copied(first, first.channel, moment, editor, options, title=headline, repeats=first)
        details = {"of": first.pk, "title": headline, "at": moment.isoformat()}
        audit_record(actor=editor, verb="publication.repeated", target=second, details=details)
        return experiment_start(first=first, second=second, editor=editor, **asdict(terms))


def headline_of(title: str, publication: Publication) -> str:
    """What was typed as one line.

    Raises:
        PermanentError: it is empty, too long, or what the first one has.
    """
    headline = " ".join(title.replace("\x00", "").split())
    if not headline:
        raise PermanentError(_("Write the other headline."), code="empty")
    if len(headline) > TITLE_MAX:
        raise PermanentError(_("A headline has room for %(count)d characters.") % {"count": TITLE_MAX}, code="too_long")
    if headline == " ".join(publication.title.split()):
        raise PermanentError(_("This is the headline that it has. Write another one."), code="same_words")
    return headline


def _refuse_unfit(first: Publication) -> None:
    """Refuse one that another headline can't stand beside; another headline that failed gives way."""
    if first.corrects_id is not None or first.repeats_id is not None:
        raise TransitionError(_("This is possible for a story's first publication in a channel only."))
    if first.status not in COMPARED:
        raise TransitionError(_("It is neither published nor scheduled."))
    if first.story.status not in (Story.Status.APPROVED, Story.Status.PUBLISHED):
        raise TransitionError(_("Only an approved story can be published. Approve it first."))
    if first.edited_at is not None:
        words = _("Its text was changed after it came out, so the two would differ in more than the headline.")
        raise TransitionError(words)
    known = first.repetitions.exclude(status__in=(Status.CANCELLED, Status.DELETED)).select_related("channel").first()
    if known is None:
        return
    if known.status != Status.FAILED:
        raise TransitionError(_("It has another headline already: “%(title)s”.") % {"title": known.title})
    give_way(known)
