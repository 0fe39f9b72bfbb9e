"""The Bot API stand-in's chats, their topics and members, shaped as Telegram shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

# Why a chat refuses, as Telegram words it.
REFUSALS = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "not_started": (403, "Forbidden: bot can't initiate conversation with a user"),
    "kicked": (403, "Forbidden: bot was kicked from the channel chat"),
    "not_member": (403, "Forbidden: bot is not a member of the channel chat"),
    "no_rights": (400, "Bad Request: not enough rights to send text messages to the chat"),
    "no_media": (400, "Bad Request: not enough rights to send photos to the chat"),
    "need_admin": (400, "Bad Request: need administrator rights in the channel chat"),
    "write_forbidden": (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    "not_found": (400, "Bad Request: chat not found"),
}


class RefusedError(Exception):
    """Telegram says no, in these words."""

    def __init__(self, status: int, description: str, *, retry_after: int = 0, migrate_to: int = 0) -> None:
        super().__init__(description)
        self.status, self.retry_after, self.migrate_to = status, retry_after, migrate_to


@dataclass
class TopicRow:
    """A topic of a forum."""

    id: int
    name: str
    color: int
    closed: bool = False


@dataclass
class ChatRow:
    """One chat; `refuse` is a key of `REFUSALS`.

    Attributes:
        forum: it has topics.
        loses_topics: what is sent to a topic lands outside of it, as young private topics do.
        linked: the group where a channel's posts are discussed.
        lacks: rights that its bots do not have, as Telegram names them without "can_", such as "edit_messages".
    """

    id: int
    kind: str
    title: str
    username: str = ""
    refuse: str = ""
    migrated_to: int = 0
    last_message_id: int = 0
    forum: bool = False
    loses_topics: bool = False
    linked: int = 0
    lacks: frozenset[str] = frozenset()
    topics: dict[int, TopicRow] = field(default_factory=dict)

    @property
    def is_group(self) -> bool:
        """Whether the limit a minute holds."""
        return self.kind in {"group", "supergroup"}

    def short(self) -> dict[str, Any]:
        """As it stands in a message."""
        name = {"first_name": self.title} if self.kind == "private" else {"title": self.title}
        more = {"username": self.username} if self.username else {}
        forum = {"is_forum": True} if self.forum else {}
        return {"id": self.id, "type": self.kind, **name, **more, **forum}

    def next_id(self) -> int:
        """The number of the next message; service messages take one too."""
        self.last_message_id += 1
        return self.last_message_id

    def full(self) -> dict[str, Any]:
        """As getChat shows it."""
        linked = {"linked_chat_id": self.linked} if self.linked else {}
        return {
            **self.short(),
            **linked,
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False,
                "limited_gifts": False,
                "unique_gifts": False,
                "premium_subscription": False,
                "gifts_from_channels": False,
            },
        }


@dataclass
class Chats:
    """All chats by id; a strict one knows only those that were added."""

    strict: bool = False
    rows: dict[int, ChatRow] = field(default_factory=dict)

    def add(
        self,
        id: int,
        *,
        kind: str = "",
        title: str = "",
        username: str = "",
        refuse: str = "",
        migrated_to: int = 0,
        forum: bool = False,
        loses_topics: bool = False,
        linked: int = 0,
        lacks: Iterable[str] = (),
    ) -> ChatRow:
        """Name a chat, or say anew what it is."""
        if refuse and refuse not in REFUSALS:
            raise ValueError(f"{refuse!r} is no refusal; there are {', '.join(REFUSALS)}")
        before = self.rows.get(id)
        row = ChatRow(id, kind or kind_of(id, forum=forum), title or f"Chat {id}", username, refuse, migrated_to)
        row.forum, row.loses_topics = forum, loses_topics
        row.linked, row.lacks = linked, frozenset(lacks)
        row.last_message_id = 1 if forum else 0  # 1 is General
        if before:
            row.last_message_id, row.topics = before.last_message_id, before.topics
        self.rows[id] = row
        return row

    def find(self, params: dict[str, str]) -> ChatRow:
        """The chat that a call names.

        Raises:
            RefusedError: there is none.
        """
        named = params.get("chat_id", "")
        if not named:
            raise RefusedError(400, "Bad Request: chat_id is empty")
        row = self._by_username(named[1:]) if named.startswith("@") else self._by_id(named)
        if row is None or row.refuse == "not_found":
            raise RefusedError(400, "Bad Request: chat not found")
        return row

    def writable(self, params: dict[str, str]) -> ChatRow:
        """The chat that a call names, if the bot may write there.

        Raises:
            RefusedError: there is none, or it may not.
        """
        row = self.find(params)
        if row.migrated_to:
            raise RefusedError(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to=row.migrated_to
            )
        if row.refuse:
            raise RefusedError(*REFUSALS[row.refuse])
        return row

    def _by_username(self, username: str) -> ChatRow | None:
        for row in self.rows.values():
            if row.username.lower() == username.lower():
                return row
        if self.strict:
            return None
        return self.add(-1_000_000_000_000 - crc32(username.lower().encode()), title=username, username=username)

    def _by_id(self, named: str) -> ChatRow | None:
        try:
            chat_id = int(named)
        except ValueError:
            return None
        return self.rows.get(chat_id) or (None if self.strict else self.add(chat_id))


def kind_of(chat_id: int, *, forum: bool = False) -> str:
    """What a chat is most likely, by its id."""
    if chat_id > 0:
        return "private"
    if forum:
        return "supergroup"
    return "channel" if chat_id <= -1_000_000_000_000 else "group"


def member(chat: ChatRow, user: dict[str, Any], *, is_self: bool) -> dict[str, Any]:
    """A chat member: the asking bot is an administrator unless the chat refuses it, others are members."""
    if not is_self:
        return {"status": "member", "user": {**user, "is_bot": False}}
    if chat.refuse in {"kicked", "blocked"}:
        return {"status": "kicked", "user": user, "until_date": 0}
    if chat.refuse == "not_member":
        return {"status": "left", "user": user}
    if chat.kind == "private" or chat.refuse == "need_admin":
        return {"status": "member", "user": user}
    shown = {"status": "administrator", "user": user, "can_be_edited": False, "is_anonymous": False}
    for right in ("manage_chat", "delete_messages", "manage_video_chats", "restrict_members", "promote_members"):
        shown[f"can_{right}"] = right in {"manage_chat", "delete_messages"}
    for right in (
        "change_info",
        "invite_users",
        "post_stories",
        "edit_stories",
        "delete_stories",
        "send_welcome_messages",
    ):
        shown[f"can_{right}"] = False
    if chat.kind == "channel":
        shown |= {"can_post_messages": chat.refuse != "no_rights", "can_edit_messages": True}
    else:
        shown |= {"can_pin_messages": True, "can_manage_topics": chat.forum}
    return shown | {f"can_{right}": False for right in chat.lacks}


def may(chat: ChatRow, right: str) -> bool:
    """Whether bots have a right in a chat; in channels pinning goes with editing."""
    return ("edit_messages" if right == "pin_messages" and chat.kind == "channel" else right) not in chat.lacks
