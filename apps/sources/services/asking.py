"""What becomes of questions to Telegram: how each is planned, and what is recorded of its answer."""

from __future__ import annotations

from datetime import timedelta

from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work.models import WorkRow
from apps.sources.collectors.asking import AskPlan, AskResult
from apps.sources.models import AccountAsk, Invitation, Source
from apps.sources.services.asks import What, invitation_ask, regain_next
from apps.sources.services.channel_accounts import account_give
from apps.sources.services.invitations import invitation_read
from apps.sources.services.sources import source_resume
from apps.telegram.services.session_budget import channel_ref, peers_joined

State = Invitation.State
KEPT = timedelta(days=30)
# Whether the administrators have let the account in is asked after these, then daily, and in the end no more.
LOOKS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
LOOK_DAILY = timedelta(days=1)
LOOKS_MOST = 20
UNANSWERED = "unanswered"


def ask_plan(row: AccountAsk) -> AskPlan:
    """Read from the rows what is to be asked."""
    if row.invitation is not None:
        return AskPlan(row.what, row.session_id, invite=row.invitation.link)
    if row.source is None:
        return AskPlan(row.what, row.session_id)
    channel = None
    if row.source.chat_id is not None and is_closed(row.source):
        channel = channel_ref(session_pk=row.session_id, chat_id=row.source.chat_id)
    return AskPlan(row.what if channel else "", row.session_id, channel=channel, after_id=row.source.read_to_id)


def is_closed(source: Source) -> bool:
    """Whether a channel stopped by itself because no account may read it."""
    return not source.is_active and source.archived_at is None and bool(source.paused_code)


def ask_record(row: AccountAsk, result: AskResult) -> None:
    """Keep what Telegram answered, and what follows from it.

    Raises:
        PermanentError: the list was refused; the row says so.
    """
    if result.inside is not None:
        peers_joined(session_pk=row.session_id, channels=[result.inside])
    if row.what == What.CHANNELS:
        _listed(row, result)
    elif row.source_id is not None:
        _tried_again(row, row.source_id, result)
    elif row.invitation_id is not None:
        _told(row.invitation_id, result)
    old = AccountAsk.objects.filter(session=row.session_id, state=WorkRow.State.DONE, finished_at__lt=now() - KEPT)
    old.delete()


def _listed(row: AccountAsk, result: AskResult) -> None:
    found = result.channels
    if found is None:
        raise PermanentError(result.problem, code=result.code)
    peers_joined(session_pk=row.session_id, channels=found.channels, is_all=found.is_whole)
    AccountAsk.objects.filter(pk=row.pk).update(found=len(found.channels), is_whole=found.is_whole)


def _told(pk: int, result: AskResult) -> None:
    """Keep what is known of an invitation now, and go on where a person has agreed to join."""
    row = Invitation.objects.select_for_update(of=("self",)).get(pk=pk)
    was, row.told_at = row.state, now()
    if result.info is not None:
        row.title, row.members, row.kind = result.info.title[:255], result.info.members, result.info.kind
        row.is_request, row.is_paid = result.info.is_request, result.info.is_paid
    if result.inside is not None:
        row.state, row.chat_id, row.kind = State.INSIDE, result.inside.chat_id, result.inside.kind
        row.title = result.inside.title[:255]
    elif result.code == "join_requested" or (was == State.WAITING and result.info is not None):
        _waits(row)
    elif result.code:
        row.state, row.code, row.problem = State.REFUSED, result.code, result.problem
    else:
        row.state = State.SEEN
    row.save()
    if row.state == State.INSIDE and was in {State.JOINING, State.WAITING}:
        _read(row)


def _waits(row: Invitation) -> None:
    """The administrators decide: look again later, and in the end no more."""
    if row.looks >= LOOKS_MOST:
        row.state, row.code = State.REFUSED, UNANSWERED
        return
    row.state = State.WAITING
    wait = LOOKS[row.looks] if row.looks < len(LOOKS) else LOOK_DAILY
    row.looks += 1
    invitation_ask(row, What.CHECK, at=now() + wait)


def _read(row: Invitation) -> None:
    try:
        invitation_read(invitation=row)
    except TransitionError as error:  # its source is in the archive: a person decides
        Invitation.objects.filter(pk=row.pk).update(problem=str(error))


def _tried_again(row: AccountAsk, source_pk: int, result: AskResult) -> None:
    """A channel that was closed is read again by itself; else it is tried again later."""
    source = Source.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=source_pk)
    if not is_closed(source):
        return
    if not result.is_open:
        regain_next(source, turn=row.turn + 1, session_pk=row.session_id)
        return
    account_give(source, row.session_id)
    audit_record(verb="source.regained", target=source, details={"account": row.session_id})
    source_resume(source=source)


def ask_dead(row: WorkRow) -> None:
    """A question broke off or was refused: say so where it was asked."""
    ask = AccountAsk.objects.select_related("source").get(pk=row.pk)
    if ask.invitation_id is not None:
        rows = Invitation.objects.filter(pk=ask.invitation_id)
        rows.update(state=State.REFUSED, code=row.error_code or "bug", problem=row.error, told_at=now())
    elif ask.source is not None and is_closed(ask.source):
        regain_next(ask.source, turn=ask.turn + 1, session_pk=ask.session_id)
