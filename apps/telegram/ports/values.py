"""What goes to the Bot API and comes from it, in Pult's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ChatId = int | str


@dataclass(frozen=True)
class BotSnapshot:
    """A bot as coroutines get it: no row, no ORM.

    Attributes:
        bot_id: Telegram's id of the bot, the key of its rate buckets.
        token: never shown, not even by repr.
        pk: our row, 0 where there is none yet.
        proxy: the way to the Bot API, with its password; empty for none.
    """

    bot_id: int
    token: str = field(repr=False)
    pk: int = 0
    username: str = ""
    proxy: str = field(default="", repr=False)


@dataclass(frozen=True)
class BotIdentity:
    """Who the Bot API says a token is."""

    bot_id: int
    username: str
    name: str


@dataclass(frozen=True)
class SentMessage:
    """A message that Telegram has accepted.

    Attributes:
        chat_username: without the at sign; empty where the chat is private.
        topic: the topic that it stands in; 0 for none, also in a forum's General.
        file_id: Telegram's name of its file, good for this bot alone: sending it again uploads nothing.
    """

    message_id: int
    chat_id: int
    date: datetime
    chat_username: str = ""
    topic: int = 0
    file_id: str = ""


@dataclass(frozen=True)
class Chat:
    """A chat as getChat tells it; `kind` is private, group, supergroup or channel.

    Attributes:
        linked_chat_id: the group where a channel's posts are discussed, or a group's channel; 0 for none.
    """

    chat_id: int
    kind: str
    title: str
    username: str = ""
    linked_chat_id: int = 0

    @property
    def is_group(self) -> bool:
        """Whether the limit of messages a minute holds here."""
        return self.kind in {"group", "supergroup"}


@dataclass(frozen=True)
class ChatMember:
    """What a user, often the bot itself, may do in a chat.

    Attributes:
        can_edit, can_delete: other people's messages, and old ones.
    """

    user_id: int
    status: str
    can_post: bool
    can_edit: bool
    can_delete: bool
    can_pin: bool = False


@dataclass(frozen=True)
class Button:
    """A button under a message: it opens an address, or tells the bot its word.

    Attributes:
        url: where it leads.
        word: what the bot is told when it is pressed, 1 to 64 bytes; in place of an address.
    """

    text: str
    url: str = ""
    word: str = ""


Buttons = Sequence[Sequence[Button]]

MediaKind = Literal["photo", "video", "document", "animation", "audio"]


@dataclass(frozen=True)
class Media:
    """A file to send: one of Django's default storage, or one that Telegram has already.

    It is read in pieces while it is uploaded; `limits.media_refusal` says beforehand what Telegram would refuse.

    Attributes:
        name: as readers see it.
        size: in bytes; 0 where only `file_id` is known.
        storage_name: its name in the default storage.
        file_id: Telegram's name of it, as in `SentMessage.file_id`; nothing is uploaded then.
        spoiler: hidden until it is touched; pictures, videos and animations only.
        width, height, duration: in pixels and seconds, of videos, animations and audio; 0 where not known.
    """

    kind: MediaKind
    name: str
    size: int = 0
    storage_name: str = ""
    file_id: str = ""
    mime: str = ""
    spoiler: bool = False
    width: int = 0
    height: int = 0
    duration: int = 0


@dataclass(frozen=True)
class Topic:
    """A topic of a forum."""

    topic_id: int
    name: str


@dataclass(frozen=True)
class WebhookInfo:
    """Where Telegram brings what a bot is told.

    Attributes:
        url: empty where it waits to be asked.
        pending: how many updates wait.
        error: Telegram's words on the last failure, empty where there was none; `error_at` is when.
    """

    url: str
    pending: int = 0
    error: str = ""
    error_at: datetime | None = None
