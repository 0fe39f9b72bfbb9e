"""Exports of Telegram: Desktop's `result.json` (one chat or many) and the plain list of messages.

Read as a stream, one message in memory at a time.
https://core.telegram.org/import-export describes what Desktop writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, DecimalException
from enum import Enum
from typing import IO, Any
from zoneinfo import ZoneInfo

import ijson
from django.utils.translation import gettext as _

from apps.sources.parsers.export_albums import albums_joined
from apps.sources.parsers.export_messages import Chat, desktop_item, fits, plain_item
from apps.sources.parsers.json_repair import Repaired
from apps.sources.ports import Item, UnreadableError

SERVICE = "service"
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
    SERVICE = "a message about the chat itself, or one of an impossible number"
    OTHER = "something that is no message"


def read_export(
    file: IO[bytes] | Repaired,
    *,
    zone: ZoneInfo,
    skipped: Callable[[], None] | None = None,
) -> Iterator[Item]:
    """Yield the posts of an export, in its order; messages about the chat itself and empty ones are left out.

    `zone` is where times without one were written; `skipped` is called for each message left out. Halves of characters
    are dropped, other bytes that are no UTF-8 become replacement characters; neither spoils more than itself.

    Raises:
        UnreadableError: it is broken, or JSON of another shape; raised where the trouble is, after what came before it.
    """
    tell = skipped or _nothing
    known = False
    whole = file if isinstance(file, Repaired) else Repaired(file)
    try:
        for found in albums_joined(_found(whole, zone)):
            known = known or found is not Found.OTHER
            if not isinstance(found, Item):
                if found is Found.SERVICE:
                    tell()
            elif found.text or found.media:
                yield found
            else:
                tell()
    except (ijson.JSONError, UnicodeDecodeError, DecimalException) as exc:
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


def _found(file: Repaired, zone: ZoneInfo) -> Iterator[Item | Found]:
    chat = Chat()
    builder: ijson.ObjectBuilder | None = None
    inside = ""
    for prefix, event, value in ijson.parse(file, buf_size=PIECE_BYTES):
        value = _plain(value) if event == "number" else value
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
                chat = Chat()
        elif event == "start_array" and prefix in LISTS:
            yield Found.LIST
        elif event in {"string", "number"}:
            _note(chat, prefix, value)


def _plain(value: int | Decimal) -> int | float | str:
    """A number as others take it; one that no column and no float holds as text."""
    if isinstance(value, int):
        return value if fits(value) else str(value)
    return float(value) if math.isfinite(float(value)) else str(value)


def _note(chat: Chat, prefix: str, value: object) -> None:
    owner, _dot, field = prefix.rpartition(".")
    if owner in LISTS.values():
        if field == "name":
            chat.name = str(value)
        elif field == "type":
            chat.kind = str(value)
        elif field == "id":
            chat.id = str(value)


def _read(inside: str, message: Mapping[str, Any], chat: Chat, zone: ZoneInfo) -> Item | Found:
    if not fits(message.get("message_id" if inside == "item" else "id")):
        return Found.SERVICE
    if inside == "item":
        return plain_item(message, zone) if "message_id" in message and "text" in message else Found.OTHER
    if message.get("type") == SERVICE or "id" not in message:
        return Found.SERVICE
    return desktop_item(message, chat, zone)
