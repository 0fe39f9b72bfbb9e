"""The process that reads Telegram channels: it drains the readings of the accounts that it holds."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from django.db import DatabaseError, close_old_connections

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.ticks import tick_record
from apps.core.work import claims, drain, kinds, stopping
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.sources.collectors.channel import FIND_LATER, ReadPlan, ReadResult, channel_read
from apps.sources.models import Poll, Source
from apps.sources.services import asks, channel_accounts, read_schedule, reads
from apps.telegram.reading import ChannelReader

log = structlog.get_logger(__name__)
KIND = "channel_read"
PROCESS = "run_telegram_reader"
LEASE = timedelta(minutes=3)
FLIGHTS_EACH, FLIGHTS_MOST = 2, 12  # readings at a time: of one account, of all
LOOK_S, TICK_S, SPREAD_S = 1.0, 10.0, 5.0
WAIT_S = 5.0
LONG_WAIT_S = 60.0  # from here on all readings of the account are put off at once, not one by one
WAITS = frozenset({"flood", "no_budget", "not_held"})


class Accounts(Protocol):
    """Where the accounts are connected; `reading_host.ReadingHost` is one."""

    def is_running(self) -> bool:
        """Whether the connections are looked after."""
        ...

    def held(self) -> frozenset[int]:
        """Accounts that may be asked now."""
        ...

    def reader(self, session_pk: int) -> ChannelReader:
        """The reader of one of them."""
        ...


class Every:
    """Says when it is time again; the first time at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.again()

    def again(self) -> None:
        """Let the next time be now."""
        self._next = float("-inf")

    def is_time(self) -> bool:
        """Whether the time has come; the next is so many seconds from now."""
        at = time.monotonic()
        if at < self._next:
            return False
        self._next = at + self._seconds
        return True


class ChannelReading:
    """Drains readings until it is stopped; `hint` and `stop` may be called from any thread."""

    def __init__(self, *, alive: Callable[[], None] = lambda: None) -> None:
        self._alive = alive
        self._accounts: Accounts | None = None
        self._hinted: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._held: frozenset[int] = frozenset()
        self._until: dict[int, datetime] = {}
        self._put_off: list[tuple[int, datetime]] = []
        self._ticks, self._spreads = Every(TICK_S), Every(SPREAD_S)

    # From other threads

    def hint(self, chat_id: int, _session_pk: int) -> None:
        """Something seems to have happened in a channel."""
        with self._lock:
            self._hinted.add(chat_id)
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more, land what is under way, and end."""
        stopping.ask()
        self._wake.set()

    # On the thread of the drain

    def run(self, accounts: Accounts) -> None:
        """Read with these accounts until `stop`, or until their connections break off."""
        while not stopping.is_asked() and accounts.is_running():
            try:
                self.turn(accounts)
            except DatabaseError as error:
                log.warning("reader.database_away", error=str(error))
            close_old_connections()
            self._wake.wait(LOOK_S)
            self._wake.clear()

    def turn(self, accounts: Accounts) -> None:
        """Look once, and drain what is due."""
        self._accounts = accounts
        if self._spreads.is_time():
            channel_accounts.channels_spread()
        if claims.is_due(kinds.get(KIND), only=self.readable()):
            drain.run(self.job())

    def job(self) -> drain.Job:
        """How readings are worked, with as many at a time as the accounts are good for."""
        return drain.Job(
            kind=KIND,
            plan=reads.read_plan,
            work=self.read,
            record=reads.read_record,
            lease=LEASE,
            concurrency=min(FLIGHTS_MOST, max(1, len(self._held)) * FLIGHTS_EACH),
            only=self.readable,
        )

    def readable(self) -> Only:
        """The channels of the accounts that may be asked now; asked before each claim, so it also looks around."""
        assert self._accounts is not None  # noqa: S101
        if self._ticks.is_time():
            tick_record(PROCESS)
            self._alive()
        held = self._accounts.held()
        for pk in held - self._held:
            read_schedule.reads_taken_over(pk)
        self._held = held
        with self._lock:
            hinted, self._hinted = self._hinted, set()
            put_off, self._put_off = self._put_off, []
        if hinted:
            read_schedule.reads_hinted(hinted)
            asks.regains_hinted(hinted)
        for pk, until in put_off:
            read_schedule.reads_put_off(session_pk=pk, until=until)
        at = now()
        self._until = {pk: until for pk, until in self._until.items() if until > at}
        return Only("source", Source.objects.filter(session__in=held - self._until.keys()))

    # On the loop of the drain

    async def read(self, plan: ReadPlan) -> ReadResult:
        """Read one channel; what is refused becomes words, what must wait is put off."""
        if not plan.is_wanted or self._accounts is None:
            return ReadResult("")
        try:
            return await channel_read(plan, self._accounts.reader(plan.session_pk))
        except RetryableError as error:
            if error.code in WAITS or error.code == FIND_LATER:
                raise self._later(plan.session_pk, error) from error
            return _failed(plan, error, error.retry_after)
        except PermanentError as error:
            return _failed(plan, error)

    def _later(self, session_pk: int, error: RetryableError) -> Defer:
        seconds = error.retry_after or WAIT_S
        until = now() + timedelta(seconds=seconds)
        if error.code in {"flood", "no_budget"}:
            self._until[session_pk] = until
            if seconds >= LONG_WAIT_S:
                with self._lock:
                    self._put_off.append((session_pk, until))
        return Defer(until=until + timedelta(seconds=random.uniform(0, min(seconds * 0.1, 60.0))), reason=str(error))


def _failed(plan: ReadPlan, error: RetryableError | PermanentError, retry_after: float | None = None) -> ReadResult:
    return ReadResult(
        Poll.Outcome.FAILED, plan.session_pk, problem=str(error), code=error.code, retry_after=retry_after
    )
