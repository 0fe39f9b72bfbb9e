"""The Bot API stand-in's methods for the topics of forums."""

from __future__ import annotations

from typing import Any

from tests.servers.telegram_calls import whole
from tests.servers.telegram_chats import ChatRow, RefusedError, TopicRow
from tests.servers.telegram_state import Call, Telegram, Verb

NAME_MAX = 128
# The colours that Telegram has for icons; the first where none is named.
COLOURS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


def create_forum_topic(telegram: Telegram, call: Call) -> dict[str, Any]:
    """createForumTopic; it counts as a message and takes its number."""
    chat, name = forum_of(telegram, call), name_of(call)
    colour = int(call.params.get("icon_color") or COLOURS[0])
    if colour not in COLOURS:
        raise RefusedError(400, "Bad Request: wrong icon color specified")
    telegram.within_limits(call, chat)
    topic = TopicRow(chat.next_id(), name, colour)
    chat.topics[topic.id] = topic
    return {"message_thread_id": topic.id, "name": name, "icon_color": colour}


def edit_forum_topic(telegram: Telegram, call: Call) -> bool:
    """editForumTopic."""
    topic, name = topic_named(forum_of(telegram, call), call), name_of(call)
    if topic.name == name:
        raise RefusedError(400, "Bad Request: TOPIC_NOT_MODIFIED")
    topic.name = name
    return True


def close_forum_topic(telegram: Telegram, call: Call) -> bool:
    """closeForumTopic."""
    return opened(topic_named(forum_of(telegram, call), call), closed=True)


def reopen_forum_topic(telegram: Telegram, call: Call) -> bool:
    """reopenForumTopic."""
    return opened(topic_named(forum_of(telegram, call), call), closed=False)


def delete_forum_topic(telegram: Telegram, call: Call) -> bool:
    """deleteForumTopic: with all of its messages."""
    chat = forum_of(telegram, call)
    topic = topic_named(chat, call)
    del chat.topics[topic.id]
    for message in telegram.messages:
        if message.chat.id == chat.id and message.topic == topic.id:
            message.deleted = True
    return True


def forum_of(telegram: Telegram, call: Call) -> ChatRow:
    """The forum that a call names."""
    chat = telegram.chats.writable(call.params)
    if not chat.forum:
        raise RefusedError(400, "Bad Request: the chat is not a forum")
    return chat


def topic_named(chat: ChatRow, call: Call) -> TopicRow:
    """The topic that a call names."""
    number = whole(call.params, "message_thread_id", "Bad Request: message thread identifier is not specified")
    if number not in chat.topics:
        raise RefusedError(400, "Bad Request: TOPIC_ID_INVALID")
    return chat.topics[number]


def name_of(call: Call) -> str:
    """A topic's name."""
    name = call.params.get("name", "").strip()
    if not name or len(name) > NAME_MAX:
        raise RefusedError(400, "Bad Request: TOPIC_TITLE_EMPTY" if not name else "Bad Request: topic name is too long")
    return name


def opened(topic: TopicRow, *, closed: bool) -> bool:
    """Open or close a topic; what is so already is refused."""
    if topic.closed == closed:
        raise RefusedError(400, "Bad Request: TOPIC_NOT_MODIFIED")
    topic.closed = closed
    return True


METHODS: dict[str, Verb] = {
    "createforumtopic": create_forum_topic,
    "editforumtopic": edit_forum_topic,
    "closeforumtopic": close_forum_topic,
    "reopenforumtopic": reopen_forum_topic,
    "deleteforumtopic": delete_forum_topic,
}
