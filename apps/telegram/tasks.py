"""Doorbells of the gateway."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from apps.core.work import drain
from apps.telegram.services import updates

UPDATES = drain.Job(
    kind="update", work=updates.update_read, record=updates.update_record, lease=timedelta(minutes=1), attempts_max=10
)


@shared_task(queue="inbound")
def updates_work() -> None:
    """Work off what bots were told."""
    drain.run(UPDATES)
