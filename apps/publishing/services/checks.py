"""When a channel is looked at next: now and then, and soon after something speaks against it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.publishing.models import Channel, ChannelCheck

# After a refusal Telegram is asked when the dust has settled; a person may be mending it at this very moment.
SOON = timedelta(seconds=30)
# Checks of many channels do not come all at once: each is up to this share of the time early.
SPREAD = 0.1
ENDED = (WorkRow.State.DONE, WorkRow.State.DEAD)


def is_checked(channel: Channel) -> bool:
    """Whether there is somebody to ask about it."""
    return channel.kind == Channel.Kind.TELEGRAM and channel.bot_id is not None


def check_soon(channel: Channel, *, wait: timedelta = SOON) -> None:
    """Have a channel looked at within this time; one that is waiting for longer comes forward."""
    if not is_checked(channel):
        return
    at = now() + wait
    mine = ChannelCheck.objects.filter(channel=channel)
    later = mine.filter(state=WorkRow.State.READY, not_before__gt=at)
    if not later.update(not_before=at):
        _made(channel.pk, channel.workspace_id, at)
        later.update(not_before=at)  # one that was being recorded meanwhile has made the next
    if not wait:
        bells.ring_on_commit("channel_check")


def check_soon_after(channel: Channel, *, wait: timedelta = SOON) -> None:
    """As `check_soon`, for who has changed the channel's row, once that is committed.

    A look that is being recorded waits for the channel, and a new one for that look: in one transaction both would
    wait for one another. What a crash loses here comes with the next usual look.
    """
    transaction.on_commit(partial(check_soon, channel, wait=wait), robust=True)


def check_next(channel: Channel) -> None:
    """Have it looked at again after the usual time, unless that is switched off."""
    hours = settings.CHANNEL_CHECK_HOURS
    if hours and is_checked(channel):
        wait = timedelta(hours=hours * (1 - random.uniform(0, SPREAD)))
        _made(channel.pk, channel.workspace_id, now() + wait)


def checks_forget(row: ChannelCheck) -> None:
    """Delete the finished looks before this one: it tells more."""
    ChannelCheck.objects.filter(channel=row.channel_id, pk__lt=row.pk, state__in=ENDED).delete()


def checks_mend() -> int:
    """Have every channel looked at that nobody looks after; how many. Beat calls it every minute."""
    if not settings.CHANNEL_CHECK_HOURS:
        return 0
    live = ChannelCheck.objects.live().values("channel")
    lost = Channel.objects.filter(kind=Channel.Kind.TELEGRAM, bot__isnull=False).exclude(pk__in=live)
    found = list(lost.values_list("pk", "workspace_id")[:500])
    for pk, workspace_id in found:
        _made(pk, workspace_id, now())
    return len(found)


def _made(channel: int, workspace: int, at: datetime) -> None:
    """Make a look, unless one is live."""
    row = ChannelCheck(workspace_id=workspace, channel_id=channel, not_before=at)
    ChannelCheck.objects.bulk_create([row], ignore_conflicts=True)
