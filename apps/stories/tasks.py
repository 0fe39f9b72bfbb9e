"""Bells: drain what is due, nothing else."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from apps.core.work import drain
from apps.stories.services.batches import groupings_group as group
from apps.stories.services.recounts import recount_work
from apps.stories.services.rewrites import rewrite_plan, rewrite_record, rewrite_write

GROUPINGS = drain.BatchJob(kind="grouping", work=group, lease=timedelta(minutes=5), batch=200)
REWRITES = drain.Job(
    kind="rewrite",
    plan=rewrite_plan,
    work=rewrite_write,
    record=rewrite_record,
    lease=timedelta(minutes=5),
    concurrency=8,
    attempts_max=8,
)
RECOUNTS = drain.Job(kind="recount", work=recount_work, lease=timedelta(minutes=5), batch=1)


@shared_task(queue="compose")
def groupings_group() -> None:
    """Give new posts their stories."""
    drain.run_batches(GROUPINGS)


@shared_task(queue="compose")
def rewrites_write() -> None:
    """Write the texts that were asked for."""
    drain.run(REWRITES)


@shared_task(queue="default")
def stories_recount() -> None:
    """Count the voices of stories whose families changed."""
    drain.run(RECOUNTS)
