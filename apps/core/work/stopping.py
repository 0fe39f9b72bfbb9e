"""Word of a worker's shutdown, for every thread and child process of it.

The byte lives in memory shared with children made by fork, so that the pool's processes see what their parent was told.
"""

from __future__ import annotations

import mmap
from typing import Any

from celery.signals import worker_init, worker_shutting_down

_flag = mmap.mmap(-1, 1)


def is_asked() -> bool:
    """Has this worker been asked to stop?"""
    return _flag[0] != 0


def ask(**_signal: Any) -> None:
    """Ask every drain of this worker to claim nothing more and to put back what it has not started."""
    _flag[0] = 1


def forget(**_signal: Any) -> None:
    """A worker that starts has not been asked to stop."""
    _flag[0] = 0


worker_init.connect(forget, dispatch_uid="work.stopping.forget")
worker_shutting_down.connect(ask, dispatch_uid="work.stopping.ask")
