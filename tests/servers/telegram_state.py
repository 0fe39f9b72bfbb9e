"""All that the Bot API stand-in knows, and what its methods have in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram_calls import Uploads, bot_user, flag, markup_of, whole
from tests.servers.telegram_chats import ChatRow, Chats, RefusedError
from tests.servers.telegram_limits import Limits
from tests.servers.telegram_stored import StoredFile, StoredMessage, show_message
from tests.servers.telegram_updates import Updates

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


@dataclass
class Webhook:
    """Where one bot's updates are brought, and how that went last."""

    url: str
    secret: str = ""
    allowed: list[str] = field(default_factory=list)
    error: str = ""
    error_at: int = 0
    retry_at: float = 0.0
    failures: int = 0


@dataclass
class Call:
    """One call: who asks, with what, and the files beside it."""

    bot_id: int
    params: dict[str, str]
    uploads: Uploads = field(default_factory=dict)


@dataclass
class Telegram:
    """Chats, limits, messages, files, updates and webhooks. `messages` is all that was accepted, in order."""

    chats: Chats
    limits: Limits
    updates: Updates
    local: bool = False
    messages: list[StoredMessage] = field(default_factory=list)
    files: dict[str, StoredFile] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    index: dict[tuple[int, int], StoredMessage] = field(default_factory=dict)

    def within_limits(self, call: Call, chat: ChatRow, *, count: int = 1) -> None:
        """Count what is about to be accepted.

        Raises:
            RefusedError: it is too much, with the wait.
        """
        at = time.monotonic()
        wait = self.limits.refuse_for(call.bot_id, chat.id, is_group=chat.is_group, at=at, count=count)
        if wait:
            raise RefusedError(429, "", retry_after=wait)

    def message(self, chat: ChatRow, call: Call, absent: str) -> StoredMessage:
        """The message that a call names.

        Raises:
            RefusedError: it is not there, in the words of `absent`.
        """
        number = whole(call.params, "message_id", "Bad Request: message identifier is not specified")
        found = self.index.get((chat.id, number))
        if found is None or found.deleted:
            raise RefusedError(400, absent)
        return found

    def own(self, chat: ChatRow, call: Call) -> StoredMessage:
        """The message that a call wants to change, which must be the bot's."""
        found = self.message(chat, call, "Bad Request: message to edit not found")
        if found.bot_id != call.bot_id:
            raise RefusedError(400, "Bad Request: message can't be edited")
        return found

    def accept(
        self,
        call: Call,
        chat: ChatRow,
        said: tuple[str, list[dict[str, Any]], str],
        *,
        topic: int,
        markup: dict[str, Any] | None = None,
        **more: Any,
    ) -> StoredMessage:
        """Keep one message; `said` is its text, its entities and what it was written as."""
        text, entities, source = said
        kept = StoredMessage(
            chat=chat,
            message_id=chat.next_id(),
            bot_id=call.bot_id,
            date=int(time.time()),
            text=text,
            entities=entities,
            source=source,
            silent=flag(call.params, "disable_notification"),
            protect=flag(call.params, "protect_content"),
            topic=topic,
            markup=markup,
            **more,
        )
        self.messages.append(kept)
        self.index[(chat.id, kept.message_id)] = kept
        return kept

    def changed(self, call: Call, message: StoredMessage, **changes: Any) -> dict[str, Any]:
        """Change a message, its keyboard too, and show it.

        Raises:
            RefusedError: nothing is different, or it is too often.
        """
        changes["markup"] = markup_of(call.params)
        if all(getattr(message, name) == value for name, value in changes.items() if name != "source"):
            raise RefusedError(400, NOT_MODIFIED)
        self.within_limits(call, message.chat)
        for name, value in changes.items():
            setattr(message, name, value)
        message.edit_date = int(time.time())
        message.edits.append(message.text)
        return self.show(message)

    def show(self, message: StoredMessage) -> dict[str, Any]:
        """A message as its bot sees it."""
        return show_message(message, bot_user(message.bot_id))


Verb = Callable[[Telegram, Call], Any]


def topic_of(chat: ChatRow, params: dict[str, str]) -> int:
    """The topic that a call writes to; 0 for none.

    Raises:
        RefusedError: it is not there, or is closed.
    """
    if not params.get("message_thread_id"):
        return 0
    number = whole(params, "message_thread_id", "Bad Request: message thread not found")
    if chat.loses_topics or not number:
        return 0
    topic = chat.topics.get(number) if chat.forum else None
    if topic is None:
        raise RefusedError(400, "Bad Request: message thread not found")
    if topic.closed:
        raise RefusedError(400, "Bad Request: TOPIC_CLOSED")
    return number
