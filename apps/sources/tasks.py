"""Doorbells of collection."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from apps.core import http
from apps.core.work import drain
from apps.sources.services import imports, polls

POLLS = drain.Job(
    kind="poll",
    plan=polls.poll_plan,
    work=polls.poll_fetch,
    record=polls.poll_record,
    lease=timedelta(minutes=3),
    concurrency=8,
    session=http.session,
)
IMPORTS = drain.Job(
    kind="import_file", work=imports.import_store, record=imports.import_record, lease=timedelta(minutes=2), batch=1
)


@shared_task(queue="collect")
def polls_collect() -> None:
    """Collect the feeds that are due."""
    drain.run(POLLS)


@shared_task(queue="collect")
def imports_store() -> None:
    """Import the uploaded exports that wait."""
    drain.run(IMPORTS)
