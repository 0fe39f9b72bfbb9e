"""What stands in a chat: read through an account, or shown to bots by updates. Plain values, for comparing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.core.clock import now
from apps.telegram.inbound import mapping
from apps.telegram.plain import Plain, said
from apps.telegram.reading import ChannelMessage, ChannelReader, ChannelRef

PAGE, PAGES_MOST = 100, 3
FILES = ("animation", "photo", "video", "audio", "document", "voice", "sticker", "poll")
# Where an update shows a message that stood there before.
SHOWN_IN = ("message", "reply_to_message", "pinned_message")


@dataclass(frozen=True)
class Seen:
    """A message that stands, or stood, in a chat.

    Attributes:
        kind: of its file; empty for a text.
        album: what the parts of one have in common.
    """

    message_id: int
    date: datetime
    said: Plain = field(default_factory=Plain)
    kind: str = ""
    album: str = ""
    is_edited: bool = False


@dataclass(frozen=True)
class Sight:
    """What an account has seen of a channel.

    Attributes:
        at: when it was asked; what came later is not in it.
        is_whole: everything since the time that was asked for is in it.
    """

    seen: tuple[Seen, ...]
    at: datetime
    is_whole: bool


async def sight_since(reader: ChannelReader, channel: ChannelRef, since: datetime) -> Sight:
    """The newest messages of a channel back to a time, in at most three requests."""
    at, found, before = now(), list[ChannelMessage](), 0
    for _page in range(PAGES_MOST):
        page = await reader.older(channel, before_id=before, limit=PAGE)
        found += page
        if not page or page[-1].date < since:
            return Sight(seen_of(found, since), at, is_whole=True)
        before = page[-1].message_id
    return Sight(seen_of(found, since), at, is_whole=False)


def seen_of(messages: list[ChannelMessage], since: datetime) -> tuple[Seen, ...]:
    """Posts among the messages, from a time on."""
    return tuple(seen_from(one) for one in messages if one.date >= since and not one.is_service)


def seen_from(message: ChannelMessage) -> Seen:
    """A message that an account has read."""
    return Seen(
        message_id=message.message_id,
        date=message.date,
        said=said(message.text, (one.value for one in message.formatting if one.kind == "link")),
        kind=message.attachment.kind if message.attachment and message.attachment.kind != "other" else "",
        album=str(message.album_id or ""),
        is_edited=message.edited_at is not None,
    )


def shown_by(content: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Seen]]:
    """Every message that an update shows, with its chat: the one it tells of, and those that it answers or pins."""
    for one in (content, *(mapping(content.get(name)) for name in SHOWN_IN)):
        number, date, chat = one.get("message_id"), one.get("date"), mapping(one.get("chat"))
        if isinstance(number, int) and isinstance(date, int) and 0 < date < 2**33 and chat:
            yield chat, shown_from(one, number, date)


def shown_from(message: Mapping[str, Any], number: int, date: int) -> Seen:
    """A message as the Bot API shows it."""
    kind = next((name for name in FILES if message.get(name)), "")
    text = message.get("caption" if kind else "text")
    entities = message.get("caption_entities" if kind else "entities")
    links = [mapping(one).get("url") for one in entities] if isinstance(entities, list) else []
    return Seen(
        message_id=number,
        date=datetime.fromtimestamp(date, tz=UTC),
        said=said(text if isinstance(text, str) else "", (url for url in links if isinstance(url, str))),
        kind=kind,
        album=str(message.get("media_group_id") or ""),
        is_edited=bool(message.get("edit_date")),
    )
