"""A person's "try again" and "give up" for collections and imports, as the admin calls them."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.accounts.work_again import work_retry
from apps.core.errors import TransitionError
from apps.core.work import bells, verbs
from apps.sources.models import AccountAsk, ChannelRead, HubPush, ImportFile, Invitation, Poll, Source
from apps.sources.services.imports import failed_key
from apps.sources.services.read_schedule import read_next, read_wait
from apps.sources.services.schedule import poll_next, wait_after
from apps.sources.services.sources import source_poll_now


def poll_retry(row: Poll, *, by: User) -> None:
    """Collect the source of a failed collection now; the failed one stays as a record.

    Raises:
        TransitionError: the source is paused, or is being collected at this moment.
    """
    source_poll_now(source=row.source, actor=by)


@transaction.atomic
def poll_give_up(row: Poll, *, reason: str, by: User) -> None:
    """Leave one collection out; the source is collected again at its next time and is none the worse for it.

    Raises:
        TransitionError: it has ended already.
    """
    verbs.give_up(row, reason=reason, by=by, tell=False)
    source = Source.objects.select_for_update().get(pk=row.source_id)
    poll_next(source, wait=wait_after(source, failures=source.failures))
    audit_record(verb="source.poll_given_up", target=source, actor=by, details={"poll": row.pk, "reason": reason})


def read_retry(row: ChannelRead, *, by: User) -> None:
    """Read the channel of a failed reading now; the failed one stays as a record.

    Raises:
        TransitionError: the source is paused, or is being read at this moment.
    """
    source_poll_now(source=row.source, actor=by)


@transaction.atomic
def read_give_up(row: ChannelRead, *, reason: str, by: User) -> None:
    """Leave one reading out; the channel is read again at its next time.

    Raises:
        TransitionError: it has ended already.
    """
    verbs.give_up(row, reason=reason, by=by, tell=False)
    source = Source.objects.select_for_update(of=("self",)).get(pk=row.source_id)
    read_next(source, wait=read_wait(source))
    audit_record(verb="source.read_given_up", target=source, actor=by, details={"reading": row.pk, "reason": reason})


@transaction.atomic
def import_retry(row: ImportFile, *, by: User) -> None:
    """Have a failed import go on; what it stored before is known and not doubled.

    Raises:
        TransitionError: it has not failed, or so long ago that its file is gone.
    """
    verbs.revive(row, by=by)
    if not ImportFile.objects.exclude(file="").filter(pk=row.pk).exists():
        raise TransitionError(_("The file of this import is kept no longer. Upload it again."))
    audit_record(verb="import.retried", target=row, actor=by)
    bells.ring_on_commit("import_file")


@transaction.atomic
def import_give_up(row: ImportFile, *, reason: str, by: User) -> None:
    """Stop an import; what it stored stays, and nobody is told of what a person has decided.

    Raises:
        TransitionError: it has ended already.
    """
    verbs.give_up(row, reason=reason, by=by, tell=False)
    alert_close(workspace=row.workspace, key=failed_key(row))
    audit_record(verb="import.given_up", target=row, actor=by, details={"reason": reason})


@transaction.atomic
def push_retry(row: HubPush, *, by: User) -> None:
    """Read again what a hub told.

    Raises:
        TransitionError: it has not failed, or so long ago that what was told is gone.
    """
    work_retry(row, by=by)
    if not HubPush.objects.exclude(body=b"").filter(pk=row.pk).exists():
        raise TransitionError(_("What the hub told is kept no longer. Collect the feed instead."))


@transaction.atomic
def ask_retry(row: AccountAsk, *, by: User) -> None:
    """Ask Telegram once more; the invitation stands as it did before.

    Raises:
        TransitionError: it has not failed, or the same is being asked already.
    """
    work_retry(row, by=by)
    if row.invitation_id is not None:
        stands = Invitation.State.JOINING if row.what == AccountAsk.What.JOIN else Invitation.State.ASKED
        refused = Invitation.objects.filter(pk=row.invitation_id, state=Invitation.State.REFUSED)
        refused.update(state=stands, code="", problem="")
