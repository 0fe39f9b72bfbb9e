"""Doorbells of publishing."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.core.work import drain
from apps.publishing.services import checks, health, readings
from apps.publishing.services.digests import digest_record, digest_work

CHANNEL_CHECKS = drain.Job(
    kind="channel_check",
    plan=health.check_plan,
    work=health.check_look,
    record=health.check_record,
    # Three questions, and the wait for a place before them.
    lease=timedelta(seconds=3 * settings.TELEGRAM_TIMEOUT_S + 15),
)
DIGESTS = drain.Job(
    kind="digest",
    work=digest_work,
    record=digest_record,
    lease=timedelta(minutes=5),
    batch=5,
    attempts_max=5,
)
LOOKS = drain.Job(kind="message_look", work=readings.look_take, record=readings.look_record, lease=timedelta(minutes=2))


@shared_task(queue="default")
def channels_look() -> None:
    """Look at the channels whose time has come."""
    drain.run(CHANNEL_CHECKS)


@shared_task(queue="default")
def channels_mend() -> None:
    """Have those looked at that nobody looks after; beat calls it every minute."""
    checks.checks_mend()


@shared_task(queue="compose")
def digests_make() -> None:
    """Make the digests that are due."""
    drain.run(DIGESTS)


@shared_task(queue="default")
def messages_look() -> None:
    """Look how publications fare."""
    drain.run(LOOKS)
