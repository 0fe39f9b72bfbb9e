"""The chats that bots have been told of: what each is called, and whether the bot may post there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.core.clock import now
from apps.telegram import routers
from apps.telegram.inbound import Inbound, mapping
from apps.telegram.models import Bot, KnownChat
from apps.telegram.routers import ChatChange

Kind, Status = KnownChat.Kind, KnownChat.Status
MEMBERSHIP = "my_chat_member"


def chat_noted(inbound: Inbound, bot: Bot) -> None:
    """Keep what an update says of its chat, and tell whoever listens; in the transaction that finishes the update.

    Updates may be worked in another order than they came: names go by the chat's last sight, rights by the event's own
    time and number.
    """
    chat_id, kind = number(inbound.chat.get("id")), str(inbound.chat.get("type", ""))
    if chat_id is None or kind not in Kind.values:
        return
    at = inbound.at or now()
    moved = number(inbound.content.get("migrate_to_chat_id"))
    if moved is not None:
        _moved(bot, old=chat_id, new=moved, title=name_of(inbound.chat, "title", 255), at=at)
        return
    chat = _seen(bot, chat_id, kind, inbound.chat, at)
    came_from = number(inbound.content.get("migrate_from_chat_id"))
    if came_from is not None:
        _moved(bot, old=came_from, new=chat_id, title=chat.title, at=at)
    if inbound.kind == MEMBERSHIP:
        _member(chat, inbound, at)
    elif chat.status == Status.UNKNOWN:
        # Only a channel's administrators are shown its posts, and only members a group's messages.
        chat.status = Status.ADMINISTRATOR if kind == Kind.CHANNEL else Status.MEMBER
        chat.save(update_fields=["status"])


def _seen(bot: Bot, chat_id: int, kind: str, told: Mapping[str, Any], at: datetime) -> KnownChat:
    """The chat, with its present names."""
    names = {"kind": kind, "title": name_of(told, "title", 255), "username": name_of(told, "username", 64)}
    chat, made = KnownChat.objects.select_for_update().get_or_create(
        bot=bot, chat_id=chat_id, defaults={**names, "last_seen_at": at}
    )
    if not made and at >= chat.last_seen_at:
        for field, value in names.items():
            setattr(chat, field, value)
        chat.last_seen_at = at
        chat.save(update_fields=[*names, "last_seen_at"])
    return chat


def _member(chat: KnownChat, inbound: Inbound, at: datetime) -> None:
    """Take over what the bot is in the chat from now on, unless something newer is known."""
    new = mapping(inbound.content.get("new_chat_member"))
    status = str(new.get("status", ""))
    if status not in Status.values or not status:
        return
    if chat.status_at is not None and (at, inbound.update_id) <= (chat.status_at, chat.status_update_id):
        return
    chat.status, chat.can_post = status, may_post(chat.kind, new)
    chat.status_at, chat.status_update_id = at, inbound.update_id
    chat.save(update_fields=["status", "can_post", "status_at", "status_update_id"])
    routers.tell(ChatChange(chat=chat, can_post=chat.can_post))


def _moved(bot: Bot, *, old: int, new: int, title: str, at: datetime) -> None:
    """Give a group that became a supergroup its new id. Telegram says so twice; the second time changes nothing."""
    before = KnownChat.objects.select_for_update().filter(bot=bot, chat_id=old).first()
    after = KnownChat.objects.select_for_update().filter(bot=bot, chat_id=new).first()
    if after is None and before is not None:
        before.chat_id, before.kind, before.username = new, Kind.SUPERGROUP, ""
        before.save(update_fields=["chat_id", "kind", "username"])
        after = before
    elif before is not None:
        before.delete()
    if after is None:
        after = KnownChat.objects.create(
            bot=bot, chat_id=new, kind=Kind.SUPERGROUP, title=title, status=Status.MEMBER, last_seen_at=at
        )
    routers.tell(ChatChange(chat=after, moved_from=old))


def may_post(kind: str, member: Mapping[str, Any]) -> bool:
    """Whether a chat member may post, from the member as Telegram shows it."""
    status = member.get("status")
    if status == Status.CREATOR:
        return True
    if status == Status.ADMINISTRATOR:
        # Only channels know can_post_messages; in a group every administrator may write.
        return kind != Kind.CHANNEL or member.get("can_post_messages") is True
    if status == Status.RESTRICTED:
        return member.get("is_member") is True and member.get("can_send_messages") is True
    return status == Status.MEMBER and kind != Kind.CHANNEL


def number(value: object) -> int | None:
    """A chat's id; None where it is none."""
    good = isinstance(value, int) and not isinstance(value, bool) and -(2**63) < value < 2**63
    return value if good else None  # type: ignore[return-value]


def name_of(told: Mapping[str, Any], key: str, most: int) -> str:
    """A name of the chat, as long as is kept."""
    value = told.get(key)
    return value[:most] if isinstance(value, str) else ""
