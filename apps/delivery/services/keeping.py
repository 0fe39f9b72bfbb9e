"""How long the outbox remembers: ended deliveries with their attempts go after a time, and empty lanes with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.core.clock import now
from apps.delivery.models import Attempt, Delivery, Lane, LookUp

log = structlog.get_logger(__name__)
STEP, STEPS = 500, 40


def outbox_clear(*, at: datetime | None = None, step: int = STEP, steps: int = STEPS) -> int:
    """Forget what ended long ago, in small transactions; returns how many deliveries went.

    What failed and waits for a person stays, and so does what others refer to: publications, and deliveries that name
    it. `DELIVERY_KEEP_DAYS` 0 keeps everything.
    """
    if not settings.DELIVERY_KEEP_DAYS:
        return 0
    until = (at or now()) - timedelta(days=settings.DELIVERY_KEEP_DAYS)
    gone = 0
    for _step in range(steps):
        found = list(free().filter(finished_at__lt=until).order_by("finished_at", "id")[:step])
        went = _forget(found) if found else 0
        gone += went
        if not went:
            break
    if gone:
        log.info("delivery.cleared", deliveries=gone)
    return gone


def free() -> QuerySet[Delivery]:
    """Ended deliveries that nothing refers to."""
    rows = Delivery.objects.filter(state=Delivery.State.DONE).only("pk", "lane")
    for relation in Delivery._meta.related_objects:
        if relation.on_delete in {models.RESTRICT, models.PROTECT}:
            others = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.filter(~Exists(others))
    return rows


@transaction.atomic
def _forget(found: Sequence[Delivery]) -> int:
    """One step: the lanes are locked before their rows, and those that are empty go too."""
    wanted = Lane.objects.select_for_update(skip_locked=True).filter(pk__in={row.lane_id for row in found})
    lanes = list(wanted.order_by("pk"))  # who is busy is cleared next time: nobody waits here in a circle
    keys = list(free().filter(pk__in=[row.pk for row in found], lane__in=lanes).values_list("pk", flat=True))
    Attempt.objects.filter(delivery__in=keys).delete()
    LookUp.objects.filter(delivery__in=keys).delete()
    Delivery.objects.filter(pk__in=keys).delete()
    empty = Lane.objects.filter(pk__in=[lane.pk for lane in lanes], paused_reason="")
    empty.filter(~Exists(Delivery.objects.filter(lane=OuterRef("pk")))).delete()
    return len(keys)
