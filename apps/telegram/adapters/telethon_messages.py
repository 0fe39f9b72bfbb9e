"""Telethon's messages as the port's. Pure: TL objects in, dataclasses out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from telethon import utils
from telethon.tl import types

from apps.telegram.adapters.telethon_media import attachment_from
from apps.telegram.reading import ChannelInfo, ChannelMessage, Formatting

# Of Telegram's kinds; what only an app can make use of (bank cards, bot commands, phones) stays plain text.
KINDS: dict[type[Any], str] = {
    types.MessageEntityBold: "bold",
    types.MessageEntityItalic: "italic",
    types.MessageEntityUnderline: "underline",
    types.MessageEntityStrike: "strike",
    types.MessageEntitySpoiler: "spoiler",
    types.MessageEntityCode: "code",
    types.MessageEntityPre: "pre",
    types.MessageEntityBlockquote: "quote",
    types.MessageEntityTextUrl: "link",
    types.MessageEntityUrl: "link",
    types.MessageEntityEmail: "link",
    types.MessageEntityMention: "mention",
    types.MessageEntityMentionName: "mention",
    types.MessageEntityHashtag: "hashtag",
    types.MessageEntityCashtag: "hashtag",
    types.MessageEntityCustomEmoji: "emoji",
}
# Their values are the text itself.
SPOKEN = {types.MessageEntityUrl: "", types.MessageEntityEmail: "mailto:"}
STARS = "\u2b50"


class People:
    """The chats and users that came with an answer, by id."""

    def __init__(self, chats: Any, users: Any) -> None:
        self._known: Mapping[int, Any] = {utils.get_peer_id(one): one for one in (*chats, *users) if has_id(one)}

    def of(self, peer: Any) -> Any:
        """Who a peer is; None where the answer did not say."""
        return None if peer is None else self._known.get(utils.get_peer_id(peer))


def has_id(one: Any) -> bool:
    """Whether it is a chat or user that can be told by an id; empty ones can't."""
    return not isinstance(one, (types.ChatEmpty, types.UserEmpty))


def message_from(message: Any, people: People) -> ChannelMessage | None:
    """A message; None for one that is gone."""
    if isinstance(message, types.MessageEmpty):
        return None
    if isinstance(message, types.MessageService):
        return service_from(message, people)
    name, url = origin_of(message.fwd_from, people)
    text = message.message or ""
    return ChannelMessage(
        message_id=message.id,
        date=moment(message.date),
        text=text,
        formatting=tuple(formatting(text, message.entities or ())),
        edited_at=moment(message.edit_date) if message.edit_date and not message.edit_hide else None,
        album_id=message.grouped_id,
        attachment=attachment_from(message.media),
        author=message.post_author or name_of(people.of(message.from_id)),
        forwarded_from=name,
        forwarded_url=url,
        views=message.views,
        forwards=message.forwards,
        reactions=reactions_of(message.reactions),
        reply_to=answered(message.reply_to),
    )


def service_from(message: Any, people: People) -> ChannelMessage:
    """A message that tells of something done to the chat, such as its move to a supergroup."""
    told = ChannelMessage(message_id=message.id, date=moment(message.date), is_service=True)
    if not isinstance(message.action, types.MessageActionChatMigrateTo):
        return told
    new = message.action.channel_id
    known = people.of(types.PeerChannel(new))
    return replace(told, migrated_to=new, migrated_hash=getattr(known, "access_hash", None))


def answered(header: Any) -> int | None:
    """The message that this one answers, where it is one of the same channel."""
    if getattr(header, "reply_to_peer_id", None) is not None:
        return None
    number: int | None = getattr(header, "reply_to_msg_id", None)
    return number


def moment(at: datetime) -> datetime:
    """A time; Telethon's are aware, UTC."""
    return at


def formatting(text: str, entities: Any) -> list[Formatting]:
    """The entities that Pult knows, in UTF-16 units as they come."""
    units = text.encode("utf-16-le", "surrogatepass")
    found = []
    for one in entities:
        kind = KINDS.get(type(one))
        if kind is None:
            continue
        said = units[one.offset * 2 : (one.offset + one.length) * 2].decode("utf-16-le", "replace")
        found.append(Formatting(kind=kind, offset=one.offset, length=one.length, value=value_of(one, said)))
    return found


def value_of(entity: Any, said: str) -> str:
    """A link's address, the language of code, an emoji's id, a mentioned person's id."""
    match entity:
        case types.MessageEntityTextUrl():
            return str(entity.url)
        case types.MessageEntityUrl() | types.MessageEntityEmail():
            return SPOKEN[type(entity)] + said
        case types.MessageEntityPre():
            return str(entity.language)
        case types.MessageEntityCustomEmoji():
            return str(entity.document_id)
        case types.MessageEntityMentionName():
            return str(entity.user_id)
    return ""


def origin_of(forward: Any, people: People) -> tuple[str, str]:
    """Whom a message was forwarded from, and the original's address where it has one."""
    if forward is None:
        return "", ""
    who = people.of(forward.from_id)
    name = name_of(who) or forward.from_name or forward.post_author or ""
    if not isinstance(forward.from_id, types.PeerChannel) or not forward.channel_post:
        return name, ""
    username = username_of(who)
    place = username or f"c/{forward.from_id.channel_id}"
    return name, f"https://t.me/{place}/{forward.channel_post}"


def name_of(who: Any) -> str:
    """A channel's title or a person's name."""
    if who is None:
        return ""
    title = getattr(who, "title", None)
    if title is not None:
        return str(title)
    return " ".join(part for part in (who.first_name, who.last_name) if part)


def username_of(who: Any) -> str:
    """Its username, or the first of several."""
    if who is None:
        return ""
    if getattr(who, "username", None):
        return str(who.username)
    several = [one.username for one in getattr(who, "usernames", None) or () if one.active]
    return several[0] if several else ""


def reactions_of(reactions: Any) -> dict[str, int]:
    """How often each reaction was given: an emoji, "custom:" and an id, or a star for paid ones."""
    counts: dict[str, int] = {}
    for one in reactions.results if reactions is not None else ():
        kind = one.reaction
        if isinstance(kind, types.ReactionEmoji):
            counts[kind.emoticon] = one.count
        elif isinstance(kind, types.ReactionCustomEmoji):
            counts[f"custom:{kind.document_id}"] = one.count
        elif type(kind).__name__ == "ReactionPaid":
            counts[STARS] = one.count
    return counts


def channel_from(chat: Any) -> ChannelInfo:
    """A channel as the port tells it."""
    return ChannelInfo(
        chat_id=chat.id,
        access_hash=chat.access_hash or 0,
        title=chat.title,
        username=username_of(chat),
        kind="channel" if chat.broadcast else "supergroup",
    )
