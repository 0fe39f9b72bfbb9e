"""Fetching the files of channels' messages, in a thread of the process that reads channels.

A thread of its own, because a large file takes minutes and readings do not wait for it. The budget of files is apart
too, so that a wait that Telegram asks for stops files and nothing else.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.core.work import claims, drain, kinds
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.sources.channel_reader import WAIT_S, WAITS, Accounts
from apps.sources.channel_threads import BesideReading
from apps.sources.collectors.media import channel_media_fetch
from apps.sources.media_bytes import Kept
from apps.sources.media_parts import MediaPlan
from apps.sources.models import Source
from apps.sources.services import fetching

KIND = "channel_fetch"
LEASE = timedelta(minutes=5)
FLIGHTS_MOST = 4


class ChannelFetching(BesideReading):
    """Drains fetches with these accounts; `with ChannelFetching(host):` starts and stops its thread."""

    name = "channel-fetching"

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._until: dict[int, datetime] = {}
        self._held: frozenset[int] = frozenset()

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
        held = self._accounts.held()
        for pk in held - self._held:
            fetching.fetches_taken_over(pk)
        self._held = held
        at = now()
        self._until = {pk: until for pk, until in self._until.items() if until > at}
        return Only("source", Source.objects.filter(session__in=held - self._until.keys()))

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
