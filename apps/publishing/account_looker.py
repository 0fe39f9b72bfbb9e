"""Asking Telegram how publications fare: a thread of the process that reads channels, within its budgets."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import claims, drain, kinds
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.publishing.services import account_looks
from apps.publishing.services.account_looks import LOGIN_LOST, AccountAnswer, AccountPlan
from apps.sources.channel_reader import WAIT_S, WAITS, Accounts
from apps.sources.channel_threads import BesideReading
from apps.telegram.models import Session

KIND = "account_look"
LEASE = timedelta(minutes=3)
FLIGHTS_MOST = 4
LOST_WAIT = timedelta(minutes=10)


class PublicationLooking(BesideReading):
    """Drains the looks of the accounts that are held; one that Telegram asked to wait is left alone meanwhile."""

    name = "publication-looking"

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._until: dict[int, datetime] = {}

    def turn(self) -> None:
        """Look once, and drain what is due."""
        if claims.is_due(kinds.get(KIND), only=self.askable()):
            drain.run(self.job())

    def job(self) -> drain.Job:
        """How looks are worked."""
        return drain.Job(
            kind=KIND,
            plan=account_looks.account_plan,
            work=self.ask,
            record=account_looks.account_record,
            lease=LEASE,
            concurrency=FLIGHTS_MOST,
            attempts_max=8,
            only=self.askable,
        )

    def askable(self) -> Only:
        """The accounts that are connected here and may be asked now."""
        at = now()
        self._until = {pk: until for pk, until in self._until.items() if until > at}
        return Only("session", Session.objects.filter(pk__in=self._accounts.held() - self._until.keys()))

    async def ask(self, plan: AccountPlan) -> AccountAnswer:
        """Ask once; what must wait is put off."""
        if not plan.ids:
            return AccountAnswer()
        try:
            return await account_looks.account_ask(plan, self._accounts.reader(plan.session_pk))
        except RetryableError as error:
            if error.code not in WAITS:
                raise
            until = now() + timedelta(seconds=error.retry_after or WAIT_S)
            if error.code != "not_held":
                self._until[plan.session_pk] = until
            raise Defer(until=until + timedelta(seconds=random.uniform(0, WAIT_S)), reason=str(error)) from error
        except PermanentError as error:
            if error.code != LOGIN_LOST:
                raise
            raise Defer(until=now() + LOST_WAIT, reason=str(error)) from error
