"""Doorbells of collection."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from apps.accounts.work_alerts import work_alerts_settle
from apps.core import http, stray_files
from apps.core.work import drain
from apps.sources.collectors import media
from apps.sources.services import (
    copies,
    fetching,
    health,
    hub_work,
    imports,
    kinships,
    mending,
    polls,
    retention,
    topic_reads,
    topic_removal,
)

POLLS = drain.Job(
    kind="poll",
    plan=polls.poll_plan,
    work=polls.poll_fetch,
    record=polls.poll_record,
    lease=timedelta(minutes=3),
    concurrency=24,
    session=http.session,
)
IMPORTS = drain.Job(
    kind="import_file", work=imports.import_store, record=imports.import_record, lease=timedelta(minutes=2), batch=1
)

HEALTH = drain.Job(
    kind="health_check", work=health.health_look, record=health.health_record, lease=timedelta(minutes=2), batch=5
)
RETENTION = drain.Job(
    kind="retention",
    work=retention.retention_clear,
    record=retention.retention_record,
    lease=timedelta(minutes=5),
    batch=1,
)
COPY_CHECKS = drain.BatchJob(kind="copy_check", work=copies.copies_recheck, lease=timedelta(minutes=2), batch=100)
KINSHIPS = drain.BatchJob(kind="kinship_review", work=kinships.kinships_review, lease=timedelta(minutes=5), batch=1)
TOPIC_READS = drain.Job(
    kind="topic_read",
    work=topic_reads.topic_read,
    record=topic_reads.topic_read_record,
    lease=timedelta(minutes=5),
    batch=1,
)
TOPIC_REMOVALS = drain.Job(
    kind="topic_removal", work=topic_removal.topic_removal_work, lease=timedelta(minutes=5), batch=1
)
HUB_ASKS = drain.Job(
    kind="hub_ask",
    plan=hub_work.ask_plan,
    work=hub_work.ask_send,
    record=hub_work.ask_record,
    lease=timedelta(minutes=2),
    session=http.session,
    attempts_max=8,
)
HUB_PUSHES = drain.Job(
    kind="hub_push", work=hub_work.push_read, record=hub_work.push_record, lease=timedelta(minutes=2)
)

MEDIA = drain.Job(
    kind="media_fetch",
    plan=fetching.web_fetch_plan,
    work=media.web_media_fetch,
    record=fetching.fetch_record,
    lease=timedelta(minutes=5),
    concurrency=4,
    session=http.session,
    attempts_max=5,
)


@shared_task(queue="collect")
def polls_collect() -> None:
    """Collect the feeds that are due."""
    drain.run(POLLS)


@shared_task(queue="collect")
def imports_store() -> None:
    """Import the uploaded exports that wait."""
    drain.run(IMPORTS)


@shared_task(queue="media")
def media_fetch() -> None:
    """Fetch the pictures and files that are wanted."""
    drain.run(MEDIA)


@shared_task(queue="default")
def health_look() -> None:
    """Look how the sources of each workspace fare."""
    drain.run(HEALTH)


@shared_task(queue="default")
def retention_clear() -> None:
    """Remove what workspaces keep no longer."""
    drain.run(RETENTION)


@shared_task(queue="default")
def copies_recheck() -> None:
    """Find the originals of copies that lost theirs."""
    drain.run_batches(COPY_CHECKS)


@shared_task(queue="default")
def topics_read() -> None:
    """Read past posts for topics that were made or changed."""
    drain.run(TOPIC_READS)


@shared_task(queue="default")
def topics_clear() -> None:
    """Delete the marks of topics that were removed."""
    drain.run(TOPIC_REMOVALS)


@shared_task(queue="default")
def kinships_review() -> None:
    """Look for sister channels."""
    drain.run_batches(KINSHIPS)


@shared_task(queue="collect")
def hubs_ask() -> None:
    """Ask the hubs of feeds to tell of new entries."""
    drain.run(HUB_ASKS)


@shared_task(queue="collect")
def pushes_read() -> None:
    """Read what hubs told."""
    drain.run(HUB_PUSHES)


@shared_task(queue="default")
def work_mend() -> None:
    """Make what is missing, and close what is over; beat calls it every minute."""
    mending.work_mend()
    work_alerts_settle()
    stray_files.sweep_daily()
