"""A sender that writes letters into a box and fails as it is told."""

# ruff: noqa: ARG002 - the protocol's arguments

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
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
        after_ids: the id that each parcel on its way knew of the one it names.
        opened: how many sessions were opened.
        on_admit, on_send: called when a parcel is about to be admitted, and when it is on its way.
    """

    sent: list[str] = field(default_factory=list)
    troubles: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    recorded: list[tuple[int, str]] = field(default_factory=list)
    after_ids: list[str] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    most_at_once: int = 0
    at_once: int = 0
    on_admit: Callable[[], None] | None = None
    on_send: Callable[[], None] | None = None
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
        if session.on_send is not None:
            session.on_send()
        session.at_once += 1
        session.most_at_once = max(session.most_at_once, session.at_once)
        try:
            session.after_ids.append(parcel.after_id)
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


class Bundle(Letter):
    """Letters to one address that go into one envelope, up to four."""

    def joined(self, payloads: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        if len(payloads) > 4 or any("alone" in payload for payload in payloads):
            return None
        return {"text": "+".join(payload["text"] for payload in payloads)}


class Postcard(Letter):
    """Letters of which a second one does no harm."""

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:
        return True


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
