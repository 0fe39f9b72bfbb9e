"""Comparing two headlines of a story: what may be compared, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Experiment, Publication, PublicationReading
from apps.publishing.numbers import usual_views
from apps.publishing.statistics import ages, verdicts
from apps.publishing.statistics.verdicts import Arm, Said, Verdict

Status = Publication.Status
COMPARED = (Status.SCHEDULED, Status.SENT)
# One that failed may still be tried again; then it is judged after all.
NEVER = (Status.CANCELLED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a comparison stands.

    Attributes:
        ready_at: when it is judged; None as long as one of them is not out, or where it did not come out at all.
        first, second: the numbers at the age; None before it, so that nobody looks early.
    """

    verdict: Verdict
    ready_at: datetime | None = None
    first: Arm | None = None
    second: Arm | None = None


@transaction.atomic
def experiment_start(
    *, first: Publication, second: Publication, measure: str, age_h: int, least_pct: int, editor: User | None
) -> Experiment:
    """Compare two publications at an age that none of them has yet.

    Raises:
        PermanentError: these two can't be compared so, in words.
        TransitionError: somebody began to compare them in this moment.
    """
    refuse_pair(first, second, measure=measure, age_h=age_h)
    try:
        with transaction.atomic():
            made = Experiment.objects.create(
                workspace=first.workspace,
                story_id=first.story_id,
                first=first,
                second=second,
                measure=measure,
                age_h=age_h,
                least_pct=least_pct,
                created_by=editor,
            )
    except IntegrityError as exc:
        raise TransitionError(_("These two are compared already.")) from exc
    details = {"first": first.pk, "second": second.pk, "measure": measure, "age_h": age_h}
    audit_record(actor=editor, verb="experiment.started", target=made, details=details)
    return made


def refuse_pair(first: Publication, second: Publication, *, measure: str, age_h: int) -> None:
    """Refuse two that can't be compared.

    Raises:
        PermanentError: in words.
    """
    if first.workspace_id != second.workspace_id or first.story_id != second.story_id:
        raise PermanentError(_("Choose two publications of one story."), code="other_story")
    if first.pk == second.pk or (first.title, first.html) == (second.title, second.html):
        raise PermanentError(_("Both have the same words: there is nothing to compare."), code="same_words")
    if Experiment.objects.filter(Q(first=first, second=second) | Q(first=second, second=first)).exists():
        raise PermanentError(_("These two are compared already."), code="known")
    for one in (first, second):
        if one.status not in COMPARED:
            words = _("“%(title)s” is neither published nor scheduled.")
            raise PermanentError(words % {"title": one.title}, code="not_out")
        if one.sent_at is not None and now() >= ages.due_at(one.sent_at, age_h):
            words = _("“%(title)s” is older than that, and its numbers are in. Choose a later age.")
            raise PermanentError(words % {"title": one.title}, code="too_late")
        if measure == Experiment.Measure.CLICKS and not one.links.exists():
            words = _("No link of “%(title)s” is counted. Tick “count clicks” in its channel before it is scheduled.")
            raise PermanentError(words % {"title": one.title}, code="no_links")


def experiment_outcome(experiment: Experiment) -> Outcome:
    """Judge once both have the age that was chosen at the start; before that nothing is told.

    Views may come some hours after the rest, from an account that is asked; until then it waits.
    """
    pair = (experiment.first, experiment.second)
    if any(one.sent_at is None and one.status in NEVER for one in pair):
        return Outcome(Verdict(Said.UNKNOWN))
    due = [ages.due_at(one.sent_at, experiment.age_h) for one in pair if one.sent_at is not None]
    if len(due) < len(pair):
        return Outcome(Verdict(Said.WAITS))
    rows = PublicationReading.objects.filter(publication__in=pair, age_h=experiment.age_h)
    readings = {row.publication_id: row for row in rows}
    end = max(ages.ends_at(one.sent_at, experiment.age_h) for one in pair if one.sent_at is not None)
    whole = [one for one in readings.values() if one.views is not None]
    if len(whole) < len(pair) and now() <= end:
        return Outcome(Verdict(Said.WAITS), max(due))
    first, second = (_arm(one, readings.get(one.pk), experiment) for one in pair)
    if experiment.measure == Experiment.Measure.CLICKS:
        verdict = verdicts.by_clicks(first, second, least=experiment.least_pct / 100)
    else:
        verdict = verdicts.by_views(first, second)
    return Outcome(verdict, max(due), first, second)


def _arm(publication: Publication, reading: PublicationReading | None, experiment: Experiment) -> Arm:
    needs_past = experiment.measure == Experiment.Measure.VIEWS
    usual = usual_views(publication, age_h=experiment.age_h) if needs_past else []
    return Arm(reading.views, reading.clicks, usual) if reading else Arm(None, None, usual)
