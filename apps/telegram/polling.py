"""The program that asks Telegram what bots are told: one asyncio process, long polling, one task a bot.

An update's row is committed before the question that confirms it is sent, because the offset follows from the rows and
from nothing else. So a kill at any moment loses nothing, and what comes twice is known by its number.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils.translation import gettext_lazy as lazy
from prometheus_client import Counter

from apps.core.crypto import DecryptionError
from apps.core.errors import PermanentError, PultError, RetryableError
from apps.telegram import hooks, selectors
from apps.telegram.inbound import KINDS, callbacks_in
from apps.telegram.ports import BotUpdates
from apps.telegram.selectors import Listening
from apps.telegram.services import BOT_CODES, bot_updates, inboxes, token_refused, updates

log = structlog.get_logger(__name__)
POLLS = Counter("pult_bots_polls", "Questions for bots' updates by what came of them.", ["outcome"])
STORED = Counter("pult_bots_updates", "Updates stored.")
# How often added, paused and changed bots are looked for, and leases looked after.
TICK_S = 2.0
CALLBACK_S = 3.0  # for all that were pressed: the next question waits for it
FORGET_EVERY_S = 600.0
FORGET_BATCHES = 20
THREADS = 4
BACKOFF_FIRST_S, BACKOFF_CAP_S = 1.0, 60.0
# Another poller's last question may still hang at Telegram after its process has gone.
CONFLICTS_BORNE = 2
SURE = frozenset({"webhook_active", "webhook_failing", "webhook_refused", "token_unreadable"})
# How often it is looked whether Telegram's calls arrive.
HOOK_LOOK_S = 30.0
UNREADABLE = lazy("Its token can't be read with the present keys. Save the token once more.")
Answer = TypeVar("Answer")


def owner_name() -> str:
    """A name that no other process has."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass
class Trouble:
    """How often in a row a bot's question failed, and the pause that follows."""

    times: int = 0
    codes: list[str] = field(default_factory=list)

    def pause_s(self, error: BaseException) -> float:
        """Count a failure; the wait, doubling with jitter, unless Telegram asked for one of its own."""
        self.times += 1
        code = getattr(error, "code", "") or type(error).__name__
        self.codes = [*self.codes, code][-CONFLICTS_BORNE:]
        if isinstance(error, RetryableError) and error.retry_after is not None:
            return error.retry_after + random.uniform(0, 1)
        ceiling = min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2 ** min(self.times - 1, 10))
        return random.uniform(ceiling / 2, ceiling)

    def worth_telling(self, code: str) -> bool:
        """Whether a person should see it: a conflict may pass, a webhook does not."""
        return code in SURE or self.codes == [code] * CONFLICTS_BORNE


