"""How the outbox is worked: admitted by the rate limits, begun, sent, recorded; and how a doubt is looked up."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, RetryableError
from apps.core.work import drain, verbs
from apps.delivery import senders
from apps.delivery.models import Attempt, Delivery, LookUp
from apps.delivery.ports import AddressedSender, CannotTell, LookUpAnswer, Parcel, Receipt, SearchingSender
from apps.delivery.services.joining import joined_payload
from apps.delivery.services.outcomes import delivery_attempted, delivery_sent, look_up_settle

log = structlog.get_logger(__name__)
Key = tuple[str, Hashable]
# A little closer than a bot's places: who comes early waits for a moment, and where nobody comes a place stays empty.
# Further than a minute ahead nobody can tell.
STEP_S, STEPS_MAX_S = 0.03, 60.0
# A request that is given up at its time-out still has to be recorded under the same lease.
RECORDED_S = 2.0


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
        self._put_off: dict[Key, deque[float]] = defaultdict(deque)
        self._open: dict[Key, Any] = {}
        self._locks: dict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, parcel: Parcel) -> Any:
        """The session for this parcel; one that is slow to open keeps only its own parcels waiting."""
        async with self._locks[key_of(parcel)]:
            return await self._opened(parcel)

    async def _opened(self, parcel: Parcel) -> Any:
        way = senders.sender(parcel.sender)
        key = key_of(parcel)
        if key not in self._open:
            self._open[key] = await self._stack.enter_async_context(way.open(parcel))
        return self._open[key]

    def comeback_s(self, parcel: Parcel, wait: float) -> float:
        """When one that the limits send away comes back: those of one session one after another, not all at once."""
        moment, others = time.monotonic(), self._put_off[key_of(parcel)]
        while others and others[0] <= moment:
            others.popleft()
        seconds = wait + min(len(others) * STEP_S, STEPS_MAX_S)
        others.append(moment + seconds)
        return seconds


def key_of(parcel: Parcel) -> Key:
    """What a session is kept under."""
    return parcel.sender, senders.sender(parcel.sender).session_key(parcel)


@asynccontextmanager
async def sessions() -> AsyncIterator[Sessions]:
    """The sessions of one drain; all are closed with it."""
    async with AsyncExitStack() as stack:
        yield Sessions(stack)


def delivery_plan(delivery: Delivery) -> Parcel:
    """Read all that sending needs, and take along what may leave in the same message."""
    parcel = parcel_of(delivery)
    return replace(parcel, payload=joined_payload(delivery))


def parcel_of(delivery: Delivery) -> Parcel:
    """A delivery as coroutines get it."""
    return Parcel(
        delivery_id=delivery.pk,
        sender=delivery.sender,
        destination=delivery.destination,
        payload=delivery.payload,
        prepared=senders.sender(delivery.sender).prepare(delivery),
        after_id=delivery.after.vendor_id if delivery.after else "",
    )


async def delivery_send(parcel: Parcel, open_sessions: Sessions) -> Sent:
    """Wait for its time and for the rate limits, commit that it begins, hand it over.

    The waits and the opening of a session come before `begin`: a worker killed in them has certainly sent nothing.
    """
    way = senders.sender(parcel.sender)
    session, handle = await open_sessions.of(parcel), drain.current()
    await handle.its_time()
    wait = await way.admit(parcel)
    if wait > 0:
        until = now() + timedelta(seconds=open_sessions.comeback_s(parcel, wait))
        raise drain.Defer(until=until, reason=_("waits for the rate limit"))
    row, loop = handle.row, handle.loop
    assert loop is not None and isinstance(row, Delivery)  # noqa: S101, PT018 - asynchronous work of this kind
    if handle.remaining_s() < settings.TELEGRAM_TIMEOUT_S + RECORDED_S:
        await handle.renewed()  # the waits took long; what can't be renewed is another worker's by now
    told = {"went_to": way.address(parcel)} if isinstance(way, AddressedSender) else {}
    await loop.ask_sync(partial(verbs.begin, row, **told))
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


def look_up_plan(look_up: LookUp) -> Parcel | LookUpAnswer:
    """Read all that the question needs; the answer itself, where that is known in the database."""
    way: object = senders.sender(look_up.delivery.sender)
    if not isinstance(way, SearchingSender):
        return parcel_of(look_up.delivery)
    if look_up.delivery.state != Delivery.State.UNKNOWN:
        return CannotTell()  # it has been settled meanwhile
    return way.search(look_up.delivery)


async def look_up_ask(parcel: Parcel | LookUpAnswer, open_sessions: Sessions) -> Answered:
    """Ask the other side whether it arrived."""
    if not isinstance(parcel, Parcel):
        return Answered(parcel, 0.0)
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
