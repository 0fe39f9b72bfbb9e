"""How the outbox is worked: admitted by the rate limits, begun, sent, recorded; and how a doubt is looked up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, RetryableError
from apps.core.work import drain, verbs
from apps.delivery import senders
from apps.delivery.models import Attempt, Delivery, LookUp
from apps.delivery.ports import LookUpAnswer, Parcel, Receipt
from apps.delivery.services.outcomes import delivery_attempted, delivery_sent, look_up_settle

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sent:
    """What a try to send brought."""

    receipt: Receipt
    took_s: float


@dataclass(frozen=True)
class Answered:
    """What a look-up brought."""

    answer: LookUpAnswer
    took_s: float


class Sessions:
    """The senders' sessions of one drain: one for each key, opened when it is first needed."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._open: dict[tuple[str, Hashable], Any] = {}
        self._lock = asyncio.Lock()

    async def of(self, parcel: Parcel) -> Any:
        """The session for this parcel."""
        async with self._lock:
            return await self._opened(parcel)

    async def _opened(self, parcel: Parcel) -> Any:
        way = senders.sender(parcel.sender)
        key = (parcel.sender, way.session_key(parcel))
        if key not in self._open:
            self._open[key] = await self._stack.enter_async_context(way.open(parcel))
        return self._open[key]


@asynccontextmanager
async def sessions() -> AsyncIterator[Sessions]:
    """The sessions of one drain; all are closed with it."""
    async with AsyncExitStack() as stack:
        yield Sessions(stack)


def delivery_plan(delivery: Delivery) -> Parcel:
    """Read all that sending needs."""
    return Parcel(
        delivery_id=delivery.pk,
        sender=delivery.sender,
        destination=delivery.destination,
        payload=delivery.payload,
        prepared=senders.sender(delivery.sender).prepare(delivery),
    )


async def delivery_send(parcel: Parcel, open_sessions: Sessions) -> Sent:
    """Wait for the rate limits, commit that it begins, hand it over.

    The wait and the opening of a session come before `begin`: a worker killed in them has certainly sent nothing.
    """
    way = senders.sender(parcel.sender)
    session = await open_sessions.of(parcel)
    wait = await way.admit(parcel)
    if wait > 0:
        raise drain.Defer(until=now() + timedelta(seconds=wait), reason=_("waits for the rate limit"))
    handle = drain.current()
    row, loop = handle.row, handle.loop
    assert loop is not None and isinstance(row, Delivery)  # noqa: S101, PT018 - asynchronous work of this kind
    await loop.ask_sync(partial(verbs.begin, row))
    started = time.monotonic()
    try:
        receipt = await way.send(parcel, session)
    except PultError as exc:
        took = time.monotonic() - started
        try:
            await loop.ask_sync(partial(_attempt_failed, row, exc, took))
        except DatabaseError:
            # What became of the try counts more than its line in the log of attempts.
            log.warning("delivery.attempt_not_logged", delivery=row.pk, error=str(exc), exc_info=True)
        raise
    return Sent(receipt, time.monotonic() - started)


def delivery_record(delivery: Delivery, sent: Sent) -> None:
    """Record a delivery that left; in the transaction that finishes it."""
    delivery_attempted(delivery, Attempt.Outcome.SENT, took_s=sent.took_s, detail=sent.receipt.vendor_id)
    delivery_sent(delivery, sent.receipt)


def look_up_plan(look_up: LookUp) -> Parcel:
    """Read all that the question needs."""
    return delivery_plan(look_up.delivery)


async def look_up_ask(parcel: Parcel, open_sessions: Sessions) -> Answered:
    """Ask the other side whether it arrived."""
    way = senders.sender(parcel.sender)
    started = time.monotonic()
    answer = await way.look_up(parcel, await open_sessions.of(parcel))
    return Answered(answer, time.monotonic() - started)


def look_up_record(look_up: LookUp, answered: Answered) -> None:
    """Settle the delivery by the answer; in the transaction that finishes the question."""
    look_up_settle(look_up, answered.answer, took_s=answered.took_s)


def _attempt_failed(delivery: Delivery, error: PultError, took_s: float) -> None:
    match error:
        case RetryableError():
            outcome = Attempt.Outcome.RETRY
        case PermanentError():
            outcome = Attempt.Outcome.FAILED
        case _:
            outcome = Attempt.Outcome.UNKNOWN
    delivery_attempted(delivery, outcome, detail=str(error), took_s=took_s)
