"""One account in the process that owns it: its lease, its connection, and the requests under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from itertools import count
from typing import Any, Protocol, TypeVar

import structlog
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, PultError, RetryableError
from apps.telegram.hosting.metered import MeteredReader
from apps.telegram.meter import Allowance, Meter
from apps.telegram.reading import ChannelInfo, ChannelReader, SessionSnapshot
from apps.telegram.services import session_budget, session_lease, sessions
from apps.telegram.services.reading import reader_open

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")
CLOSE_S = 5.0


class LeaseGoneError(Exception):
    """The lease has run out or is another process's."""


class Database(Protocol):
    """Runs a function that uses the ORM, on a thread made for that."""

    async def __call__(self, work: Callable[[], Answer]) -> Answer:
        """The function's answer."""
        ...


class Tenancy:
    """Owns one account from taking its lease to giving it back; all of it on the host's loop."""

    def __init__(
        self,
        account: SessionSnapshot,
        *,
        owner: str,
        lease_s: float,
        database: Database,
        on_hint: Callable[[int, int], None],
    ) -> None:
        self.account = account
        self.reader: MeteredReader | None = None
        self._owner, self._lease_s, self._database, self._on_hint = owner, lease_s, database, on_hint
        self._ended = asyncio.Event()
        self._lost: PermanentError | None = None
        self._cut: RetryableError | None = None
        self._good_until = 0.0
        self.was_tried = False
        self._listeners: set[asyncio.Queue[int]] = set()

    @property
    def is_open(self) -> bool:
        """Whether requests may go."""
        return self.reader is not None and not self._ended.is_set() and time.monotonic() < self._good_until

    def end(self) -> None:
        """Let go of the account at once: requests under way are broken off."""
        self._ended.set()

    async def run(self) -> bool:
        """Own the account until it is let go; False where it could not be connected, so that it is not hurried."""
        if not await self._took():
            return False
        self.was_tried = True
        try:
            return await self._connected()
        finally:
            self._ended.set()
            self.reader = None
            await self._database(
                partial(session_lease.session_lease_release, session_pk=self.account.pk, owner=self._owner)
            )

    async def request(self, ask: Callable[[MeteredReader], Awaitable[Answer]]) -> Answer:
        """Ask the reader; broken off when the account is let go.

        Raises:
            RetryableError: `code` "not_held"; or what the reader raises.
        """
        if not self.is_open or self.reader is None:
            raise not_held()
        with in_language(self.account):
            asking = asyncio.ensure_future(ask(self.reader))
        ending = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise not_held()
            return asking.result()
        except PermanentError as exc:
            if exc.code == "login_lost":
                self._lost = exc
                self.end()
            raise
        finally:
            asking.cancel()
            ending.cancel()

    async def found(self, channel: ChannelInfo) -> ChannelInfo:
        """Remember a channel that was found."""
        await self._database(partial(session_budget.peer_keep, session_pk=self.account.pk, channel=channel))
        return channel

    async def hints(self) -> AsyncIterator[int]:
        """The hints from now on, until the account is let go."""
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1000)
        self._listeners.add(queue)
        ending = asyncio.ensure_future(self._ended.wait())
        try:
            while not self._ended.is_set():
                waiting = asyncio.ensure_future(queue.get())
                await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    return
                yield waiting.result()
        finally:
            self._listeners.discard(queue)
            ending.cancel()

    # The parts of owning

    async def _took(self) -> bool:
        began = time.monotonic()
        took = await self._database(
            partial(
                session_lease.session_lease_take,
                session_pk=self.account.pk,
                owner=self._owner,
                lease_s=self._lease_s,
            )
        )
        self._good_until = began + self._lease_s * session_lease.OWN_SHARE
        return took

    async def _connected(self) -> bool:
        """Connect, serve, and record how it ended."""
        renewing = asyncio.ensure_future(self._renew())
        serving = asyncio.ensure_future(self._serve())
        ending = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({renewing, serving, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ended.set()
            self.reader = None
            for task in (renewing, serving, ending):
                task.cancel()
            await asyncio.wait({renewing, serving}, timeout=CLOSE_S)
        self._note(renewing)
        self._note(serving)
        if self._lost is not None:
            problem = str(self._lost)
            lose = partial(
                sessions.session_lose, session_pk=self.account.pk, problem=problem, string=self.account.string
            )
            if await self._database(lose):
                log.warning("telegram.session_lost", session=self.account.pk, problem=problem)
            return False
        if self._cut is not None:
            problem = str(self._cut)
            await self._database(partial(sessions.session_trouble, session_pk=self.account.pk, problem=problem))
            return False
        return True

    def _note(self, task: asyncio.Future[None]) -> None:
        """Sort how a part ended; what nobody expected is a bug and is logged as one."""
        if task.cancelled() or not task.done():
            return
        failure = task.exception()
        if isinstance(failure, PermanentError) and failure.code == "login_lost":
            self._lost = failure
        elif isinstance(failure, PermanentError):
            self._cut = RetryableError(str(failure), code=failure.code)
        elif isinstance(failure, PultError):
            self._cut = RetryableError(str(failure))
        elif failure is not None:
            self._cut = RetryableError(_("Pult made a mistake while it connected this account; it is in the log."))
            log.error("telegram.session_failed", session=self.account.pk, exc_info=failure)

    async def _renew(self) -> None:
        """Keep the lease; return when it is lost, or could not be renewed in time."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            began = time.monotonic()
            renew = partial(
                session_lease.session_lease_renew,
                session_pk=self.account.pk,
                owner=self._owner,
                lease_s=self._lease_s,
            )
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + self._good_until - began):
                    await self._renewed(renew)
            except (TimeoutError, LeaseGoneError):
                log.warning("telegram.lease_lost", session=self.account.pk)
                return
            self._good_until = began + self._lease_s * session_lease.OWN_SHARE

    async def _renewed(self, renew: Callable[[], bool]) -> None:
        """Renew, again and again while the database can't be asked."""
        for _turn in count():
            try:
                if not await self._database(renew):
                    raise LeaseGoneError
            except DatabaseError as error:
                log.warning("telegram.lease_not_renewed", session=self.account.pk, error=str(error))
                await asyncio.sleep(self._lease_s / 20)
            else:
                return

    async def _serve(self) -> None:
        """Connect, make sure of the login, and pass hints on for as long as the connection lives."""
        with in_language(self.account):
            await self._open()

    async def _open(self) -> None:
        known = await self._database(partial(session_budget.allowances, self.account.pk))
        async with reader_open(self.account) as reader:
            me = await reader.me()
            await self._database(partial(sessions.session_confirm, session_pk=self.account.pk, me=me))
            self.reader = MeteredReader(reader, Meter(known), self._keep)
            log.info("telegram.session_connected", session=self.account.pk)
            await self._listen(reader)

    async def _listen(self, reader: ChannelReader) -> None:
        async for chat_id in reader.hints():
            self._on_hint(chat_id, self.account.pk)
            for queue in self._listeners:
                if not queue.full():
                    queue.put_nowait(chat_id)

    async def _keep(self, allowance: Allowance, flooded: bool | None) -> None:
        """Write an allowance down, with what people are told of waits."""
        keep: Callable[..., Any] = session_budget.budget_flood_keep if flooded else session_budget.budget_keep
        await self._database(partial(keep, session_pk=self.account.pk, allowance=allowance))
        if flooded is None:
            await self._database(
                partial(session_budget.budget_resumed, session_pk=self.account.pk, operation=allowance.operation)
            )


def in_language(account: SessionSnapshot) -> AbstractContextManager[None]:
    """Say what is refused in the language of the account's workspace; a task that begins inside keeps to it."""
    return translation.override(account.language or None)


def not_held() -> RetryableError:
    """This process does not have the account (any more)."""
    return RetryableError(_("The account is not connected in this process."), code="not_held", retry_after=1.0)
