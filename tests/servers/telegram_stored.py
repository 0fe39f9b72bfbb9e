"""Messages that the Bot API stand-in has accepted, and how Telegram shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram_chats import ChatRow


@dataclass(frozen=True)
class StoredFile:
    """A file that was uploaded; `shown` is what a message says of it under its kind."""

    file_id: str
    kind: str
    bot_id: int
    name: str
    size: int
    digest: str
    shown: Any


@dataclass
class StoredMessage:
    """A message that was accepted.

    Attributes:
        text: what is shown, a caption where there is a file.
        source: the text as it came, with its tags.
        album: what the parts of one have in common; empty alone.
        topic: 0 for none.
    """

    chat: ChatRow
    message_id: int
    bot_id: int
    date: int
    text: str
    entities: list[dict[str, Any]]
    source: str
    silent: bool = False
    link_preview: dict[str, Any] | None = None
    markup: dict[str, Any] | None = None
    edit_date: int = 0
    deleted: bool = False
    file: StoredFile | None = None
    album: str = ""
    topic: int = 0
    protect: bool = False
    spoiler: bool = False
    caption_above: bool = False
    pinned: bool = False
    edits: list[str] = field(default_factory=list)


def show_message(message: StoredMessage, bot: dict[str, Any]) -> dict[str, Any]:
    """A message as the Bot API shows it."""
    chat = message.chat.short()
    shown: dict[str, Any] = {"message_id": message.message_id, "date": message.date, "chat": chat}
    shown |= {"sender_chat": chat} if message.chat.kind == "channel" else {"from": bot}
    said, entities = ("caption", "caption_entities") if message.file else ("text", "entities")
    if message.text or not message.file:
        shown[said] = message.text
    if message.entities:
        shown[entities] = message.entities
    if message.file:
        shown[message.file.kind] = message.file.shown
    flags = {
        "link_preview_options": message.link_preview,
        "edit_date": message.edit_date,
        "media_group_id": message.album,
        "has_protected_content": message.protect,
        "has_media_spoiler": message.spoiler,
        "show_caption_above_media": message.caption_above,
        "message_thread_id": message.topic,
        "is_topic_message": bool(message.topic),
    }
    shown |= {name: value for name, value in flags.items() if value}
    if message.markup and "inline_keyboard" in message.markup:
        shown["reply_markup"] = message.markup
    return shown


def show_briefly(message: StoredMessage) -> dict[str, Any]:
    """What tells whether something was sent, lost or sent twice."""
    return {
        "bot": message.bot_id,
        "chat": message.chat.id,
        "id": message.message_id,
        "topic": message.topic,
        "album": message.album,
        "text": message.text,
        "file": message.file.name if message.file else "",
        "deleted": message.deleted,
        "pinned": message.pinned,
        "edits": len(message.edits),
        "date": message.date,
    }
