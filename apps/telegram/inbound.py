"""What a bot is told, as routers get it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

# What Pult asks Telegram to tell; anything else is not sent to us at all.
KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "my_chat_member",
    "message_reaction_count",
)
KIND_MAX = 40
# PostgreSQL's JSON takes neither NUL nor half of a surrogate pair; Telegram sends neither, but a proxy might.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Inbound:
    """One update of a bot.

    Attributes:
        update_id: Telegram's number; one bot's are unique, and rise within a week.
        kind: message, my_chat_member and so on, as in `KINDS`; empty where there is none.
        content: what stands under the kind; people's words, never to be logged.
        row: our row's key, for keys of what follows from it.
    """

    update_id: int
    kind: str
    content: Mapping[str, Any] = field(repr=False)
    row: int = 0

    @property
    def chat(self) -> Mapping[str, Any]:
        """The chat that it happened in; empty where it was in none."""
        holder = self.content.get("message") if self.kind == "callback_query" else self.content
        return mapping(mapping(holder).get("chat"))

    @property
    def sender(self) -> Mapping[str, Any]:
        """The user whose doing it is; empty where it is nobody's."""
        return mapping(self.content.get("from"))

    @property
    def at(self) -> datetime | None:
        """When it happened; None where Telegram does not say."""
        date = self.content.get("date")
        if not isinstance(date, int) or not 0 <= date < 2**33:
            return None
        return datetime.fromtimestamp(date, tz=UTC)

    @property
    def word(self) -> str:
        """What a pressed button tells; empty where none was pressed."""
        said = self.content.get("data") if self.kind == "callback_query" else None
        return said if isinstance(said, str) else ""

    @property
    def replies_to(self) -> int:
        """The number of the message that this one replies to; 0 where it replies to none."""
        number = mapping(self.content.get("reply_to_message")).get("message_id")
        return number if isinstance(number, int) else 0

    @property
    def text(self) -> str:
        """A message's text; empty where it has none."""
        said = self.content.get("text")
        return said if isinstance(said, str) else ""


def callbacks_in(raws: Iterable[object]) -> list[str]:
    """The ids of pressed buttons among some updates."""
    ids = (mapping(mapping(raw).get("callback_query")).get("id") for raw in raws)
    return [one for one in ids if isinstance(one, str) and one]


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def number_in(raw: object) -> int | None:
    """An update's number; None where it is no update."""
    number = mapping(raw).get("update_id")
    good = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    return number if good else None


def kind_in(raw: Mapping[str, Any]) -> str:
    """The name of the one thing that an update tells of; empty where it tells of none."""
    return next((name[:KIND_MAX] for name in raw if name != "update_id"), "")


def storable(value: Any) -> Any:
    """A JSON value without characters that a database refuses, and without keyboards: their links may be keys."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(part) for key, part in value.items() if key != "reply_markup"}
    if isinstance(value, list):
        return [storable(part) for part in value]
    return value
