"""Asking Telegram what a person wants to know of it, in a thread of the process that reads channels.

A thread of its own, because somebody looks at a page and waits. Each kind of question has a budget apart, so that the
wait of one stops no other.
"""

from __future__ import annotations

from datetime import timedelta

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import claims, drain, kinds
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.sources.channel_reader import WAIT_S, WAITS, Accounts
from apps.sources.channel_threads import BesideReading
from apps.sources.collectors.asking import LOGIN_LOST, AskPlan, AskResult, account_ask
from apps.sources.services import asking, asks
from apps.telegram.models import Session

KIND = "account_ask"
LEASE = timedelta(minutes=3)
FLIGHTS_MOST = 4
LOST_WAIT = timedelta(minutes=1)


class ChannelAsking(BesideReading):
    """Drains questions with these accounts; `with ChannelAsking(host):` starts and stops its thread."""

    name = "channel-asking"

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._held: frozenset[int] = frozenset()

    def turn(self) -> None:
        """Look once, and drain what is due."""
        if claims.is_due(kinds.get(KIND), only=self.askable()):
            drain.run(self.job())

    def job(self) -> drain.Job:
        """How questions are worked."""
        return drain.Job(
            kind=KIND,
            plan=asking.ask_plan,
            work=self.ask,
            record=asking.ask_record,
            lease=LEASE,
            concurrency=FLIGHTS_MOST,
            only=self.askable,
        )

    def askable(self) -> Only:
        """The accounts that are connected here."""
        held = self._accounts.held()
        for pk in held - self._held:
            asks.asks_taken_over(pk)
        self._held = held
        return Only("session", Session.objects.filter(pk__in=held))

    async def ask(self, plan: AskPlan) -> AskResult:
        """Ask one question; what must wait is put off."""
        if not plan.what:
            return AskResult()
        try:
            return await account_ask(plan, self._accounts.reader(plan.session_pk))
        except RetryableError as error:
            if error.code not in WAITS:
                raise
            raise Defer(until=now() + timedelta(seconds=error.retry_after or WAIT_S), reason=str(error)) from error
        except PermanentError as error:
            if error.code != LOGIN_LOST:
                raise
            raise Defer(until=now() + LOST_WAIT, reason=str(error)) from error
