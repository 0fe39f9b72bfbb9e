"""The Bot API through aiogram. The vendor's words end here."""

from __future__ import annotations

from aiogram.methods import GetChat, GetChatMember, GetMe
from aiogram.types import (
    ChatMemberAdministrator,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    ResultChatMemberUnion,
)

from apps.telegram.adapters.aiogram_messages import AiogramMessages
from apps.telegram.adapters.aiogram_topics import AiogramTopics
from apps.telegram.ports import BotIdentity, Chat, ChatId, ChatMember


class AiogramBotApi(AiogramMessages, AiogramTopics):
    """One bot's Bot API for one event loop; `async with` opens and closes its connections."""

    async def get_me(self) -> BotIdentity:
        """Ask whose token this is."""
        me = await self.ask(GetMe())
        return BotIdentity(bot_id=me.id, username=me.username or "", name=me.first_name)

    async def get_chat(self, chat_id: ChatId) -> Chat:
        """Describe a chat that the bot can see."""
        chat = await self.ask(GetChat(chat_id=chat_id))
        return Chat(
            chat_id=chat.id,
            kind=chat.type,
            title=chat.title or chat.first_name or "",
            username=chat.username or "",
            linked_chat_id=chat.linked_chat_id or 0,
        )

    async def get_chat_member(self, chat_id: ChatId, user_id: int) -> ChatMember:
        """Tell what a user may do in a chat."""
        return member_from(await self.ask(GetChatMember(chat_id=chat_id, user_id=user_id)))


def member_from(member: ResultChatMemberUnion) -> ChatMember:
    """A member's rights; None of Telegram's flags means that the right does not exist in such a chat."""
    if isinstance(member, ChatMemberOwner):
        rights = (True, True, True, True)
    elif isinstance(member, ChatMemberAdministrator):
        # Only channels know can_post_messages; in a group every administrator may write.
        edits = bool(member.can_edit_messages)
        # Only groups have a right to pin; in channels it goes with editing.
        pins = edits if member.can_pin_messages is None else member.can_pin_messages
        rights = (member.can_post_messages is not False, edits, member.can_delete_messages, pins)
    elif isinstance(member, ChatMemberRestricted):
        rights = (member.is_member and member.can_send_messages, False, False, False)
    else:
        rights = (isinstance(member, ChatMemberMember), False, False, False)
    return ChatMember(
        user_id=member.user.id,
        status=str(member.status),
        can_post=rights[0],
        can_edit=rights[1],
        can_delete=rights[2],
        can_pin=rights[3],
    )
