"""Looking into channels for messages that nobody knows to have arrived, in a thread of the process that reads them.

What is looked for, and what follows, is delivery's; here are the accounts.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import claims, drain, kinds
from apps.core.work.drain import Defer
from apps.core.work.scan import Only
from apps.delivery.services import looking
from apps.delivery.services.looking import Looked, LookPlan
from apps.sources.channel_reader import WAIT_S, WAITS
from apps.sources.channel_threads import BesideReading
from apps.telegram.looking import sight_since
from apps.telegram.models import Session
from apps.telegram.reading import ChannelReader, ChannelRef

KIND = "channel_look"
LEASE = timedelta(minutes=1)
FLIGHTS_MOST = 4


class ChannelLooking(BesideReading):
    """Drains looks with these accounts; `with ChannelLooking(host):` starts and stops its thread."""

    name = "channel-looking"

    def turn(self) -> None:
        """Look once whether anything is due, and drain it."""
        if claims.is_due(kinds.get(KIND), only=self.askable()):
            drain.run(self.job())

    def job(self) -> drain.Job:
        """How looks are worked."""
        return drain.Job(
            kind=KIND,
            plan=looking.look_plan,
            work=self.look,
            record=looking.look_record,
            lease=LEASE,
            concurrency=FLIGHTS_MOST,
            attempts_max=5,
            only=self.askable,
        )

    def askable(self) -> Only:
        """The accounts that are connected here."""
        return Only("session", Session.objects.filter(pk__in=self._accounts.held()))

    async def look(self, plan: LookPlan) -> Looked:
        """Read the channel back to before the request; what must wait is put off."""
        if plan.doubt is None:
            return Looked()
        try:
            reader = self._accounts.reader(plan.session_pk)
            channel = plan.channel or await found(reader, plan)
            return Looked(plan.doubt, await sight_since(reader, channel, plan.doubt.since))
        except RetryableError as error:
            if error.code not in WAITS:
                raise
            raise Defer(until=now() + timedelta(seconds=error.retry_after or WAIT_S), reason=str(error)) from error
        except PermanentError as error:
            return Looked(plan.doubt, refusal=str(error))


async def found(reader: ChannelReader, plan: LookPlan) -> ChannelRef:
    """A public channel by its name.

    Raises:
        PermanentError: the name has moved to another channel, code other_channel.
    """
    info = await reader.resolve(plan.username)
    if plan.chat_id not in (None, info.chat_id):
        words = _("The name “%(name)s” leads to another channel.") % {"name": plan.username}
        raise PermanentError(words, code="other_channel")
    return ChannelRef(info.chat_id, info.access_hash)
