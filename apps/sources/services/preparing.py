"""Items are made ready for storing: normalised, judged by the filters; without the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.sources import filters
from apps.sources.language import language_of
from apps.sources.models import Post
from apps.sources.parsers import markup
from apps.sources.parsers.entities import INVISIBLE, Rich
from apps.sources.ports import Counts, Entity, Item, Media

TEXT_MAX = 50_000
TITLE_MAX = 500
ADDRESS_MAX = 1000
CAPTION_MAX = 5000
MEDIA_MAX = 50
REACTIONS_MAX = 50
NUMBER_MAX = 2**63 - 1
KINDS = frozenset(Post.Kind.values)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item as it will be stored; the fields are those of `Post`, `also_known` that of `Item`."""

    external_id: str
    title: str
    text: str
    url: str
    author: str
    channel: str
    published_at: datetime | None
    language: str
    content_hash: str
    dropped_by: str = ""
    dropped_rule: int | None = None
    slow_rules: tuple[int, ...] = ()
    kind: str = "text"
    entities: tuple[Entity, ...] = ()
    media: tuple[Media, ...] = ()
    forwarded_from: str = ""
    forwarded_url: str = ""
    message_id: int | None = None
    album_id: int | None = None
    reply_to: int | None = None
    counts: Counts | None = None
    edited_at: datetime | None = None
    also_known: tuple[str, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether it says anything; pictures alone do not."""
        return bool(self.title or self.text)


def items_prepare(items: Iterable[Item], rules: filters.Rules) -> list[Prepared]:
    """Normalise items, find their language, apply the filters; without the database, so outside transactions too.

    Of two with one id the first is taken; parts of one album become one.
    """
    by_id: dict[str, Prepared] = {}
    for item in items:
        one = _prepare(item)
        if one is not None:
            by_id.setdefault(one.external_id, one)
    judge = filters.Judge(rules)
    return [judged(one, judge) for one in _albums_joined(by_id.values())]


def judged(one: Prepared, judge: filters.Judge) -> Prepared:
    """The same with what the filters say of it."""
    verdict = judge.verdict(
        filters.Candidate(
            title=one.title,
            text=one.text,
            language=one.language,
            author=one.author,
            kind=one.kind,
            media=tuple(part.kind for part in one.media),
            forwarded_from=one.forwarded_from,
            forwarded_url=one.forwarded_url,
            links=tuple(part.value for part in one.entities if part.kind == "link" and part.value),
        )
    )
    if not verdict.dropped_by and not verdict.slow:
        return one
    slow = tuple(key for key in verdict.slow if key is not None)
    return replace(one, dropped_by=verdict.dropped_by, dropped_rule=verdict.rule, slow_rules=slow)


def _prepare(item: Item) -> Prepared | None:
    title = markup.line_of_html(item.title)[:TITLE_MAX]
    rich = _rich(item)
    rich.shorten(TEXT_MAX)
    media = tuple({one.key: one for one in map(_media, item.media[:MEDIA_MAX])}.values())
    if not title and not rich.text and not media:
        return None
    digest = digest_of(title, rich.text)
    url = address(item.url)
    own = ":".join((digest, *(one.key for one in media))) if media and not rich.text else digest
    return Prepared(
        external_id=identity(item.external_id, url, own),
        title=title,
        text=rich.text,
        entities=rich.entities(),
        url=url,
        author=markup.tidy_line(item.author)[:200],
        channel=markup.tidy_line(item.channel)[:200],
        published_at=item.published_at,
        language=language_of(f"{title}\n{rich.text}"),
        content_hash=digest,
        kind=item.kind if item.kind in KINDS else Post.Kind.OTHER,
        media=media,
        forwarded_from=markup.tidy_line(item.forwarded_from)[:200],
        forwarded_url=address(item.forwarded_url),
        message_id=_number(item.message_id),
        album_id=_number(item.album_id),
        reply_to=_number(item.reply_to),
        counts=_counts(item.counts),
        edited_at=item.edited_at,
        also_known=tuple(identity(other, "", "") for other in item.also_known),
    )


def _rich(item: Item) -> Rich:
    if item.markup == "html":
        return markup.rich_of_html(item.text, base_url=item.url)
    return markup.rich_of_markdown(item.text) if item.markup == "markdown" else _rich_of_plain(item)


def _rich_of_plain(item: Item) -> Rich:
    return markup.rich_of_plain(item.text, item.entities)


def _albums_joined(prepared: Iterable[Prepared]) -> list[Prepared]:
    """Parts of an album become the post of its first message."""
    joined: dict[object, Prepared] = {}
    for one in prepared:
        key = one.external_id if one.album_id is None else (one.channel, one.album_id)
        other = joined.get(key)
        joined[key] = one if other is None else _joined(other, one)
    return list(joined.values())


def _joined(one: Prepared, other: Prepared) -> Prepared:
    first, later = sorted((one, other), key=lambda part: part.message_id or 0)
    words = first if first.has_words else later
    media = {part.key: part for part in (*first.media, *later.media)}
    return replace(
        first,
        title=words.title,
        text=words.text,
        entities=words.entities,
        language=words.language,
        content_hash=words.content_hash,
        kind=Post.Kind.ALBUM if len(media) > 1 else first.kind,
        media=tuple(media.values())[:MEDIA_MAX],
        counts=first.counts or later.counts,
        also_known=(*first.also_known, later.external_id, *later.also_known),
    )


def digest_of(title: str, text: str) -> str:
    """What tells one wording from another."""
    return hashlib.blake2b(f"{title}\n{text}".encode(), digest_size=16).hexdigest()


def address(url: str) -> str:
    """An http(s) address, or nothing: it becomes a link that an editor opens."""
    url = markup.tidy_line(url)
    return url if url.lower().startswith(("http://", "https://")) and len(url) <= ADDRESS_MAX else ""


def identity(external_id: str, url: str, digest: str) -> str:
    """The source's own id, else the address, else the content; long ones by their hash."""
    own = markup.tidy_line(external_id)
    return shortened(own or url or f"text:{digest}")


def shortened(identity: str) -> str:
    """An id, or its hash where it is long."""
    if len(identity) <= 200:
        return identity
    return "hash:" + hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()


def _media(one: Media) -> Media:
    return Media(
        kind=one.kind if one.kind in KINDS else Post.Kind.OTHER,
        key=shortened(markup.tidy_line(one.key)),
        mime=markup.tidy_line(one.mime)[:100],
        size=_number(one.size) if (one.size or 0) >= 0 else None,
        name=markup.tidy_line(one.name)[:255],
        caption=markup.tidy(one.caption)[:CAPTION_MAX].rstrip(),
        remote=cleaned(dict(one.remote)),
        about=cleaned(dict(one.about)),
    )


def _counts(counts: Counts | None) -> Counts | None:
    if counts is None:
        return None
    reactions = {cleaned(str(sign))[:100]: count for sign, count in list(counts.reactions.items())[:REACTIONS_MAX]}
    return Counts(_positive(counts.views), _positive(counts.forwards), reactions)


def _positive(value: int | None) -> int | None:
    return _number(value) if value is not None and value >= 0 else None


def _number(value: int | None) -> int | None:
    return value if value is not None and -NUMBER_MAX <= value <= NUMBER_MAX else None


def cleaned(value: Any) -> Any:
    """JSON without the characters that a database refuses."""
    if isinstance(value, str):
        return INVISIBLE.sub("", value)
    if isinstance(value, Mapping):
        return {cleaned(str(key)): cleaned(one) for key, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list | tuple) else value
