"""Fetching the files of channels' messages, in a thread of the process that reads channels.

A thread of its own, because a large file takes minutes and readings do not wait for it. The budget of files is apart
too, so that a wait that Telegram asks for stops files and nothing else.
"""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, close_old_connections, connections

from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.core.work import claims, drain, kinds, stopping
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.sources.channel_reader import WAIT_S, WAITS, Accounts
from apps.sources.collectors.media import channel_media_fetch
from apps.sources.media_bytes import Kept
from apps.sources.media_parts import MediaPlan
from apps.sources.models import Source
from apps.sources.services import fetching

log = structlog.get_logger(__name__)
KIND = "channel_fetch"
LEASE = timedelta(minutes=5)
LOOK_S = 1.0
FLIGHTS_MOST = 4
JOIN_S = 15.0


class ChannelFetching:
    """Drains fetches with these accounts; `with ChannelFetching(host):` starts and stops its thread."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._until: dict[int, datetime] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="channel-fetching", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            while not (self._ended.wait(LOOK_S) or stopping.is_asked()):
                try:
                    self.turn()
                except DatabaseError as error:
                    log.warning("fetcher.database_away", error=str(error))
                close_old_connections()
        finally:
            connections.close_all()

    def turn(self) -> None:
        """Look once, and drain what is due."""
        if claims.is_due(kinds.get(KIND), only=self.fetchable()):
            drain.run(self.job())

    def job(self) -> drain.Job:
        """How files are fetched: one at a time of each account."""
        return drain.Job(
            kind=KIND,
            plan=fetching.channel_fetch_plan,
            work=self.fetch,
            record=fetching.fetch_record,
            lease=LEASE,
            concurrency=max(1, min(FLIGHTS_MOST, len(self._accounts.held()))),
            attempts_max=5,
            only=self.fetchable,
        )

    def fetchable(self) -> Only:
        """The channels of the accounts that may be asked for files now."""
        at = now()
        self._until = {pk: until for pk, until in self._until.items() if until > at}
        return Only("source", Source.objects.filter(session__in=self._accounts.held() - self._until.keys()))

    async def fetch(self, plan: MediaPlan) -> Kept | None:
        """Fetch one file; what must wait is put off."""
        try:
            return await channel_media_fetch(plan, self._accounts.reader(plan.session_pk))
        except RetryableError as error:
            if error.code not in WAITS:
                raise
            until = now() + timedelta(seconds=error.retry_after or WAIT_S)
            self._until[plan.session_pk] = until
            raise Defer(until=until + timedelta(seconds=random.uniform(0, WAIT_S)), reason=str(error)) from error
