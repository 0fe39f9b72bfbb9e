"""The place in one process where people's Telegram accounts are connected and read channels.

A host has a thread and an event loop of its own. It takes the leases of accounts that are logged in, connects them,
and renews; everything else in the process asks it for readers from any thread and any loop.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import structlog
from django.db import DatabaseError, close_old_connections, connections

from apps.telegram.hosting.hosted import HostedReader
from apps.telegram.hosting.tenancy import Tenancy, not_held
from apps.telegram.reading import ChannelReader, SessionSnapshot
from apps.telegram.services.reading import reader_load
from apps.telegram.services.session_lease import LEASE_S
from apps.telegram.services.session_login import session_leave
from apps.telegram.session_lists import sessions_leaving, sessions_to_read

log = structlog.get_logger(__name__)
# (chat_id, session_pk): called on the host's thread; it must return at once and touch no database.
HintSink = Callable[[int, int], None]
Answer = TypeVar("Answer")
PAUSES_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
LEAVE_AGAIN_S = 60.0


@dataclass
class Place:
    """An account that the host knows of: its tenancy while there is one, and when it is tried again."""

    account: SessionSnapshot
    tenancy: Tenancy | None = None
    task: asyncio.Task[bool] | None = None
    failures: int = 0
    not_before: float = 0.0


@dataclass
class State:
    """What the host's loop keeps; touched on that loop alone."""

    places: dict[int, Place] = field(default_factory=dict)
    leaving: dict[int, float] = field(default_factory=dict)
    leaves: set[asyncio.Task[bool]] = field(default_factory=set)


