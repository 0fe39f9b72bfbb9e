"""Which accounts may ask for a channel, for apps above that want to know something of one."""

from __future__ import annotations

from dataclasses import dataclass

from apps.telegram.models import Peer, Session
from apps.telegram.reading import ChannelRef


@dataclass(frozen=True, slots=True)
class Way:
    """An account, and the channel as it may ask for it; without one it has to find the channel by its name first."""

    session_pk: int
    channel: ChannelRef | None


def way_to(*, workspace_id: int, chat_id: int | None, username: str = "") -> Way | None:
    """How the workspace’s accounts reach a channel: one that knows it, else any, if the channel has a public name.

    Names move: where the number is known, it alone says which known channel it is.
    """
    sessions = Session.objects.filter(workspace=workspace_id, state=Session.State.ACTIVE, is_paused=False)
    peers = Peer.objects.filter(session__in=sessions).order_by("-seen_at", "pk")
    known = peers.filter(chat_id=chat_id).first() if chat_id is not None else None
    if known is None and username and chat_id is None:
        known = peers.filter(username__iexact=username).first()
    if known is not None:
        return Way(known.session_id, ChannelRef(chat_id=known.chat_id, access_hash=known.access_hash))
    first = sessions.order_by("pk").values_list("pk", flat=True).first() if username else None
    return None if first is None else Way(first, None)
