"""What Pult asks of the Bot API, in its own words."""

from apps.telegram.ports.api import BotApi, TopicsApi
from apps.telegram.ports.messages import MessagesApi
from apps.telegram.ports.updates import BotUpdates
from apps.telegram.ports.values import (
    BotIdentity,
    BotSnapshot,
    Button,
    Buttons,
    Chat,
    ChatId,
    ChatMember,
    Media,
    MediaKind,
    SentMessage,
    Topic,
    WebhookInfo,
)

__all__ = [
    "BotApi",
    "BotIdentity",
    "BotSnapshot",
    "BotUpdates",
    "Button",
    "Buttons",
    "Chat",
    "ChatId",
    "ChatMember",
    "Media",
    "MediaKind",
    "MessagesApi",
    "SentMessage",
    "Topic",
    "TopicsApi",
    "WebhookInfo",
]
