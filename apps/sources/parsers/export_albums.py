"""Albums of an export, which says nothing of them.

Messages that follow one another, came in the same second, show pictures or videos (or files, or tracks), answer and
forward the same, and of which one at most has words, are taken for one album. Several single pictures forwarded in one
second, without words, look the same and become one post.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from apps.sources.ports import Counts, Item

MOST = 10
SORTS = {"photo": "seen", "video": "seen", "document": "file", "audio": "heard"}

Other = TypeVar("Other")


def albums_joined(found: Iterable[Item | Other]) -> Iterator[Item | Other]:
    """The same in the same order, with the parts of each album as one item; whatever is no item ends an album."""
    parts: list[Item] = []
    for one in found:
        if isinstance(one, Item) and parts and _continues(parts, one):
            parts.append(one)
            continue
        if parts:
            yield _album(parts)
            parts = []
        if isinstance(one, Item) and _sort(one):
            parts = [one]
        else:
            yield one
    if parts:
        yield _album(parts)


def _sort(item: Item) -> str:
    if not item.media or item.media[0].about.get("form") or item.message_id is None:
        return ""
    return SORTS.get(item.media[0].kind, "")


def _continues(parts: list[Item], one: Item) -> bool:
    last = parts[-1]
    if last.message_id is None or one.message_id is None or len(parts) >= MOST:
        return False
    if one.album_id is not None or last.album_id is not None:
        return one.album_id == last.album_id
    same = (
        _sort(one) == _sort(last)
        and one.message_id - last.message_id == 1
        and one.published_at is not None
        and one.published_at == last.published_at
        and (one.channel, one.author) == (last.channel, last.author)
        and (one.reply_to, one.forwarded_from) == (last.reply_to, last.forwarded_from)
    )
    return same and sum(bool(part.text) for part in (*parts, one)) <= 1


def _album(parts: list[Item]) -> Item:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    words = next((part for part in parts if part.text), first)
    return replace(
        first,
        text=words.text,
        entities=words.entities,
        kind="album",
        media=tuple(replace(media, caption=part.text) for part in parts for media in part.media),
        counts=_counts(parts),
        edited_at=max((part.edited_at for part in parts if part.edited_at), default=None),
        also_known=tuple(part.external_id for part in parts[1:]),
    )


def _counts(parts: list[Item]) -> Counts | None:
    reactions: dict[str, int] = {}
    for part in parts:
        for sign, count in (part.counts.reactions if part.counts else {}).items():
            reactions[sign] = max(count, reactions.get(sign, 0))
    return Counts(reactions=reactions) if reactions else first_counts(parts)


def first_counts(parts: list[Item]) -> Counts | None:
    """What the first part that counts anything counts."""
    return next((part.counts for part in parts if part.counts is not None), None)