class ReadingHost:
    """Holds the connections of the accounts whose leases this process has.

    `with ReadingHost(on_hint=...) as host:` starts and stops it. Accounts that were added, paused, logged out or lost
    are noticed within `look_every_s` seconds. A reader that was handed out before a lease was lost raises
    RetryableError (`code` "not_held") from then on.
    """

    def __init__(
        self,
        *,
        owner: str = "",
        on_hint: HintSink | None = None,
        lease_s: float = LEASE_S,
        look_every_s: float = 1.0,
    ) -> None:
        self.owner = (owner or f"{socket.gethostname()[:20]}:{os.getpid()}:{uuid4().hex[:8]}")[:64]
        self._on_hint = on_hint or (lambda _chat_id, _session_pk: None)
        self._lease_s, self._look_every_s = lease_s, look_every_s
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._held: dict[int, Tenancy] = {}  # replaced whole, so that other threads may read it
        self._ready = threading.Event()

    def start(self) -> None:
        """Start the thread; accounts are connected soon after."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="reading-host", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """Close every connection, give the leases back and end the thread."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("telegram.host_slow_to_stop")
        self._thread = None

    def is_running(self) -> bool:
        """Whether the host's thread lives; if it does not, the process had better end and be started anew."""
        return self._thread is not None and self._thread.is_alive()

    def held(self) -> frozenset[int]:
        """Primary keys of the accounts that are connected here now."""
        return frozenset(pk for pk, tenancy in self._held.items() if tenancy.is_open)

    def reader(self, session_pk: int) -> ChannelReader:
        """The account's reader, usable from any thread's event loop; its requests go through the account's budget.

        Found channels are kept as Peer rows, so that `services.session_budget.channel_ref` knows them later. `close`
        of it does nothing: the host owns the connection.

        Raises:
            RetryableError: `code` "not_held": another process has the account, or it is not connected (yet).
        """
        tenancy = self._held.get(session_pk)
        if tenancy is None or self._loop is None or not tenancy.is_open:
            raise not_held()
        return HostedReader(self._loop, tenancy)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # On the host's loop

    async def _run(self) -> None:
        """Look again and again who is to be read with, until the host is stopped."""
        self._loop, self._stopping = asyncio.get_running_loop(), (stopping := asyncio.Event())
        state = State()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading-rows") as threads:

            async def database(work: Callable[[], Answer]) -> Answer:
                """Do something with the ORM on the one thread for that."""
                return await asyncio.get_running_loop().run_in_executor(threads, partial(with_connection, work))

            self._ready.set()
            while not stopping.is_set():
                try:
                    wanted = {account.pk: account for account in await database(sessions_to_read)}
                    leaving = await database(sessions_leaving)
                except DatabaseError as error:
                    log.warning("telegram.host_database", error=str(error))
                else:
                    if wanted:
                        await asyncio.to_thread(reader_load)  # before leases run; loaded once
                    self._tend(state, wanted, database)
                    self._leave(state, leaving)
                await self._pause(stopping)
            await self._close(state)
            await asyncio.get_running_loop().run_in_executor(threads, connections.close_all)

    async def _pause(self, stopping: asyncio.Event) -> None:
        """Wait until the next look, or the stop."""
        try:
            async with asyncio.timeout(self._look_every_s):
                await stopping.wait()
        except TimeoutError:
            return

    def _tend(self, state: State, wanted: dict[int, SessionSnapshot], database: Callable[..., object]) -> None:
        """End what is not wanted (so) any more, note what has ended, begin what is wanted."""
        moment = asyncio.get_running_loop().time()
        for pk, place in list(state.places.items()):
            if place.task is not None and place.task.done():
                ended(place, place.task, moment)
            account = wanted.get(pk)
            if place.task is None:
                if account != place.account:
                    del state.places[pk]
            elif account != place.account and place.tenancy is not None:
                place.tenancy.end()
        for pk, account in wanted.items():
            place = state.places.setdefault(pk, Place(account))
            if place.task is None and moment >= place.not_before:
                place.tenancy = Tenancy(
                    account,
                    owner=self.owner,
                    lease_s=self._lease_s,
                    database=database,  # type: ignore[arg-type] # a generic function in a Protocol's shape
                    on_hint=self._on_hint,
                )
                place.task = asyncio.create_task(place.tenancy.run())
        self._held = {pk: place.tenancy for pk, place in state.places.items() if place.tenancy is not None}

    def _leave(self, state: State, leaving: list[int]) -> None:
        """Revoke the logins of accounts that are logging out; each on a thread of its own, for it asks Telegram."""
        moment = asyncio.get_running_loop().time()
        for pk in leaving:
            if moment >= state.leaving.get(pk, 0.0):
                state.leaving[pk] = moment + LEAVE_AGAIN_S
                task = asyncio.create_task(asyncio.to_thread(leave, pk))
                state.leaves.add(task)
                task.add_done_callback(state.leaves.discard)

    async def _close(self, state: State) -> None:
        """End every tenancy and wait for what is under way."""
        self._held = {}
        tasks: set[asyncio.Task[bool]] = set(state.leaves)
        for place in state.places.values():
            if place.tenancy is not None and place.task is not None:
                place.tenancy.end()
                tasks.add(place.task)
        if tasks:
            await asyncio.wait(tasks)


def ended(place: Place, task: asyncio.Task[bool], moment: float) -> None:
    """Note how a tenancy ended, and when the account is tried again."""
    failure = None if task.cancelled() else task.exception()
    if failure is not None:
        log.error("telegram.tenancy_failed", session=place.account.pk, exc_info=failure)
    good = failure is None and not task.cancelled() and task.result()
    # A lease that another process has is looked at again with the next look; trouble is not hurried.
    tried = place.tenancy is not None and place.tenancy.was_tried
    place.failures = 0 if good or not tried else place.failures + 1
    pause = PAUSES_S[min(place.failures, len(PAUSES_S)) - 1] if place.failures else 0.0
    place.tenancy, place.task, place.not_before = None, None, moment + pause


def with_connection(work: Callable[[], Answer]) -> Answer:
    """Run something that uses the ORM on a thread that lives long."""
    close_old_connections()
    return work()


def leave(session_pk: int) -> bool:
    """Revoke one login, on a thread that ends."""
    try:
        return session_leave(session_pk=session_pk)
    finally:
        connections.close_all()
