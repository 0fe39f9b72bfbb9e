"""Exports of Telegram: Desktop's `result.json` (one chat or many) and the plain list of messages.

Read as a stream, one message in memory at a time.
https://core.telegram.org/import-export describes what Desktop writes.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import IO, Any
from zoneinfo import ZoneInfo

import ijson
from django.utils.translation import gettext as _

from apps.sources.ports import Item, UnreadableError

SERVICE = "service"
CHANNEL_ID_PREFIX = "-100"  # how the Bot API writes a channel's id
PUBLIC_KINDS = frozenset({"public_channel", "private_channel", "public_supergroup", "private_supergroup"})
LISTS = {
    "messages": "",
    "chats.list.item.messages": "chats.list.item",
    "left_chats.list.item.messages": "left_chats.list.item",
}
MESSAGES = {f"{path}.item": path for path in LISTS}
# A path is spelled out for every value, and for all of a piece at once: deep nesting would fill the memory.
PATH_MAX, PIECE_BYTES = 1000, 4096


class Found(Enum):
    """What the stream holds beside messages."""

    LIST = "a list of messages begins"
    SERVICE = "a message about the chat itself"
    OTHER = "something that is no message"


@dataclass(slots=True)
class _Chat:
    """The chat whose messages are being read."""

    name: str = ""
    kind: str = ""
    id: str = ""


def read_export(file: IO[bytes], *, zone: ZoneInfo, skipped: Callable[[], None] | None = None) -> Iterator[Item]:
    """Yield the messages of an export, in its order; service messages and empty ones are left out.

    `zone` is where times without one were written; `skipped` is called for each message left out.

    Raises:
        UnreadableError: it is broken, or JSON of another shape; raised where the trouble is, after what came before it.
    """
    tell = skipped or _nothing
    known = False
    if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        file.seek(0)
    try:
        for found in _found(file, zone):
            known = known or found is not Found.OTHER
            if isinstance(found, Item) and found.text:
                yield found
            elif found is not Found.OTHER and found is not Found.LIST:
                tell()
    except (ijson.JSONError, UnicodeDecodeError) as exc:
        raise UnreadableError(
            _("The file is broken or cut off: it is not whole JSON. Export it again and upload it whole."),
            code="export_broken",
        ) from exc
    if not known:
        raise _unknown()


def _unknown() -> UnreadableError:
    return UnreadableError(
        _("This JSON is not an export of Telegram: neither Desktop's result.json nor a list of messages."),
        code="export_unknown",
    )


def _nothing() -> None:
    return None


def _found(file: IO[bytes], zone: ZoneInfo) -> Iterator[Item | Found]:
    chat = _Chat()
    builder: ijson.ObjectBuilder | None = None
    inside = ""
    for prefix, event, value in ijson.parse(file, use_float=True, buf_size=PIECE_BYTES):
        if len(prefix) > PATH_MAX:
            raise _unknown()
        if builder is not None:
            builder.event(event, value)
            if prefix == inside and event == "end_map":
                yield _read(inside, builder.value, chat, zone)
                builder = None
        elif event == "start_map":
            if prefix == "item" or prefix in MESSAGES:
                inside, builder = prefix, ijson.ObjectBuilder()
                builder.event(event, value)
            elif prefix in LISTS.values():
                chat = _Chat()
        elif event == "start_array" and prefix in LISTS:
            yield Found.LIST
        elif event in {"string", "number"}:
            _note(chat, prefix, value)


def _note(chat: _Chat, prefix: str, value: object) -> None:
    owner, _dot, field = prefix.rpartition(".")
    if owner in LISTS.values():
        if field == "name":
            chat.name = str(value)
        elif field == "type":
            chat.kind = str(value)
        elif field == "id":
            chat.id = str(value)


def _read(inside: str, message: Mapping[str, Any], chat: _Chat, zone: ZoneInfo) -> Item | Found:
    if inside == "item":
        return _plain_item(message, zone) if "message_id" in message and "text" in message else Found.OTHER
    if message.get("type") == SERVICE or "id" not in message:
        return Found.SERVICE
    return _desktop_item(message, chat, zone)


def _plain_item(message: Mapping[str, Any], zone: ZoneInfo) -> Item:
    sender, number = str(message.get("sender_id") or ""), str(message["message_id"])
    return Item(
        external_id=f"{sender}:{number}",
        text=_words(message.get("text")),
        url=_link(sender.removeprefix(CHANNEL_ID_PREFIX), number) if sender.startswith(CHANNEL_ID_PREFIX) else "",
        published_at=_moment(message.get("date"), zone),
        channel=str(message.get("channel") or sender),
        markup="markdown",
    )


def _desktop_item(message: Mapping[str, Any], chat: _Chat, zone: ZoneInfo) -> Item:
    number = str(message["id"])
    unix = message.get("date_unixtime")
    return Item(
        external_id=f"{chat.id}:{number}",
        text=_words(message.get("text")),
        url=_link(chat.id, number) if chat.kind in PUBLIC_KINDS else "",
        author=str(message.get("author") or ""),
        published_at=_unix(unix) or _moment(message.get("date"), zone),
        channel=chat.name or str(message.get("from") or "") or chat.id,
    )


def _link(chat_id: str, number: str) -> str:
    return f"https://t.me/c/{chat_id}/{number}" if chat_id.isdigit() and number.isdigit() else ""


def _words(text: object) -> str:
    """A message's text: a string, or a list of strings and of entities that carry theirs."""
    if isinstance(text, str):
        return text
    if not isinstance(text, list):
        return ""
    parts = (part if isinstance(part, str) else part.get("text", "") if isinstance(part, dict) else "" for part in text)
    return "".join(part for part in parts if isinstance(part, str))


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
