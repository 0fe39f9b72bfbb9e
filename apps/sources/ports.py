"""What parsers hand to intake, and what intake answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.core.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed or message of an export, as its parser found it.

    Attributes:
        external_id: the source's own id; empty where it gives none.
        text: the body; what `markup` says it is written in.
        markup: "plain", "html" or "markdown" (the light kind that Telegram libraries write).
        published_at: aware; None where the source does not say.
        channel: the voice inside the source, where it holds several.
    """

    external_id: str = ""
    title: str = ""
    text: str = ""
    url: str = ""
    author: str = ""
    published_at: datetime | None = None
    channel: str = ""
    markup: str = "plain"


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
    """A feed as it stood at one moment: its own title and its entries, newest first where the feed says so."""

    title: str
    items: tuple[Item, ...]
