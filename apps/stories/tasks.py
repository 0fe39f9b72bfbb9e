"""Bells: drain what is due, nothing else."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from apps.core import http
from apps.core.work import drain
from apps.stories.services import by_hand
from apps.stories.services.batches import groupings_group as group
from apps.stories.services.illustrating import illustrating_draw, illustrating_plan, illustrating_record
from apps.stories.services.quality import quality_measure as measure
from apps.stories.services.quality import quality_record
from apps.stories.services.ranking import ranking_work
from apps.stories.services.recounts import recount_work
from apps.stories.services.second_look import look_plan, look_record, looks_clear, vectors_ask
from apps.stories.services.writing import rewrite_plan, rewrite_record, rewrite_write

GROUPINGS = drain.BatchJob(kind="grouping", work=group, lease=timedelta(minutes=5), batch=500)
# A draft may take two answers; a killed worker's is written by another as soon as the first can't come any more.
REWRITES = drain.Job(
    kind="rewrite",
    plan=rewrite_plan,
    work=rewrite_write,
    record=rewrite_record,
    lease=timedelta(seconds=2 * settings.AI_TIMEOUT_S) + timedelta(minutes=1),
    concurrency=8,
    attempts_max=8,
)
ILLUSTRATINGS = drain.Job(
    kind="illustrating",
    plan=illustrating_plan,
    work=illustrating_draw,
    record=illustrating_record,
    lease=timedelta(minutes=5),
    concurrency=4,
    attempts_max=5,
)
SECOND_LOOKS = drain.Job(
    kind="second_look",
    plan=look_plan,
    work=vectors_ask,
    record=look_record,
    lease=timedelta(minutes=5),
    concurrency=4,
    attempts_max=6,
)
RANKINGS = drain.Job(kind="ranking", work=ranking_work, lease=timedelta(minutes=5), batch=1)
RECOUNTS = drain.Job(kind="recount", work=recount_work, lease=timedelta(minutes=5), batch=1)
QUALITY = drain.Job(kind="quality_check", work=measure, record=quality_record, lease=timedelta(minutes=10), batch=1)
PAGES = drain.Job(
    kind="page_fetch",
    plan=by_hand.page_plan,
    work=by_hand.page_fetch,
    record=by_hand.page_record,
    lease=timedelta(minutes=3),
    concurrency=8,
    session=http.session,
    attempts_max=4,
)


@shared_task(queue="compose")
def groupings_group() -> None:
    """Give new posts their stories."""
    drain.run_batches(GROUPINGS)


@shared_task(queue="compose")
def close_calls_look() -> None:
    """Look twice at close calls of grouping."""
    drain.run(SECOND_LOOKS)


@shared_task(queue="default")
def second_looks_clear() -> None:
    """Let go of old vectors and calls where nothing is looked at any more; beat calls it daily."""
    looks_clear()


@shared_task(queue="compose")
def rewrites_write() -> None:
    """Write the texts that were asked for."""
    drain.run(REWRITES)


@shared_task(queue="media")
def illustrations_draw() -> None:
    """Make the pictures that were asked for."""
    drain.run(ILLUSTRATINGS)


@shared_task(queue="default")
def stories_rank() -> None:
    """Rank stories whose topics changed."""
    drain.run(RANKINGS)


@shared_task(queue="default")
def stories_recount() -> None:
    """Count the voices of stories whose families changed."""
    drain.run(RECOUNTS)


@shared_task(queue="compose")
def quality_measure() -> None:
    """Test grouping with the corrections of workspaces."""
    drain.run(QUALITY)


@shared_task(queue="collect")
def pages_fetch() -> None:
    """Fetch the pages that editors gave links to."""
    drain.run(PAGES)
