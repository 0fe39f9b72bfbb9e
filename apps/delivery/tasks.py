"""The doorbells of the outbox."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.cache import cache

from apps.core.work import drain
from apps.delivery.services import keeping, sending, watch

# Longer than the longest wait for an answer, with the waits before it.
LEASE = timedelta(seconds=settings.TELEGRAM_TIMEOUT_S + 10)

DELIVERIES = drain.Job(
    kind="delivery",
    plan=sending.delivery_plan,
    work=sending.delivery_send,  # commits `begin` itself, after the rate limits let it through
    record=sending.delivery_record,
    session=sending.sessions,
    lease=LEASE,
    # A bot's messages of the second to come wait here for their places, and those of others must get some too.
    concurrency=80,
    batch=10,
)
LOOK_UPS = drain.Job(
    kind="look_up",
    plan=sending.look_up_plan,
    work=sending.look_up_ask,
    record=sending.look_up_record,
    session=sending.sessions,
    lease=LEASE,
    concurrency=8,
    attempts_max=5,
)


@shared_task(queue="deliver")
def deliveries_send() -> None:
    """Send what is due."""
    drain.run(DELIVERIES)


@shared_task(queue="default")
def outbox_mend() -> None:
    """Tell what does not move and forget what is old; beat calls it every minute."""
    watch.stuck_tell()
    if cache.add("delivery.cleared", 1, timeout=3600):
        keeping.outbox_clear()


@shared_task(queue="deliver")
def look_ups_ask() -> None:
    """Ask whether deliveries in doubt arrived."""
    drain.run(LOOK_UPS)
