"""A worker that tests start as a process of its own, to kill it: `python -m tests.work_app.worker MODE`."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from typing import Any

import django

django.setup()

from apps.core.work import drain  # noqa: E402
from tests.work_app.models import Chore, Trace  # noqa: E402
from tests.work_app.tasks import CHORES  # noqa: E402


def say(word: str) -> None:
    """Tell the test where this worker is."""
    print(word, flush=True)


def plan_and_hang(row: Chore) -> Chore:
    """Never come to the request."""
    say("planned")
    time.sleep(60)
    return row


def work_and_hang(row: Chore) -> str:
    """Let the request leave, and never come to its answer."""
    Trace.objects.create(chore=row.pk, what="request")
    say("working")
    time.sleep(60)
    return row.word


async def work_async_and_hang(row: Chore) -> str:
    """As above, asynchronously."""
    say("working")
    await asyncio.sleep(60)
    return row.word


def record_and_hang(row: Chore, word: str) -> None:
    """Apply the effect, and never come to the commit."""
    Trace.objects.create(chore=row.pk, what=word)
    say("recording")
    time.sleep(60)


JOBS: dict[str, Any] = {
    "drain": CHORES,
    "before_begin": replace(CHORES, plan=plan_and_hang, begins=True),
    "after_begin": replace(CHORES, work=work_and_hang, begins=True),
    "async_after_begin": replace(CHORES, work=work_async_and_hang, begins=True),
    "without_begin": replace(CHORES, work=work_and_hang),
    "before_commit": replace(CHORES, record=record_and_hang),
}

if __name__ == "__main__":
    say("started")
    sys.stdin.readline()
    drain.run(JOBS[sys.argv[1]])
