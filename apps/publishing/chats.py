"""Following what bots are told of chats that channels post to."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import override

from apps.publishing.models import Channel
from apps.publishing.rights import unable
from apps.publishing.services import channel_chat_moved, channel_right_changed
from apps.telegram.models import KnownChat
from apps.telegram.routers import ChatChange


def chat_followed(change: ChatChange) -> None:
    """Note in the chat's channels that their bot may or may not post there any more, or that the chat has a new id."""
    if change.moved_from:
        for channel in channels_of(change.chat, chat_id=change.moved_from):
            channel_chat_moved(channel=channel, chat_id=change.chat.chat_id)
    if change.can_post is None:
        return
    for channel in channels_of(change.chat, chat_id=change.chat.chat_id):
        with override(channel.workspace.language):
            words = unable(change.chat.status, is_group=change.chat.kind != KnownChat.Kind.CHANNEL)
        channel_right_changed(channel=channel, can_post=change.can_post, problem=words)


def channels_of(chat: KnownChat, *, chat_id: int) -> QuerySet[Channel]:
    """The channels that post to a chat by its id or its name."""
    named = Q(chat_id=str(chat_id))
    if chat.username:
        named |= Q(chat_id__iexact=f"@{chat.username}")
    return Channel.objects.filter(named, bot=chat.bot_id, kind=Channel.Kind.TELEGRAM).select_related("workspace", "bot")
