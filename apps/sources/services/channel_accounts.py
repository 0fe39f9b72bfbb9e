"""Which of a workspace's Telegram accounts reads which channel: the one with the fewest, for as long as it can."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import ChannelRead, Source
from apps.telegram.models import Peer, Session

NOBODY_WAIT = timedelta(minutes=1)
BATCH = 200


def account_for(source: Source) -> int | None:
    """The account with the fewest channels that may be able to read this one; None where there is none.

    A channel without a public name can be read only by an account that knows it.
    """
    accounts = Session.objects.filter(
        workspace=source.workspace_id, state=Session.State.ACTIVE, is_paused=False
    ).exclude(pk__in=source.refused_by)
    if not source.username and source.chat_id is not None:
        accounts = accounts.filter(pk__in=Peer.objects.filter(chat_id=source.chat_id).values("session"))
    pks = list(accounts.order_by("pk").values_list("pk", flat=True))
    if not pks:
        return None
    channels = Source.objects.filter(session__in=pks, kind=Source.Kind.TELEGRAM, is_active=True).exclude(pk=source.pk)
    counts = dict(channels.order_by().values_list("session").annotate(number=Count("pk")))
    return min(pks, key=lambda pk: (counts.get(pk, 0), pk))


def account_give(source: Source, session_pk: int) -> None:
    """Have an account read a channel from now on."""
    before = source.session_id
    Source.objects.filter(pk=source.pk).update(session=session_pk)
    source.session_id = session_pk
    if before is not None and before != session_pk:
        audit_record(verb="source.account_changed", target=source, details={"from": before, "to": session_pk})


def channels_spread() -> int:
    """Give every active channel without a usable account another one; the answer is how many were given.

    Where there is none, the source says so and its reading waits.
    """
    unusable = Q(session__isnull=True) | ~Q(session__state=Session.State.ACTIVE) | Q(session__is_paused=True)
    stranded = Source.objects.filter(unusable, kind=Source.Kind.TELEGRAM, is_active=True).order_by("pk")
    waiting = stranded.filter(reads__state=WorkRow.State.READY, reads__not_before__lte=now())
    pks = list(waiting.values_list("pk", flat=True).distinct()[:BATCH])
    return sum(_given(pk) for pk in pks)


@transaction.atomic
def _given(pk: int) -> bool:
    source = Source.objects.select_for_update(of=("self",)).select_related("session", "workspace").get(pk=pk)
    usable = source.session
    if usable is not None and usable.state == Session.State.ACTIVE and not usable.is_paused:
        return False
    other = account_for(source)
    if other is not None:
        account_give(source, other)
        return True
    with override(source.workspace.language):
        Source.objects.filter(pk=pk).update(last_error=nobody_words(source))
    rows = ChannelRead.objects.filter(source=source, state=WorkRow.State.READY, not_before__lte=now())
    rows.update(not_before=now() + NOBODY_WAIT)
    return False


def nobody_words(source: Source) -> str:
    """What a channel says that no account can read now, and what to do.

    A channel without a public name is seen by the accounts that are in it, and by no others.
    """
    if source.username or source.chat_id is None:
        return _("No Telegram account of the workspace can read this channel now. Add one or log one in.")
    knowing = list(accounts_knowing(source))
    if not knowing:
        return _(
            "The account that was in this private channel is removed from Pult. Join the channel with another one: "
            "“Add a private channel” in the list of sources."
        )
    asleep = [one for one in knowing if one.state != Session.State.ACTIVE or one.is_paused] or knowing
    names = ", ".join(str(one) for one in asleep)
    if all(one.state == Session.State.ACTIVE for one in asleep):
        return _(
            "Only these accounts are in this private channel, and they are paused: %(accounts)s. Resume one of them, "
            "or join with another by “Add a private channel”."
        ) % {"accounts": names}
    return _(
        "Only these accounts are in this private channel, and none is logged in: %(accounts)s. Log one in again, or "
        "join with another by “Add a private channel”."
    ) % {"accounts": names}


def accounts_knowing(source: Source) -> QuerySet[Session]:
    """The workspace's accounts that know a channel by its id."""
    peers = Peer.objects.filter(chat_id=source.chat_id or 0, session__workspace=source.workspace_id)
    return Session.objects.filter(pk__in=peers.values("session")).order_by("name", "pk")
