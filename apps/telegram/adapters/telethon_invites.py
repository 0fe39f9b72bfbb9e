"""What Telegram says of invitations and of an account's own channels, in the port's words."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from apps.telegram.adapters.telethon_messages import channel_from
from apps.telegram.reading import ChannelInfo, InvitationInfo, MemberChannels
from apps.telegram.reading_refusals import refused


def readable(chat: Any) -> ChannelInfo:
    """A chat that an invitation leads to, where it is one that can be read.

    Raises:
        PermanentError: the account is shut out of it, or it is a small group.
    """
    if isinstance(chat, (types.ChannelForbidden, types.ChatForbidden)):
        raise refused("banned")
    if not isinstance(chat, types.Channel):
        raise refused("small_group")
    return channel_from(chat)


def moved_to(chat: Any) -> Any:
    """The supergroup that a small group became, as requests name it; None where it became none."""
    return getattr(chat, "migrated_to", None) if isinstance(chat, types.Chat) else None


def joined(answer: Any) -> ChannelInfo:
    """The channel that an answer to joining tells of."""
    chats = [one for one in answer.chats if not isinstance(one, types.ChatEmpty)]
    if not chats:
        raise refused("not_found")
    return readable(chats[0])


def invitation_from(invite: Any) -> InvitationInfo:
    """An invitation to a channel that the account is not in, `ChatInvite` or `ChatInvitePeek`."""
    if isinstance(invite, types.ChatInvitePeek):
        found = readable(invite.chat)
        members = getattr(invite.chat, "participants_count", None)
        return InvitationInfo(title=found.title, members=members, kind=found.kind)
    if not invite.channel:
        raise refused("small_group")
    return InvitationInfo(
        title=invite.title,
        members=invite.participants_count,
        kind="channel" if invite.broadcast else "supergroup",
        is_request=bool(invite.request_needed),
        # Older releases of Telethon know of no paid channels.
        is_paid=getattr(invite, "subscription_pricing", None) is not None
        and not getattr(invite, "can_refulfill_subscription", False),
    )


def already_from(chat: Any) -> InvitationInfo:
    """An invitation to a channel that the account is in."""
    found = readable(chat)
    members = getattr(chat, "participants_count", None)
    return InvitationInfo(title=found.title, members=members, kind=found.kind, channel=found)


def member_channels_from(answer: Any) -> MemberChannels:
    """The channels and supergroups of a page of dialogs; of people's talks nothing is kept."""
    mine = [one for one in answer.chats if isinstance(one, types.Channel) and not one.left and not one.min]
    pages = any(not isinstance(one, types.Dialog) for one in answer.dialogs)  # a folder hides further ones
    is_whole = not pages and len(answer.dialogs) >= getattr(answer, "count", 0)
    return MemberChannels(tuple(channel_from(one) for one in mine), is_whole)
