"""One event loop per drain, run in slices.

The loop only runs while the drain waits; claims, begins and records happen between the slices, on the same thread,
where the ORM is allowed and its connection is the thread's own. Nothing else has to be guarded.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.core.clock import now
from apps.core.errors import UnknownOutcomeError
from apps.core.work import verbs
from apps.core.work.models import WorkRow

# Rounds of the loop from bytes that came to the code that waits for them.
STEPS = 5
LATE = "no answer before the lease ran out"
Session = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass(eq=False)
class Handle:
    """The row that this code works; `drain.current()` gives it."""

    row: WorkRow
    lease: timedelta
    loop: SlicedLoop | None = None
    limit: asyncio.Timeout | None = None

    def remaining_s(self) -> float:
        """Seconds until the lease runs out; a request's time-out is shorter than this."""
        return (self.row.not_before - now()).total_seconds()

    def renew(self) -> None:
        """Move the lease's end, between the steps of synchronous work.

        Raises:
            LeaseLost: another worker has the row; stop.
        """
        verbs.renew(self.row, lease=self.lease)

    async def its_time(self) -> None:
        """Wait until the row is due, where it was claimed ahead of its time."""
        await asyncio.sleep(max(0.0, (self.row.was_due_at - now()).total_seconds()))

    async def renewed(self) -> None:
        """As `renew`, for asynchronous work.

        Raises:
            LeaseLost: another worker has the row; stop.
        """
        assert self.loop is not None  # noqa: S101
        await self.loop.ask_sync(self.renew)
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time() + self.remaining_s())


_current: contextvars.ContextVar[Handle] = contextvars.ContextVar("work_handle")


def current() -> Handle:
    """The row that the calling code works.

    Raises:
        LookupError: the code does not run inside a drain.
    """
    return _current.get()


@contextmanager
def entered(handle: Handle) -> Iterator[None]:
    """Make `current()` answer with this row inside the block."""
    token = _current.set(handle)
    try:
        yield
    finally:
        _current.reset(token)


@dataclass(frozen=True)
class Landed:
    """What one piece of asynchronous work came to."""

    handle: Handle
    result: Any = None
    error: BaseException | None = None


class SlicedLoop:
    """Runs coroutines while the drain waits; where their minute counts, also between its steps."""

    def __init__(self, session: Session | None, *, to_the_minute: bool = False) -> None:
        self._to_the_minute = to_the_minute
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._events: asyncio.Queue[Landed | None] = asyncio.Queue()
        self._asks: deque[Callable[[], None]] = deque()
        self._tasks: dict[Handle, asyncio.Task[None]] = {}
        self._session_factory = session
        self._session: Any = None
        self._keeper: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def flights(self) -> int:
        """How much work is in flight."""
        return len(self._tasks)

    @property
    def early(self) -> int:
        """How many rows in flight were claimed ahead of their time and still wait for it."""
        at = now()
        return sum(handle.row.was_due_at > at for handle in self._tasks)

    def wake(self) -> None:
        """End the present slice; safe from any thread."""
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            self._loop.call_soon_threadsafe(self._events.put_nowait, None)

    def open(self) -> None:
        """Open the session, once; its opening and closing happen in one task, as some libraries want."""
        if self._session_factory is not None and self._keeper is None:
            opened: asyncio.Future[Any] = self._loop.create_future()
            self._keeper = self._loop.create_task(self._keep(self._session_factory, opened))
            try:
                self._session = self._runner.run(_result_of(opened))
            except BaseException:
                self._keeper = None
                raise

    async def _keep(self, factory: Session, opened: asyncio.Future[Any]) -> None:
        try:
            async with factory() as session:
                opened.set_result(session)
                await self._closing.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    def start(self, handle: Handle, work: Callable[..., Coroutine[Any, Any, Any]], plan: Any) -> None:
        """Start one piece of work; it runs in the slices to come."""
        handle.loop = self
        context = contextvars.copy_context()
        context.run(_current.set, handle)
        coroutine = work(plan) if self._session_factory is None else work(plan, self._session)
        self._tasks[handle] = self._loop.create_task(self._fly(handle, coroutine), context=context)

    async def _fly(self, handle: Handle, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            async with asyncio.timeout(handle.remaining_s()) as handle.limit:
                result = await coroutine
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - recorded on the row by the drain
            late = handle.limit is not None and handle.limit.expired()
            landed = Landed(handle, error=UnknownOutcomeError(LATE, code="lease_over") if late else error)
        else:
            landed = Landed(handle, result)
        self._events.put_nowait(landed)

    async def ask_sync(self, call: Callable[[], None]) -> None:
        """Have the drain do something that needs the ORM, between two slices."""
        answer: asyncio.Future[None] = self._loop.create_future()

        def carry_out() -> None:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                answer.set_exception(error)
            else:
                answer.set_result(None)

        self._asks.append(carry_out)
        self._events.put_nowait(None)
        await answer

    def slice(self, seconds: float) -> list[Landed]:
        """Run until something lands, someone wakes the drain, or the time is over; returns what landed."""
        landed = [event for event in self._runner.run(self._gather(seconds)) if event is not None]
        for one in landed:
            del self._tasks[one.handle]
        self.breathe()
        return landed

    def between(self) -> None:
        """Between two steps of the drain."""
        if self._to_the_minute:
            self.breathe()

    def breathe(self) -> None:
        """Let what is in flight take a step, and do what it asks for: what has come is seen, what is due leaves.

        Who asked goes on before the next is served: a worker killed now leaves one row begun, not all.
        """
        self._runner.run(_steps())
        while self._asks:
            self._asks.popleft()()
            self._runner.run(_steps())

    async def _gather(self, seconds: float) -> list[Landed | None]:
        events = []
        with suppress(TimeoutError):
            events.append(await asyncio.wait_for(self._events.get(), seconds))
        while not self._events.empty():
            events.append(self._events.get_nowait())
        return events

    def cancel_repeatable(self) -> None:
        """Stop the work that was not begun and may be done again; it lands as cancelled."""
        repeatable = [task for handle, task in self._tasks.items() if handle.row.begun_at is None]
        for task in repeatable:
            task.cancel()

    def close(self) -> None:
        """Close the session and the loop."""
        try:
            if self._keeper is not None:
                self._closing.set()
                self._runner.run(_done(self._keeper))
        finally:
            self._runner.close()


async def _steps() -> None:
    for _step in range(STEPS):
        await asyncio.sleep(0)


async def _result_of(future: asyncio.Future[Any]) -> Any:
    return await future


async def _done(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
