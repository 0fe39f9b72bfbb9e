"""What parsers hand to intake, and what intake answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from apps.core.errors import PermanentError

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entity:
    """Formatting of a stretch of text.

    Attributes:
        kind: bold, italic, underline, strike, spoiler, code, pre, quote, link, mention, hashtag, cashtag, command,
            email, phone, card (of a bank) or emoji.
        offset: the first character, counted in characters of the text (code points, not UTF-16 units).
        length: how many characters.
        value: a link's address, the language of pre, a custom emoji's id.
    """

    kind: str
    offset: int
    length: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """One picture, file, poll or the like of an item; `PostMedia` tells its fields."""

    kind: str
    key: str
    mime: str = ""
    size: int | None = None
    name: str = ""
    caption: str = ""
    remote: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    about: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Counts:
    """How an item fares at its source; None where the source does not say."""

    views: int | None = None
    forwards: int | None = None
    reactions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed, article of a site, or message of a channel, as its parser found it.

    Attributes:
        external_id: the source's own id; empty where it gives none.
        text: the body; what `markup` says it is written in.
        markup: "plain", "html" or "markdown" (the light kind that Telegram libraries write).
        entities: formatting of a plain `text`; of the other kinds it is read from the markup.
        published_at: aware; None where the source does not say.
        channel: the voice inside the source, where it holds several.
        kind: one of `Post.Kind`.
        media: in their order; `key` is a message's id or an address.
        message_id, album_id: of a Telegram message; the parts of an album share the latter. Parts may come one by one:
            intake puts them into one post, whose identity is that of the first part it saw.
        reply_to: the message that this one answers.
        edited_at: when the source says that it last changed.
        also_known: other ids under which this may be stored already (the further parts of an album).
    """

    external_id: str = ""
    title: str = ""
    text: str = ""
    url: str = ""
    author: str = ""
    published_at: datetime | None = None
    channel: str = ""
    markup: str = "plain"
    kind: str = "text"
    entities: tuple[Entity, ...] = ()
    media: tuple[Media, ...] = ()
    forwarded_from: str = ""
    forwarded_url: str = ""
    message_id: int | None = None
    album_id: int | None = None
    counts: Counts | None = None
    reply_to: int | None = None
    edited_at: datetime | None = None
    also_known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of a batch of items.

    Each one is added, changed or same; `dropped` counts those of the added that a filter dropped.
    """

    added: int = 0
    changed: int = 0
    same: int = 0
    dropped: int = 0

    def __add__(self, other: IntakeReport) -> IntakeReport:
        return IntakeReport(
            self.added + other.added,
            self.changed + other.changed,
            self.same + other.same,
            self.dropped + other.dropped,
        )


class UnreadableError(PermanentError):
    """What was fetched or uploaded is not in a format that Pult reads; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A feed as it stood at one moment: its own title and its entries, newest first where the feed says so.

    Attributes:
        ttl_s, period_s: how often it wants to be asked, by RSS and by the syndication module; 0 where it does not say.
        hub, topic: who tells of its entries, and under which address (WebSub); empty where nobody does.
    """

    title: str
    items: tuple[Item, ...]
    ttl_s: int = 0
    period_s: int = 0
    hub: str = ""
    topic: str = ""
