"""The heartbeat."""

from __future__ import annotations

from celery import shared_task

from apps.core.work import sweep as work


@shared_task(queue="default")
def sweep() -> None:
    """Ring for everything that is due; beat calls it every second."""
    work.sweep()
