"""Running the program that asks for updates: in this process for a moment, or as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection

from apps.telegram.polling import Polling

PATIENCE_S = 40.0


def listened(*until: Callable[[], Any], polling: Polling | None = None) -> Polling:
    """Listen in this process until each of these, one after the other, answers something true."""
    one = polling or Polling()

    async def main() -> None:
        running = asyncio.create_task(one.run())
        try:
            for seen in until:
                await asyncio.to_thread(waited, in_thread(seen))
        finally:
            one.stop()
            await running

    asyncio.run(main())
    return one


def in_thread(seen: Callable[[], Any]) -> Callable[[], Any]:
    """The question, on a connection that is closed behind it."""

    def asked() -> Any:
        try:
            return seen()
        finally:
            connection.close()

    return asked


def waited(seen: Callable[[], Any]) -> Any:
    """Ask again and again until something true comes."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        found = seen()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_S} s: {getattr(seen, '__name__', seen)}")


def bots_process(url: str, **variables: str) -> subprocess.Popen[str]:
    """Start `run_bots` on the test's database; it says when it is killed half-way by `PULT_TEST_HOLD`."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.work_app.worker_settings",
        "WORK_DATABASE": str(connection.settings_dict["NAME"]),
        "WORK_BROKER": "",
        "PULT_VAR": str(settings.PULT_VAR),
        "TELEGRAM_API_URL": url,
        "TELEGRAM_POLL_S": "2",
        **variables,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.telegram.run_bots"],
        env=environment,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed(process: subprocess.Popen[str], number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    code = process.wait(PATIENCE_S)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return code
