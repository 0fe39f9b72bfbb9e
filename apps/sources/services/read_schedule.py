"""When a channel is read next. A reading is drained by the process that holds its account; no bell is rung."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import ChannelRead, Source

MORE_WAIT = timedelta(seconds=1)
BACK_WAIT = timedelta(seconds=20)
HINT_LEAST = timedelta(seconds=15)  # a lively channel is not asked more often, whatever its hints say
SPREAD_S = 60.0
SHARES = 20


def read_next(source: Source, *, wait: timedelta = timedelta()) -> None:
    """Make the next reading of an active channel, unless one is live already; call it inside a transaction."""
    if source.is_active and source.kind == Source.Kind.TELEGRAM:
        row = ChannelRead(workspace_id=source.workspace_id, source=source, not_before=now() + wait)
        ChannelRead.objects.bulk_create([row], ignore_conflicts=True)


def read_wait(source: Source) -> timedelta:
    """The interval, a little more or less: channels that were read together come apart."""
    return source.interval * random.uniform(0.9, 1.1)


def read_due_now(source: Source) -> None:
    """Bring the waiting reading forward, or make one."""
    at = now()
    ChannelRead.objects.filter(source=source, state=WorkRow.State.READY, not_before__gt=at).update(not_before=at)
    read_next(source)


def reads_hinted(chat_ids: Collection[int], *, at: datetime | None = None) -> int:
    """Something seems to have happened in these channels: read them soon; the answer is how many were brought forward.

    Only a hint: nothing is lost where none comes.
    """
    moment = at or now()
    waiting = ChannelRead.objects.filter(
        state=WorkRow.State.READY, not_before__gt=moment, source__chat_id__in=chat_ids, source__failures=0
    )
    rested = Q(source__last_tried_at__isnull=True) | Q(source__last_tried_at__lte=moment - HINT_LEAST)
    brought = ChannelRead.objects.filter(pk__in=waiting.filter(rested).values("pk")).update(not_before=moment)
    soon = moment + HINT_LEAST
    later = waiting.filter(not_before__gt=soon).values("pk")
    return brought + ChannelRead.objects.filter(pk__in=later).update(not_before=soon)


@transaction.atomic
def reads_put_off(*, session_pk: int, until: datetime) -> int:
    """Put off what an account can't read before that time, and let it come back spread over a minute."""
    due = ChannelRead.objects.filter(
        state=WorkRow.State.READY, not_before__lt=until, source__session=session_pk
    ).values_list("pk", flat=True)
    pks = list(due)
    random.shuffle(pks)
    moved = 0
    for share in range(SHARES):
        if chosen := pks[share::SHARES]:
            rows = ChannelRead.objects.filter(pk__in=chosen, state=WorkRow.State.READY)
            moved += rows.update(not_before=until + timedelta(seconds=SPREAD_S * share / SHARES))
    return moved


def reads_taken_over(session_pk: int) -> int:
    """Let the readings of an account's former owner be claimed at once; call it on becoming the owner.

    Nobody else may read with the account any more, and what the former owner still records is refused as soon as the
    next claim gives another token.
    """
    at = now()
    left = ChannelRead.objects.filter(state=WorkRow.State.LEASED, not_before__gt=at, source__session=session_pk)
    return ChannelRead.objects.filter(pk__in=left.values("pk"), state=WorkRow.State.LEASED).update(not_before=at)
