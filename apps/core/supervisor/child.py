"""One running program of the group."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import IO

from apps.core.supervisor.output import Lines
from apps.core.supervisor.plan import Program

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
PR_SET_PDEATHSIG = 1


def die_with_parent() -> Callable[[], None] | None:
    """What a child does first: ask the kernel for SIGTERM when the supervisor dies, however it dies. Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return ask


class Child:
    """A program, its process and the pause before its next start.

    Attributes:
        start_at: when it is started next, on the monotonic clock; None while it runs or when it is over.
        kill_at: when it is killed if it has not stopped by then.
        waits_for: the file whose appearance starts it; empty once it has.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.lines = Lines()
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at: float | None = None
        self.kill_at: float | None = None
        self.waits_for = program.after_file
        self._started = 0.0
        self._pause = FIRST_PAUSE_S

    @property
    def alive(self) -> bool:
        """Its process has been started and not yet been seen to end."""
        return self.process is not None

    def start(self, now: float) -> IO[bytes]:
        """Start the process in a session of its own and return its output."""
        self.process = subprocess.Popen(  # noqa: S603 - the plan's own command, no shell
            self.program.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.program.env},
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
        )
        self.start_at = None
        self._started = now
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe, see above
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    def reap(self) -> int | None:
        """The exit code if the process has ended; its group is then empty."""
        if self.process is None:
            return None
        code = self.process.poll()
        if code is not None:
            self.signal(signal.SIGKILL)
            self.process = None
            self.kill_at = None
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything that it started."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def plan_restart(self, now: float) -> float:
        """Set the next start and return the pause: doubling, and short again after a steady minute."""
        if now - self._started >= STEADY_S:
            self._pause = FIRST_PAUSE_S
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE_S)
        self.start_at = now + pause
        return pause


def ending(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
