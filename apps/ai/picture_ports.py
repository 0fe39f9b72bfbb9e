"""What illustrating needs from outside: an illustrator, what it is asked, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext_noop

# What a drawn cover says of its illustrator; kept with the picture, shown through gettext.
COVER = gettext_noop("typographic cover")


@dataclass(frozen=True)
class PictureAsk:
    """What an illustrator is asked.

    Attributes:
        prompt: exactly as sent; of a cover, the words on it.
        label: who publishes it, a small line on a cover.
        count: how many candidates, 1 to 4.
        width, height: in pixels, as wished; an endpoint may have sizes of its own.
    """

    prompt: str
    label: str = ""
    count: int = 1
    width: int = 1280
    height: int = 720


@dataclass(frozen=True)
class Picture:
    """One candidate: an encoded JPEG, PNG or WebP."""

    content: bytes


@dataclass(frozen=True)
class Pictures:
    """The candidates of one request.

    Attributes:
        provider: who made them, for people.
        cost_usd: of all of them together, those that were lost on the way too.
        problem: why fewer came than are paid for, in words; empty where all did.
    """

    pictures: tuple[Picture, ...]
    provider: str
    model: str = ""
    cost_usd: Decimal = Decimal(0)
    problem: str = ""


class Illustrator(Protocol):
    """Makes pictures."""

    @property
    def label(self) -> str:
        """How it is named to a person."""
        ...

    @property
    def may_repeat(self) -> bool:
        """May it be asked again where its answer never came? Not where that could be paid for twice."""
        ...

    def price_of(self, count: int) -> Decimal:
        """What so many pictures are reckoned to cost, in dollars."""
        ...

    async def draw(self, ask: PictureAsk) -> Pictures:
        """Make the candidates; no ORM in here.

        Raises:
            RetryableError: the provider is busy or away, and nothing was made.
            UnknownOutcomeError: the request left, and no answer came that can be used.
            PermanentError: the key, the model or the words are refused.
        """
        ...