class Polling:
    """Every bot that this process listens to."""

    def __init__(self) -> None:
        self.owner = owner_name()
        self._stop = asyncio.Event()
        self._tasks: dict[Listening, asyncio.Task[None]] = {}
        self._bugs: dict[int, Trouble] = {}
        self._rests: dict[int, float] = {}
        self._database = ThreadPoolExecutor(THREADS, thread_name_prefix="bots-db")

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    async def run(self) -> None:
        """Listen until asked to stop, then give the leases back."""
        log.info("bots.started", owner=self.owner)
        housekeeping = asyncio.create_task(self._forget_regularly())
        try:
            while not self._stop.is_set():
                try:
                    await self._look()
                except DatabaseError as error:
                    log.warning("bots.database_away", error=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), TICK_S)
        finally:
            await ended([housekeeping, *self._tasks.values()])
            with suppress(DatabaseError):
                await self._ask(lambda: inboxes.inboxes_release(owner=self.owner))
            self._database.shutdown(wait=True)
            log.info("bots.stopped", owner=self.owner)

    async def _look(self) -> None:
        """Take what may be taken, begin with what is new, end what is gone or another's."""
        wanted = {one.pk: one for one in await self._ask(selectors.bots_listening)}
        held = await self._ask(lambda: inboxes.inboxes_take(owner=self.owner, bots=wanted))
        mine = {wanted[pk] for pk in held if pk in wanted}
        over = [one for one, task in self._tasks.items() if one not in mine or task.done()]
        for one in over:
            if fault := fault_of(self._tasks[one]):
                POLLS.labels("bug").inc()
                pause = self._bugs.setdefault(one.pk, Trouble()).pause_s(fault)
                self._rests[one.pk] = time.monotonic() + pause
        await ended([self._tasks.pop(one) for one in over])
        gone = {one.pk for one in over} - {one.pk for one in mine}
        if gone:
            await self._ask(lambda: inboxes.inboxes_release(owner=self.owner, bots=gone))
        rested = {one for one in mine if self._rests.get(one.pk, 0.0) <= time.monotonic()}
        for one in rested - self._tasks.keys():
            log.info("bots.listens", bot=one.bot_id)
            self._tasks[one] = asyncio.create_task(self._listen(one))

    async def _listen(self, one: Listening) -> None:
        """Ask one bot's updates again and again; whatever fails, fails for this bot alone.

        A bug ends the task, is logged, and the bot rests before it is listened to again.
        """
        trouble = Trouble()
        while True:
            try:
                bot = one.snapshot()
                async with bot_updates(bot) as api:
                    if one.hook:
                        await hooks.hook_set(one, api, owner=self.owner, ask=self._ask)
                    elif left := await self._ask(lambda: hooks.hook_is_left(one)):
                        await hooks.hook_dropped(one, api, owner=self.owner, ask=self._ask, left=left)
                    while True:
                        await (self._called_once(one, api) if one.hook else self._asked_once(one, api))
                        trouble = Trouble()
            except DecryptionError:
                error: PultError | DatabaseError = PermanentError(str(UNREADABLE), code="token_unreadable")
            except (PultError, DatabaseError) as exc:
                error = exc
            POLLS.labels(getattr(error, "code", "") or "other").inc()
            pause = trouble.pause_s(error)
            with suppress(DatabaseError):
                if await self._noted(one, error, trouble):
                    return
            await asyncio.sleep(pause)

    async def _asked_once(self, one: Listening, api: BotUpdates) -> None:
        """One question: what comes is stored before the next one confirms it."""
        offset = await self._ask(lambda: selectors.next_offset(one.pk))
        try:
            found = await api.get_updates(offset=offset, wait_s=settings.TELEGRAM_POLL_S, kinds=KINDS)
        except PermanentError as exc:
            if exc.code != "webhook_active":
                raise
            await hooks.hook_in_the_way(one, api, ask=self._ask)
            raise
        if found:
            STORED.inc(await self._ask(lambda: updates.updates_store(rows=one.rows, raws=found)))
            await callbacks_answered(api, found)
        POLLS.labels("ok").inc()
        await self._ask(lambda: inboxes.inbox_heard(bot=one.pk, owner=self.owner))
        if found and await self._ask(lambda: selectors.next_offset(one.pk)) == offset:
            # Nothing in it could be confirmed: not even a number. Ask again, but not in a hurry.
            raise RetryableError("updates without numbers", code="no_numbers")

    async def _called_once(self, one: Listening, api: BotUpdates) -> None:
        """A look at a bot that Telegram calls for."""
        await hooks.hook_looked_at(one, api, owner=self.owner, ask=self._ask)
        POLLS.labels("hook").inc()
        await self._ask(lambda: inboxes.inbox_heard(bot=one.pk, owner=self.owner))
        await asyncio.sleep(HOOK_LOOK_S)

    async def _noted(self, one: Listening, error: PultError | DatabaseError, trouble: Trouble) -> bool:
        """Tell of a failure where it is worth it; True where the bot is not to be asked any more."""
        if isinstance(error, DatabaseError):
            log.warning("bots.database_away", bot=one.bot_id, error=type(error).__name__)
            return False
        code = str(getattr(error, "code", ""))
        if code in BOT_CODES:
            await self._ask(lambda: token_refused(one.snapshot(), str(error)))
            return True
        if trouble.times == 1:
            log.warning("bots.unheard", bot=one.bot_id, code=code)
        if trouble.worth_telling(code):
            await self._ask(lambda: inboxes.inbox_troubled(bot=one.pk, owner=self.owner, problem=str(error), code=code))
        return False

    async def _forget_regularly(self) -> None:
        """Delete old updates, a few at a time."""
        while True:
            try:
                for _ in range(FORGET_BATCHES):
                    if await self._ask(updates.updates_forget) < updates.BATCH:
                        break
            except DatabaseError as error:
                log.warning("bots.database_away", error=type(error).__name__)
            await asyncio.sleep(FORGET_EVERY_S)

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Ask the database in a thread of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._database, in_thread, question)


async def callbacks_answered(api: BotUpdates, found: list[object]) -> None:
    """Let pressed buttons stop turning. What came of them is told by a message; this is only for the eye."""
    try:
        async with asyncio.timeout(CALLBACK_S):
            await asyncio.gather(*(callback_answered(api, pressed) for pressed in callbacks_in(found)))
    except TimeoutError:
        log.info("bots.callback_unanswered", code="timeout")


async def callback_answered(api: BotUpdates, pressed: str) -> None:
    """Let one button stop turning, if it can be."""
    try:
        await api.callback_answered(pressed)
    except PultError as error:
        log.info("bots.callback_unanswered", code=getattr(error, "code", ""))


def in_thread(question: Callable[[], Answer]) -> Answer:
    """Run database work, on a connection that still lives."""
    close_old_connections()
    try:
        return question()
    finally:
        if any(one.errors_occurred for one in connections.all(initialized_only=True)):
            connections.close_all()
        close_old_connections()


def fault_of(task: asyncio.Task[None]) -> BaseException | None:
    """The bug that a task ended with; None where it runs, or ended otherwise."""
    return task.exception() if task.done() and not task.cancelled() else None


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their ends."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("bots.bug", exc_info=outcome)
