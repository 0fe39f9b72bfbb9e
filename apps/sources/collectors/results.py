"""What a collection came to, whatever the kind of its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.sources.services.intake import Prepared


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a collection came to; `outcome` is empty where the source did not want it any more.

    Attributes:
        prepared: items as they will be stored.
        etag, last_modified: marks to send back next time.
        is_answered: whether the other side answered at all.
        notes: what the collector's own `record` stores beside the posts, in the same transaction.
        is_partial: more was found than was read; the next collection follows soon.
        retry_after: seconds that the other side asked to wait after a failure.
    """

    outcome: str
    status: int | None = None
    prepared: tuple[Prepared, ...] = ()
    etag: str = ""
    last_modified: str = ""
    problem: str = ""
    retry_after: float | None = None
    is_answered: bool = True
    notes: Any = None
    is_partial: bool = False
