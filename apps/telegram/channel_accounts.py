"""Which accounts may ask for a channel, for apps above that want to know something of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.core.clock import now
from apps.telegram.models import Peer, Session
from apps.telegram.reading import ChannelRef


@dataclass(frozen=True, slots=True)
class Way:
    """An account, and the channel as it may ask for it; without one it has to find the channel by its name first."""

    session_pk: int
    channel: ChannelRef | None


def way_to(*, workspace_id: int, chat_id: int | None, username: str = "") -> Way | None:
    """The likeliest of `ways_to`, or None where no account reaches the channel."""
    return next(ways_to(workspace_id=workspace_id, chat_id=chat_id, username=username), None)


def ways_to(*, workspace_id: int, chat_id: int | None, username: str = "", without: Any = ()) -> Iterator[Way]:
    """How the workspace’s accounts reach a channel, the likeliest first: connected, knowing it, reading it.

    Names move: where the number is known, it alone says which known channel it is. One that does not know the channel
    reaches it only by its public name.

    Args:
        chat_id: the channel’s bare number; None where only a name is known.
        without: keys of accounts that are not asked, or a query of them.
    """
    if chat_id is None and not username:
        return
    sessions = Session.objects.filter(workspace=workspace_id, state=Session.State.ACTIVE, is_paused=False)
    by_pk = {session.pk: session for session in sessions.exclude(pk__in=without)}
    same = Q(username__iexact=username) if chat_id is None else Q(chat_id=chat_id)
    peers = Peer.objects.filter(same, session__in=by_pk).order_by("seen_at", "-pk")
    known = {peer.session_id: peer for peer in peers}

    def unlikeliness(pk: int) -> tuple[bool, bool, bool, int]:
        return not is_connected(by_pk[pk]), pk not in known, pk in known and not known[pk].is_member, pk

    for pk in sorted(by_pk, key=unlikeliness):
        peer = known.get(pk)
        if peer is not None:
            yield Way(pk, ChannelRef(chat_id=peer.chat_id, access_hash=peer.access_hash))
        elif username:
            yield Way(pk, None)


def is_connected(session: Session) -> bool:
    """Whether some process has the account now."""
    return session.lease_until is not None and session.lease_until > now()
