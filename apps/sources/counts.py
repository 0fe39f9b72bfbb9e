"""What sources know of single messages, for apps above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.sources.models import Post, Source


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """How often a message was seen, as its channel's source was last told."""

    views: int
    forwards: int | None
    reactions: int
    counted_at: datetime


def channel_source(*, workspace_id: int, chat_id: int | None, username: str) -> Source | None:
    """The workspace's source that reads a channel, known by its bare id or its public name; one that is not paused."""
    named = Q(chat_id=chat_id) if chat_id is not None else Q()
    if username:
        named |= Q(username__iexact=username)
    if not named:
        return None
    rows = Source.objects.filter(named, workspace=workspace_id, kind=Source.Kind.TELEGRAM, is_active=True)
    return rows.filter(archived_at=None, session__isnull=False).order_by("pk").first()


def message_counts(source: Source, message_id: int) -> MessageCounts | None:
    """What the source knows of a message; None where nobody has counted it."""
    row = (
        Post.objects.filter(source=source, message_id=message_id, counted_at__isnull=False, views__isnull=False)
        .values_list("views", "forwards", "reactions", "counted_at")
        .first()
    )
    if row is None or row[3] is None:
        return None
    views, forwards, reactions = row[:3]
    total = sum(number for number in (reactions or {}).values() if isinstance(number, int))
    return MessageCounts(views or 0, forwards, total, row[3])
