"""One worker process of the work benchmark: it drains empty work until nothing is due."""

from __future__ import annotations

import sys

import django

django.setup()

from apps.core.work import claims, drain, kinds  # noqa: E402
from tests.work_app.models import Chore  # noqa: E402


def nothing(_row: Chore) -> None:
    """Empty work, one row at a time."""


def nothing_at_all(_rows: list[Chore]) -> None:
    """Empty work, many rows at a time."""


FORMS = {
    "batches": lambda: drain.run_batches(drain.BatchJob(kind="chore", work=nothing_at_all, batch=200)),
    "rows": lambda: drain.run(drain.Job(kind="chore", work=nothing, batch=200)),
    "effects": lambda: drain.run(drain.Job(kind="chore", work=nothing, record=lambda _row, _result: None, batch=200)),
}

if __name__ == "__main__":
    kind = kinds.get("chore")
    claims.is_due(kind)  # the connection is open before the clock starts
    print("ready", flush=True)
    sys.stdin.readline()
    while claims.is_due(kind):
        FORMS[sys.argv[1]]()
