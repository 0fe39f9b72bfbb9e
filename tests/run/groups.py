"""Starts a supervised group in a process of its own, as `make run` does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from apps.core.supervisor.plan import Plan, Program, dump
from tests.architecture.tree import BASE

PATIENCE_S = 200.0  # a busy machine takes its time
T = TypeVar("T")


class Started:
    """A running group with what it has said so far."""

    def __init__(self, plan: Plan, *, read: bool = True) -> None:
        reader, writer = os.pipe()
        os.set_inheritable(reader, True)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(dump(plan))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.core.supervisor", str(reader)],
            cwd=BASE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[reader],
            text=True,
        )
        os.close(reader)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        if read:
            self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def line(self, text: str) -> str:
        """Wait for a line with this text."""
        return waited(lambda: next((line for line in self.lines if text in line), None), f"a line with {text!r}")

    def end(self) -> int:
        """Wait for the end."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def kill(self) -> None:
        """Make sure that nothing is left, and close the pipe."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        if self._reader.ident is not None:
            self._reader.join(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()


def waited(look: Callable[[], T | None], what: str) -> T:
    """Look again and again until there is something."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come")


def python(name: str, code: str, **options: object) -> Program:
    """A program that runs a bit of Python."""
    return Program(name, (sys.executable, "-c", code), **options)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
