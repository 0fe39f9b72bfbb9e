"""The rows of questions to Telegram: made when a person presses, and while a closed channel may open again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import AccountAsk, Invitation, Source
from apps.telegram.models import Peer, Session

What = AccountAsk.What
# A channel that shut its account out is tried again after these, then daily; each time one request for history.
REGAIN_WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
REGAIN_DAILY = timedelta(days=1)
REGAIN_TURNS = 60
REGAIN_REST = timedelta(minutes=1)
CLOSED = frozenset({"private", "banned"})  # the account may be let in again


def invitation_ask(invitation: Invitation, what: str, *, at: datetime | None = None) -> bool:
    """Have an invitation looked at or joined; one that waits for later is brought forward. False: it is under way."""
    moment = at or now()
    waiting = AccountAsk.objects.filter(invitation=invitation, state=WorkRow.State.READY)
    if waiting.update(what=what, not_before=moment):
        return True
    row = AccountAsk(
        workspace_id=invitation.workspace_id,
        session_id=invitation.session_id,
        invitation=invitation,
        what=what,
        not_before=moment,
    )
    live = AccountAsk.objects.live().filter(invitation=invitation)
    if live.exists():
        return False
    AccountAsk.objects.bulk_create([row], ignore_conflicts=True)
    return True


def channels_ask(session: Session) -> None:
    """Have an account's own channels listed, unless they are being listed."""
    row = AccountAsk(workspace_id=session.workspace_id, session=session, what=What.CHANNELS)
    AccountAsk.objects.bulk_create([row], ignore_conflicts=True)


def regain_next(source: Source, *, turn: int = 0, session_pk: int | None = None) -> None:
    """Have a channel that is closed to its accounts tried again later, by each that knows it, or by this one."""
    if turn >= REGAIN_TURNS or source.chat_id is None:
        return
    knowing = Peer.objects.filter(session__workspace=source.workspace_id, chat_id=source.chat_id)
    if session_pk is not None:
        knowing = knowing.filter(session=session_pk)
    wait = REGAIN_WAITS[turn] if turn < len(REGAIN_WAITS) else REGAIN_DAILY
    rows = [
        AccountAsk(
            workspace_id=source.workspace_id,
            session_id=pk,
            source=source,
            what=What.REGAIN,
            turn=turn,
            not_before=now() + wait,
        )
        for pk in knowing.values_list("session", flat=True)
    ]
    AccountAsk.objects.bulk_create(rows, ignore_conflicts=True)


def asks_taken_over(session_pk: int) -> int:
    """Let the questions of an account's former owner be claimed at once; call it on becoming the owner."""
    at = now()
    left = AccountAsk.objects.filter(state=WorkRow.State.LEASED, not_before__gt=at, session=session_pk)
    return left.update(not_before=at)


def regains_forget(source: Source) -> None:
    """A person has decided about the channel: it is not tried by itself any more."""
    AccountAsk.objects.filter(source=source, what=What.REGAIN, state=WorkRow.State.READY).delete()


def regains_hinted(chat_ids: Collection[int], *, at: datetime | None = None) -> int:
    """Something seems to have happened in these channels: those that were closed are tried now.

    A channel that closes hints too, so a question that is only just made keeps its time.
    """
    moment = at or now()
    waiting = AccountAsk.objects.filter(
        what=What.REGAIN,
        state=WorkRow.State.READY,
        not_before__gt=moment,
        created_at__lt=moment - REGAIN_REST,
        source__chat_id__in=chat_ids,
    )
    return AccountAsk.objects.filter(pk__in=waiting.values("pk")).update(not_before=moment)
