"""The Bot API stand-in's methods for texts: send, edit, delete, pin."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.telegram_calls import caption_of, flag, markup_of, text_of
from tests.servers.telegram_chats import RefusedError, may
from tests.servers.telegram_state import Call, Telegram, Verb, topic_of

DELETED_AT_ONCE = 100


def send_message(telegram: Telegram, call: Call) -> dict[str, Any]:
    """sendMessage."""
    chat = telegram.chats.writable(call.params)
    text, entities = text_of(call.params)
    topic, markup = topic_of(chat, call.params), markup_of(call.params)
    telegram.within_limits(call, chat)
    preview = json.loads(call.params.get("link_preview_options") or "null")
    said = (text, entities, call.params.get("text", ""))
    return telegram.show(telegram.accept(call, chat, said, topic=topic, markup=markup, link_preview=preview))


def edit_message_text(telegram: Telegram, call: Call) -> dict[str, Any]:
    """editMessageText; a keyboard that is not named goes away."""
    chat = telegram.chats.writable(call.params)
    text, entities = text_of(call.params)
    message = telegram.own(chat, call)
    if message.file is not None:
        raise RefusedError(400, "Bad Request: there is no text in the message to edit")
    return telegram.changed(call, message, text=text, entities=entities, source=call.params.get("text", ""))


def edit_message_caption(telegram: Telegram, call: Call) -> dict[str, Any]:
    """editMessageCaption; none takes it away."""
    chat = telegram.chats.writable(call.params)
    text, entities = caption_of(call.params)
    message = telegram.own(chat, call)
    if message.file is None:
        raise RefusedError(400, "Bad Request: there is no caption in the message to edit")
    above, source = flag(call.params, "show_caption_above_media"), call.params.get("caption", "")
    return telegram.changed(call, message, text=text, entities=entities, source=source, caption_above=above)


def edit_message_reply_markup(telegram: Telegram, call: Call) -> dict[str, Any]:
    """editMessageReplyMarkup."""
    chat = telegram.chats.writable(call.params)
    return telegram.changed(call, telegram.own(chat, call))


def delete_message(telegram: Telegram, call: Call) -> bool:
    """deleteMessage."""
    chat = telegram.chats.find(call.params)
    telegram.message(chat, call, "Bad Request: message to delete not found").deleted = True
    return True


def delete_messages(telegram: Telegram, call: Call) -> bool:
    """deleteMessages: what is not there is passed over."""
    chat = telegram.chats.find(call.params)
    numbers = json.loads(call.params.get("message_ids") or "[]")
    if not 1 <= len(numbers) <= DELETED_AT_ONCE:
        raise RefusedError(400, "Bad Request: message identifiers are not specified" if not numbers else "Bad Request: "
                           "too many messages to delete")  # fmt: skip
    for number in numbers:
        found = telegram.index.get((chat.id, int(number)))
        if found is not None:
            found.deleted = True
    return True


def pin_chat_message(telegram: Telegram, call: Call) -> bool:
    """pinChatMessage; pinned twice is pinned."""
    chat = telegram.chats.writable(call.params)
    if not may(chat, "pin_messages"):
        raise RefusedError(400, "Bad Request: not enough rights to manage pinned messages in the chat")
    telegram.message(chat, call, "Bad Request: message to pin not found").pinned = True
    return True


def unpin_chat_message(telegram: Telegram, call: Call) -> bool:
    """unpinChatMessage."""
    chat = telegram.chats.writable(call.params)
    telegram.message(chat, call, "Bad Request: message to unpin not found").pinned = False
    return True


METHODS: dict[str, Verb] = {
    "sendmessage": send_message,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "pinchatmessage": pin_chat_message,
    "unpinchatmessage": unpin_chat_message,
}
