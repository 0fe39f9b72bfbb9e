"""A sender that writes letters into a box and fails as it is told."""

# ruff: noqa: ARG002 - the protocol's arguments

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from apps.delivery.models import Delivery
from apps.delivery.ports import Absent, LookUpAnswer, Parcel, Receipt


@dataclass
class Box:
    """What the letters' world looks like.

    Attributes:
        sent: the texts that arrived, in order.
        troubles: what the next sends raise, or a function to call; None lets one through.
        answers: what the next look-ups answer or raise.
        waits: what the rate limits answer next.
        recorded: every (delivery, outcome) that the sender was told.
        opened: how many sessions were opened.
        on_admit: called when a parcel is about to be admitted.
    """

    sent: list[str] = field(default_factory=list)
    troubles: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    recorded: list[tuple[int, str]] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    most_at_once: int = 0
    at_once: int = 0
    on_admit: Callable[[], None] | None = None
    prepare_trouble: Exception | None = None

    def empty(self) -> None:
        """Begin anew."""
        vars(self).update(vars(Box()))


BOX = Box()


class Letter:
    """Sends letters whose arrival can't be doubted away."""

    exactly_once = False
    looks_up = False

    def prepare(self, delivery: Delivery) -> str:
        if BOX.prepare_trouble is not None:
            raise BOX.prepare_trouble
        return f"stamp {delivery.pk}"

    def session_key(self, parcel: Parcel) -> Hashable:
        return "office"

    def open(self, parcel: Parcel) -> AbstractAsyncContextManager[Box]:
        return office()

    async def admit(self, parcel: Parcel) -> float:
        if BOX.on_admit is not None:
            BOX.on_admit()
        return BOX.waits.pop(0) if BOX.waits else 0.0

    async def send(self, parcel: Parcel, session: Box) -> Receipt:
        session.at_once += 1
        session.most_at_once = max(session.most_at_once, session.at_once)
        try:
            await asyncio.sleep(0.01)
            trouble = session.troubles.pop(0) if session.troubles else None
            if trouble is not None:
                raise trouble
            session.sent.append(parcel.payload["text"])
        finally:
            session.at_once -= 1
        return Receipt(vendor_id=f"letter-{len(session.sent)}", url=f"https://letters.test/{len(session.sent)}")

    async def look_up(self, parcel: Parcel, session: Box) -> LookUpAnswer:
        answer = session.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        BOX.recorded.append((delivery.pk, outcome))


class RegisteredLetter(Letter):
    """Letters whose office can be asked."""

    looks_up = True


class Note(Letter):
    """Nothing leaves; what is recorded is the effect."""

    exactly_once = True

    async def look_up(self, parcel: Parcel, session: Box) -> LookUpAnswer:
        return Absent()


@asynccontextmanager
async def office() -> AsyncIterator[Box]:
    BOX.opened += 1
    yield BOX
    BOX.closed += 1
