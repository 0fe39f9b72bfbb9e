"""Messages of a Telegram channel become items. Pure: no clock, no rows, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.sources.parsers.entities import code_points
from apps.sources.ports import Counts, Entity, Item, Media
from apps.telegram.reading import ChannelMessage, Formatting

TEXT, ALBUM = "text", "album"


@dataclass(frozen=True, slots=True)
class Voice:
    """The channel that messages are of; `chat_id` is bare, without -100."""

    chat_id: int
    username: str = ""

    def identity(self, message_id: int) -> str:
        """What a message is called here; the exports of Telegram Desktop call it the same."""
        return f"{self.chat_id}:{message_id}"

    def link(self, message_id: int) -> str:
        """Where a person reads the message."""
        return f"https://t.me/{self.username or f'c/{self.chat_id}'}/{message_id}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is taken of a page.

    Attributes:
        messages: the taken ones, oldest first, those that carry no post among them.
        edge: reading newer, the id up to which everything is read; reading older, the id from which on, 0 at the start.
        is_last: nothing lies beyond the edge now.
    """

    messages: tuple[ChannelMessage, ...]
    edge: int
    is_last: bool


def newer_taken(page: Sequence[ChannelMessage], *, after_id: int, limit: int) -> Stretch:
    """What to take of the messages that follow `after_id`.

    An album that a full page may have cut waits for the next page, so that it comes whole.
    """
    messages = _ordered(one for one in page if one.message_id > after_id)
    is_last = len(page) < limit
    if not is_last:
        messages = _without_cut(messages[::-1])[::-1]
    return Stretch(messages, messages[-1].message_id if messages else after_id, is_last)


def older_taken(page: Sequence[ChannelMessage], *, before_id: int, limit: int, posts: int | None = None) -> Stretch:
    """What to take of the messages that precede `before_id` (0: the newest): at most so many posts, whole albums."""
    messages = _ordered(one for one in page if not before_id or one.message_id < before_id)
    is_last = len(page) < limit
    if not is_last:
        messages = _without_cut(messages)
    if posts is not None:
        taken = _newest_posts(messages, posts)
        is_last = is_last and len(taken) == len(messages)
        messages = taken
    edge = 0 if is_last else messages[0].message_id if messages else before_id
    return Stretch(messages, edge, is_last)


def _ordered(messages: Iterable[ChannelMessage]) -> tuple[ChannelMessage, ...]:
    return tuple(sorted({one.message_id: one for one in messages}.values(), key=lambda one: one.message_id))


def _without_cut(messages: tuple[ChannelMessage, ...]) -> tuple[ChannelMessage, ...]:
    """All but the album at the beginning; all, where there is nothing else."""
    album = messages[0].album_id if messages else None
    if album is None:
        return messages
    whole = tuple(one for one in messages if one.album_id != album)
    return whole or messages


def _newest_posts(messages: tuple[ChannelMessage, ...], posts: int) -> tuple[ChannelMessage, ...]:
    seen: set[tuple[bool, int]] = set()
    taken: list[ChannelMessage] = []
    for one in reversed(messages):
        if not one.is_service:
            post = (one.album_id is not None, one.album_id or one.message_id)
            if post not in seen and len(seen) >= posts:
                break
            seen.add(post)
        taken.append(one)
    return tuple(reversed(taken))


def items_of(
    messages: Iterable[ChannelMessage], voice: Voice, *, known: Mapping[int, str] | None = None
) -> tuple[Item, ...]:
    """The posts of messages, in their order; the parts of an album are one.

    `known` tells under which identity an album's post is stored, by the album's id.
    """
    grouped: dict[tuple[bool, int], list[ChannelMessage]] = {}
    for one in sorted(messages, key=lambda one: one.message_id):
        if not one.is_service:
            grouped.setdefault((one.album_id is not None, one.album_id or one.message_id), []).append(one)
    return tuple(_item(parts, voice, known or {}) for parts in grouped.values())


def _item(parts: Sequence[ChannelMessage], voice: Voice, known: Mapping[int, str]) -> Item:
    first = parts[0]
    text, entities = _words(parts)
    names = [voice.identity(one.message_id) for one in parts]
    identity = known.get(first.album_id or 0, names[0])
    return Item(
        external_id=identity,
        text=text,
        entities=entities,
        url=voice.link(first.message_id),
        author=first.author,
        published_at=first.date,
        edited_at=max((one.edited_at for one in parts if one.edited_at), default=None),
        kind=_kind(parts),
        media=tuple(_media(one) for one in parts if one.attachment is not None),
        forwarded_from=first.forwarded_from,
        forwarded_url=first.forwarded_url,
        message_id=first.message_id,
        album_id=first.album_id,
        reply_to=first.reply_to,
        counts=_counts(parts),
        also_known=tuple(name for name in names if name != identity),
    )


def _kind(parts: Sequence[ChannelMessage]) -> str:
    if len(parts) > 1:
        return ALBUM
    return parts[0].attachment.kind if parts[0].attachment else TEXT


def _words(parts: Sequence[ChannelMessage]) -> tuple[str, tuple[Entity, ...]]:
    """The words of the parts that have some, one under the other, and their formatting."""
    text, entities = "", []
    for one in parts:
        if one.text:
            gap = "\n\n" if text else ""
            start = len(text) + len(gap)
            text += gap + one.text
            entities += [replace(entity, offset=entity.offset + start) for entity in entities_of(one)]
    return text, tuple(entities)


def entities_of(message: ChannelMessage) -> tuple[Entity, ...]:
    """The formatting of a message, counted in characters instead of UTF-16 units."""
    return tuple(_entities(message.text, message.formatting))


def _entities(text: str, formatting: Iterable[Formatting]) -> Iterator[Entity]:
    for one in formatting:
        offset, length = code_points(text, offset=one.offset, length=one.length)
        if length:
            yield Entity(one.kind, offset, length, one.value)


def _media(message: ChannelMessage) -> Media:
    shown = message.attachment
    assert shown is not None  # noqa: S101
    return Media(
        kind=shown.kind,
        key=str(message.message_id),
        mime=shown.mime,
        size=shown.size,
        name=shown.name,
        caption=message.text if message.album_id is not None else "",
        remote={**shown.remote, "message_id": message.message_id},
        about=shown.about,
    )


def _counts(parts: Sequence[ChannelMessage]) -> Counts:
    """Of an album Telegram counts views on every part and reactions on one."""
    reactions: dict[str, int] = {}
    for one in parts:
        for sign, count in one.reactions.items():
            reactions[sign] = max(count, reactions.get(sign, 0))
    return Counts(_most(one.views for one in parts), _most(one.forwards for one in parts), reactions)


def _most(numbers: Iterable[int | None]) -> int | None:
    return max((number for number in numbers if number is not None), default=None)
