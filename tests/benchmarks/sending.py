"""What the benchmarks of sending share: the product's processes, the stand-in of the Bot API, and percentiles."""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e import stack as e2e
from tests.e2e.stack import ROOT, Stack, stack
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer


class Books:
    """The process that fills the outbox and counts; see `sending_run`."""

    def __init__(self, running: Stack) -> None:
        with (running.folder / "books.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.sending_run"],
                cwd=ROOT,
                env=running.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ask(self, name: str, **options: Any) -> dict[str, Any]:
        """Carry out one command.

        Raises:
            ConnectionError: the database did not take it, as while it is restarted.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, options]) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer: dict[str, Any] = json.loads(line.removeprefix("ANSWER "))
                if "error" in answer:
                    raise ConnectionError(answer["error"])
                return answer
        raise RuntimeError("the books have ended; see books.log")

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def set_up(*, production: bool, **options: Any) -> Iterator[tuple[Stack, Books, BotApiServer]]:
    """A worker and beat of one set-up, empty, with a stand-in that counts as Telegram does."""
    with (
        bot_api.running(**options) as telegram,
        tempfile.TemporaryDirectory(prefix="pult-bench-") as folder,
        stack(Path(folder), production=production, TELEGRAM_API_URL=telegram.url) as running,
    ):
        running.start_worker()
        running.start_beat()
        books = Books(running)
        try:
            books.ask("count")
            running.until_worker_ready()
            time.sleep(5)  # beat has connected
            yield running, books, telegram
        finally:
            books.close()


def set_ups() -> list[bool]:
    """Embedded, and production where its servers are named."""
    if e2e.POSTGRES and e2e.REDIS:
        return [False, True]
    print("production: skipped, DATABASE_URL and REDIS_URL are not set")
    return [False]


def until_arrived(telegram: BotApiServer, count: int, *, seconds: float) -> None:
    """Wait until the stand-in has accepted so many messages, or the time is over."""
    ends = time.monotonic() + seconds
    while len(telegram.messages) < count and time.monotonic() < ends:
        time.sleep(0.2)
    time.sleep(1.5)  # the last ones are recorded


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p95 and p99, rounded."""
    if len(values) < 2:
        return {name: round(value) for name in ("p50", "p95", "p99") for value in values}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49]), "p95": round(cuts[94]), "p99": round(cuts[98])}


def refusals(telegram: BotApiServer) -> int:
    """How often the stand-in said that it is too much."""
    return sum(entry.status == 429 for entry in telegram.log)


def options(words: str | None) -> argparse.ArgumentParser:
    """The options that every one of them has; whoever asks it to end leaves no processes behind."""
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit("asked to end"))
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--embedded", action="store_true", help="only that set-up")
    return parser
