"""What the Bot API without Telegram keeps in this process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from zlib import crc32

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.telegram.ports import Buttons, ChatId, Media, SentMessage


@dataclass(frozen=True)
class KeptMessage:
    """A message that was "sent"; an empty one without a file was deleted.

    Attributes:
        text: a caption where there is a file.
        album: the number of the album's first message; 0 alone.
    """

    sent: SentMessage
    text: str
    silent: bool
    media: Media | None = None
    buttons: Buttons = ()
    protect: bool = False
    pinned: bool = False
    album: int = 0


@dataclass
class KeptTopic:
    """A topic that was made."""

    name: str
    closed: bool = False


@dataclass
class KeptWebhook:
    """Where a bot's updates are to be brought; nothing is brought there."""

    url: str
    secret: str = field(repr=False)
    kinds: tuple[str, ...] = ()


class Memory:
    """Everything that all fake bots of this process have sent and made, by chat, and what they are told."""

    def __init__(self) -> None:
        self.messages: dict[str, list[KeptMessage]] = defaultdict(list)
        self.topics: dict[str, dict[int, KeptTopic]] = defaultdict(dict)
        self.updates: dict[int, list[dict[str, object]]] = defaultdict(list)
        self.webhooks: dict[int, KeptWebhook] = {}

    def clear(self) -> None:
        """Forget all of it."""
        for kept in (self.messages, self.topics, self.updates, self.webhooks):
            kept.clear()

    def change(self, chat_id: ChatId, message_id: int, change: Callable[[KeptMessage], KeptMessage]) -> None:
        """Put another in the place of a kept message.

        Raises:
            PermanentError: there is none.
        """
        kept = self.messages[str(chat_id)]
        for place, message in enumerate(kept):
            if message.sent.message_id == message_id and (message.text or message.media):
                kept[place] = change(message)
                return
        raise PermanentError(_("The message is not in the chat any more."), code="message_not_found")

    def topic(self, chat_id: ChatId, topic: int) -> KeptTopic:
        """A topic that is there.

        Raises:
            PermanentError: there is none.
        """
        found = self.topics[str(chat_id)].get(topic)
        if found is None:
            raise PermanentError(_("The topic is not there any more."), code="topic_not_found")
        return found


MEMORY = Memory()


def blank(message: KeptMessage) -> KeptMessage:
    """A deleted message, kept so that numbers go on rising."""
    return replace(message, text="", media=None, buttons=(), pinned=False)


def numeric(chat_id: ChatId) -> int:
    """A chat's number; a name gives the same one each time."""
    text = str(chat_id)
    if text.lstrip("-").isdigit():
        return int(text)
    return -1_000_000_000_000 - crc32(text.encode())


def username_of(chat_id: ChatId) -> str:
    """The username in a chat's address, if it is one."""
    return str(chat_id).removeprefix("@") if str(chat_id).startswith("@") else ""
