"""Bells of the chores."""

import time

from celery import shared_task

from apps.core.work import drain
from tests.work_app.models import Chore, LanedChore, Trace


def chore_work(row: Chore | LanedChore) -> str:
    """Do nothing; slowly, where the word says so."""
    if row.word == "slow":
        time.sleep(0.5)
    return row.word


def chore_record(row: Chore | LanedChore, word: str) -> None:
    """Leave a trace."""
    Trace.objects.create(chore=row.pk, what=word)


CHORES = drain.Job(kind="chore", work=chore_work, record=chore_record)
LANED_CHORES = drain.Job(kind="laned_chore", work=chore_work, record=chore_record)


@shared_task(queue="default")
def chores_do() -> None:
    """Do the chores that are due."""
    drain.run(CHORES)


@shared_task(queue="default")
def laned_chores_do() -> None:
    """Do the laned chores that are due."""
    drain.run(LANED_CHORES)
