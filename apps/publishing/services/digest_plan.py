"""When a digest occurs next: one row for each local day, made by the one before it or when the rule is saved."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.publishing.digests import moment_of, occurs_after
from apps.publishing.models import Digest, DigestRun

State, Outcome = WorkRow.State, DigestRun.Outcome
# After a longer outage the days before are nobody's news any more.
BACK_MAX = 31


@transaction.atomic
def digest_saved(*, digest: Digest, editor: User | None, is_new: bool) -> DigestRun | None:
    """Plan the next occurrence of a digest that was made or changed; what is under way goes on as it is."""
    verb = "digest.created" if is_new else "digest.changed"
    audit_record(actor=editor, verb=verb, target=digest, details={"name": digest.name})
    return _planned_anew(_locked(digest))


@transaction.atomic
def digest_pause(*, digest: Digest, editor: User | None) -> None:
    """Let it occur no more until somebody resumes it; one that waits for approval is not made any more either.

    Raises:
        TransitionError: it is paused already.
    """
    row = _locked(digest)
    if Digest.objects.filter(pk=row.pk, paused_at=None).update(paused_at=now()) != 1:
        raise TransitionError(_("The digest is paused already."))
    row.runs.filter(state=State.READY, story=None).delete()
    audit_record(actor=editor, verb="digest.paused", target=row, details={"name": row.name})
    digest.refresh_from_db(fields=["paused_at"])


@transaction.atomic
def digest_resume(*, digest: Digest, editor: User | None) -> DigestRun | None:
    """Let it occur again, from its next time on.

    Raises:
        TransitionError: it is not paused.
    """
    row = _locked(digest)
    if Digest.objects.filter(pk=row.pk, paused_at__isnull=False).update(paused_at=None) != 1:
        raise TransitionError(_("The digest is not paused."))
    audit_record(actor=editor, verb="digest.resumed", target=row, details={"name": row.name})
    alert_close(workspace=row.workspace, key=alert_key(row))
    digest.paused_at = row.paused_at = None
    return _planned_anew(row)


@transaction.atomic
def digest_delete(*, digest: Digest, editor: User | None) -> None:
    """Delete it with its occurrences; what they made stays."""
    row = _locked(digest)
    audit_record(actor=editor, verb="digest.deleted", target=row, details={"name": row.name})
    alert_close(workspace=row.workspace, key=alert_key(row))
    row.delete()


def digest_next(run: DigestRun) -> DigestRun | None:
    """Plan the occurrence after this one; of those that an outage has missed the last alone is still worked."""
    digest, at = _locked(run.digest), now()
    if digest.paused_at is not None:
        return None
    day, missed = occurs_after(digest, run.local_date), list[date]()
    while moment_of(digest, day) <= at:
        missed.append(day)
        day = occurs_after(digest, day)
    for each in missed[:-1][-BACK_MAX:]:
        words = _("Its time was missed, and so was the next one, which came out instead.")
        _run(digest, each, state=State.DONE, finished_at=at, outcome=Outcome.SKIPPED, reason=words)
    return _run(digest, missed[-1] if missed else day)


def alert_key(digest: Digest) -> str:
    """The key of the alert that an occurrence was missed or not made."""
    return f"publishing.digest:{digest.pk}"


def _locked(digest: Digest) -> Digest:
    rows = Digest.objects.select_for_update(of=("self",)).select_related("workspace", "channel")
    return rows.get(pk=digest.pk)


def _planned_anew(digest: Digest) -> DigestRun | None:
    """Plan from now on; inside the transaction that holds the digest. What is overdue is still worked."""
    at = now()
    digest.runs.filter(state=State.READY, story=None, due_at__gt=at).delete()
    if digest.paused_at is not None or digest.runs.live().exists():
        return None
    day = at.astimezone(digest.workspace.zone).date()
    known = set(digest.runs.filter(local_date__gte=day).values_list("local_date", flat=True))
    if day.weekday() not in digest.weekdays:
        day = occurs_after(digest, day)
    while moment_of(digest, day) <= at or day in known:
        day = occurs_after(digest, day)
    return _run(digest, day)


def _run(digest: Digest, day: date, **values: object) -> DigestRun:
    """The occurrence of a day; there is one, whoever asks."""
    due: datetime = moment_of(digest, day)
    run, _made = DigestRun.objects.get_or_create(
        digest=digest,
        local_date=day,
        defaults={"workspace": digest.workspace, "due_at": due, "not_before": due, **values},
    )
    bells.ring_on_commit("digest")
    return run
