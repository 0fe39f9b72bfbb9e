"""One message of an export becomes an item: its words with their formatting, what it shows, whom it forwards.

Telegram Desktop writes what https://core.telegram.org/import-export describes; it tells neither views nor albums.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from apps.sources.parsers.export_media import media_of
from apps.sources.ports import Counts, Entity, Item

CHANNEL_ID_PREFIX = "-100"  # how the Bot API writes a channel's id
PUBLIC_KINDS = frozenset({"public_channel", "private_channel", "public_supergroup", "private_supergroup"})
KINDS = {
    **{name: name for name in ("bold", "italic", "underline", "spoiler", "code", "pre", "mention", "hashtag", "link")},
    **{name: name for name in ("email", "phone", "cashtag")},
    "strikethrough": "strike",
    "blockquote": "quote",
    "text_link": "link",
    "mention_name": "mention",
    "bot_command": "command",
    "bank_card": "card",
    "custom_emoji": "emoji",
}
LARGEST = 2**63 - 1
DIGITS_MAX = 1000  # what is longer is no word that names a message
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True)
class Chat:
    """The chat whose messages are being read; `id` is bare, without -100."""

    name: str = ""
    kind: str = ""
    id: str = ""


def plain_item(message: Mapping[str, Any], zone: ZoneInfo) -> Item:
    """A message of the plain list; a channel's is called as Telegram Desktop calls it, and formerly by its full id."""
    sender, number = str(message.get("sender_id") or ""), str(message["message_id"])
    is_channel = sender.startswith(CHANNEL_ID_PREFIX)
    bare = sender.removeprefix(CHANNEL_ID_PREFIX)
    text = message.get("text")
    return Item(
        external_id=f"{bare}:{number}",
        text=text if isinstance(text, str) else "",
        url=_link(bare, number) if is_channel else "",
        published_at=_moment(message.get("date"), zone),
        channel=str(message.get("channel") or sender),
        markup="markdown",
        message_id=_number(number),
        also_known=(f"{sender}:{number}",) if is_channel else (),
    )


def desktop_item(message: Mapping[str, Any], chat: Chat, zone: ZoneInfo) -> Item:
    """A message as Telegram Desktop writes it."""
    number = str(message["id"])
    text, entities = words_of(message)
    media = media_of(message)
    return Item(
        external_id=f"{chat.id}:{number}",
        text=text,
        entities=entities,
        url=_link(chat.id, number) if chat.kind in PUBLIC_KINDS else "",
        author=_words(message.get("author")),
        published_at=_unix(message.get("date_unixtime")) or _moment(message.get("date"), zone),
        edited_at=_unix(message.get("edited_unixtime")) or _moment(message.get("edited"), zone),
        channel=chat.name or _words(message.get("from")) or chat.id,
        kind=media[0].kind if media else "text",
        media=media,
        forwarded_from=_words(message.get("forwarded_from")) or _words(message.get("saved_from")),
        message_id=_number(number),
        album_id=_number(message.get("grouped_id") or message.get("media_group_id")),
        reply_to=_number(message.get("reply_to_message_id")),
        counts=_counts(message.get("reactions")),
    )


def words_of(message: Mapping[str, Any]) -> tuple[str, tuple[Entity, ...]]:
    """A message's text and its formatting; `text` is a string, or strings and formatted stretches by turns."""
    parts = message.get("text")
    if isinstance(parts, str):
        listed = message.get("text_entities")
        if not isinstance(listed, list) or _joined(listed) != parts:
            return parts, ()
        parts = listed
    pieces: list[str] = []
    entities: list[Entity] = []
    length = 0
    for part in parts if isinstance(parts, list) else ():
        words = _said(part)
        if words and isinstance(part, Mapping) and (kind := KINDS.get(str(part.get("type")))):
            entities.append(Entity(kind, length, len(words), _value(kind, words, part)))
        pieces.append(words)
        length += len(words)
    return "".join(pieces), tuple(entities)


def _joined(parts: Iterable[object]) -> str:
    return "".join(map(_said, parts))


def _said(part: object) -> str:
    return part if isinstance(part, str) else _raw(part.get("text")) if isinstance(part, Mapping) else ""


def _value(kind: str, words: str, part: Mapping[str, Any]) -> str:
    if kind == "link":
        address = _words(part.get("href")) or words.strip()
        return address if SCHEME.match(address) else f"https://{address}"
    if kind == "pre":
        return _words(part.get("language"))
    if kind == "emoji":  # an id, or where its picture lies in the export
        return PurePosixPath(_words(part.get("document_id"))).name if _words(part.get("document_id"))[:1] != "(" else ""
    return ""


def _counts(reactions: object) -> Counts | None:
    if not isinstance(reactions, list):
        return None
    found: dict[str, int] = {}
    for one in reactions:
        count = _number(one.get("count")) if isinstance(one, Mapping) else None
        if count:
            sign = _words(one.get("emoji")) or ("⭐" if one.get("type") == "paid" else "✨")
            found[sign] = found.get(sign, 0) + count
    return Counts(reactions=found)


def _link(chat_id: str, number: str) -> str:
    return f"https://t.me/c/{chat_id}/{number}" if chat_id.isdigit() and number.isdigit() else ""


def _raw(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    try:
        number = int(str(value)) if value is not None and not isinstance(value, bool) else None
    except ValueError:
        return None
    return number if number is None or -LARGEST <= number <= LARGEST else None


def fits(value: object) -> bool:
    """Whether it is no number, or one of 64 bits."""
    try:
        return -LARGEST <= int(str(value)) <= LARGEST
    except ValueError:
        return len(str(value)) < DIGITS_MAX


def _unix(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(value)), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _moment(value: object, zone: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
