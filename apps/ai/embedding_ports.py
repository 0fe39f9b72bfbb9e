"""What comparing by meaning needs from outside: an embedder, and what it hands back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from apps.ai.ports import Usage

TEXTS_MAX = 128  # a request
CHARACTERS_MAX = 2000  # of a text; what a report tells of stands at its beginning


@dataclass(frozen=True)
class Vectors:
    """The vectors of some texts, in their order, all of one length; none is nothing but noughts."""

    vectors: tuple[tuple[float, ...], ...]
    writer: str
    model: str
    usage: Usage = field(default_factory=Usage)


class Embedder(Protocol):
    """Turns texts into vectors whose directions are alike where the texts mean alike."""

    @property
    def model(self) -> str:
        """Under which name its vectors are kept: those of two models can't be compared."""
        ...

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing, so that no budget is asked."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of up to `TEXTS_MAX` texts, none of them empty; no ORM in here.

        Raises:
            RetryableError: the vendor is busy, away or answered nonsense.
            PermanentError: the key, the model or a text is refused.
            PaidError: either of them, where an answer came and is paid for.
        """
        ...
