"""What the screens of private channels show: accounts, their channels, and how an invitation stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import AccountAsk, Invitation, Source
from apps.sources.services.asking import UNANSWERED
from apps.telegram.models import Peer, Session
from apps.telegram.reading_refusals import WORDS
from apps.telegram.session_display import reading_shown

State = Invitation.State
SHOWN = 300
PUT_OFF = timedelta(seconds=3)
UNDER_WAY = (State.ASKED, State.SEEN, State.JOINING, State.WAITING)


@dataclass(frozen=True, slots=True)
class OwnChannel:
    """A channel that an account is in, and the source that reads it."""

    peer: Peer
    source: Source | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The channels that an account is in, as far as Pult knows.

    Attributes:
        told_at: when Telegram was last asked for them; None: never.
        waits_until: when it is asked, where that is not now.
        reading: whether the account is connected, in words; None while it is not to be read with.
    """

    channels: list[OwnChannel]
    told_at: datetime | None
    is_whole: bool
    is_asking: bool
    waits_until: datetime | None
    problem: str
    reading: SafeString | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invitation stands.

    Attributes:
        is_live: Telegram is being asked, so the page looks again.
        words: why it leads nowhere, and what to do.
    """

    is_live: bool
    waits_until: datetime | None
    problem: str
    words: str
    reading: SafeString | None


def accounts_of(workspaces: Sequence[Workspace]) -> list[Session]:
    """The accounts that are logged in, by name."""
    rows = Session.objects.filter(workspace__in=list(workspaces), state=Session.State.ACTIVE)
    return list(rows.select_related("workspace").order_by("name", "pk"))


def chosen_of(accounts: Sequence[Session], number: str) -> Session | None:
    """The chosen account; the first where none is."""
    return next((one for one in accounts if str(one.pk) == number), accounts[0] if accounts else None)


def invitations_open(workspaces: Sequence[Workspace]) -> QuerySet[Invitation]:
    """The invitations that are not settled yet, newest first."""
    rows = Invitation.objects.filter(workspace__in=list(workspaces), state__in=UNDER_WAY)
    return rows.select_related("session").order_by("-id")[:20]


def listing_of(account: Session) -> Listing:
    """What is known of an account's channels."""
    peers = list(Peer.objects.filter(session=account, is_member=True).order_by("title", "pk")[:SHOWN])
    sources = Source.objects.filter(
        workspace=account.workspace_id, kind=Source.Kind.TELEGRAM, chat_id__in=[one.chat_id for one in peers]
    )
    by_chat = {one.chat_id: one for one in sources}
    asks = AccountAsk.objects.filter(session=account, what=AccountAsk.What.CHANNELS)
    done = asks.filter(state=WorkRow.State.DONE).order_by("-pk").first()
    newest = asks.order_by("-pk").first()
    live = newest if newest is not None and newest.is_live else None
    return Listing(
        channels=[OwnChannel(peer, by_chat.get(peer.chat_id)) for peer in peers],
        told_at=done.finished_at if done else None,
        is_whole=bool(done and done.is_whole),
        is_asking=live is not None,
        waits_until=put_off(live),
        problem=newest.error if newest is not None else "",
        reading=reading_shown(account) if live is not None else None,
    )


def standing_of(invitation: Invitation) -> Standing:
    """How an invitation stands now."""
    ask = AccountAsk.objects.live().filter(invitation=invitation).first()
    words = refusal_words(invitation) if invitation.state == State.REFUSED else ""
    is_live = invitation.state in {State.ASKED, State.JOINING} or (
        invitation.state == State.WAITING and ask is not None and put_off(ask) is None
    )
    return Standing(
        is_live=is_live,
        waits_until=put_off(ask),
        problem=ask.error if ask is not None else invitation.problem if invitation.state == State.INSIDE else "",
        words=words,
        reading=reading_shown(invitation.session) if is_live else None,
    )


def put_off(ask: AccountAsk | None) -> datetime | None:
    """When a question is asked, where that is not about now."""
    if ask is None or ask.state != WorkRow.State.READY or ask.not_before <= now() + PUT_OFF:
        return None
    return ask.not_before


def refusal_words(invitation: Invitation) -> str:
    """Why an invitation leads nowhere, and what to do."""
    code = invitation.code
    if code == UNANSWERED:
        return _("The channel's administrators have not let the account in. Write to them, then look again.")
    if code == "refused":
        return invitation.problem or str(WORDS["refused"])
    if code == "banned":
        return _("This account is shut out of the channel. Use another account, or ask to be let back in.")
    known = WORDS.get(code)
    return str(known) if known is not None else invitation.problem
