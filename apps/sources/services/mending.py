"""A net under what makes its own successor: a round or a collection that is missing is made anew.

Each round and each collection is made in the transaction that ends the one before, so none should ever be missing.
Where one is all the same (a backup put back, a round that ended as the first source came), nobody would notice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.models import WorkQuerySet
from apps.sources.collectors import is_collected
from apps.sources.models import ChannelRead, Poll, Source
from apps.sources.services.read_schedule import read_next
from apps.sources.services.schedule import poll_next
from apps.sources.services.upkeep import ROUNDS, round_next

log = structlog.get_logger(__name__)
AT_ONCE = 500
APART_S = 0.2  # what is made anew begins so far apart
POLLED = [kind for kind in Source.Kind.values if is_collected(kind)]


def work_mend() -> int:
    """Make the rounds and collections that are missing, at most `AT_ONCE` of each; how many. Repeating adds nothing."""
    rounds, asked = _rounds_mend(), _sources_mend()
    if rounds or asked:
        log.warning("sources.mended", rounds=rounds, sources=asked)
    return rounds + asked


def _rounds_mend() -> int:
    """Workspaces with sources that nobody looks after are looked after again."""
    made = 0
    sources = Source.objects.filter(workspace=OuterRef("pk"))
    for kind in ROUNDS:
        rows: WorkQuerySet[Any] = WorkQuerySet(kind)
        live = rows.live().filter(workspace=OuterRef("pk"))
        missing = Workspace.objects.filter(Exists(sources), ~Exists(live)).order_by("pk")
        for pk in list(missing.values_list("pk", flat=True)[:AT_ONCE]):
            round_next(kind, workspace_id=pk, at=now())
            made += 1
    return made


@transaction.atomic
def _sources_mend() -> int:
    """Active sources that nothing asks are asked again."""
    active = Source.objects.filter(is_active=True, archived_at=None).order_by("pk")
    polls = Poll.objects.live().filter(source=OuterRef("pk"))
    reads = ChannelRead.objects.live().filter(source=OuterRef("pk"))
    polled = active.filter(~Exists(polls), kind__in=POLLED)[:AT_ONCE]
    channels = active.filter(~Exists(reads), kind=Source.Kind.TELEGRAM)[:AT_ONCE]
    found = [*polled, *channels]
    for number, source in enumerate(found):
        wait = timedelta(seconds=APART_S * number)
        if source.kind == Source.Kind.TELEGRAM:
            read_next(source, wait=wait)
        else:
            poll_next(source, wait=wait)
    if found:
        bells.ring_on_commit("poll")
    return len(found)
