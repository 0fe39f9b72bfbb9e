"""The process that reads channels is killed again and again: nothing is lost, nothing doubled, no login destroyed."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.press import Press
from tests.e2e.stack import POSTGRES, REDIS, Stack, stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
KILLS = 20
MET = ("newer", "by_ids", "fetch_media")  # what a kill waits for in turn, so that it meets each of them under way
LEASE_S = 1.5
READER = (sys.executable, "manage.py", "run_telegram_reader", "--lease", str(LEASE_S))


@pytest.fixture(params=["embedded", "production"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """A fresh set-up whose accounts read scripted channels."""
    production = request.param == "production"
    if production and not (POSTGRES and REDIS):
        pytest.skip("needs DATABASE_URL and REDIS_URL: PostgreSQL and Redis are not configured for this run")
    if not production and POSTGRES:
        pytest.skip("the embedded set-up is followed in the run without DATABASE_URL")
    world = {"TELEGRAM_READER": "scripted", "TELEGRAM_READER_DIR": str(tmp_path / "telegram")}
    with stack(tmp_path, production=production, **world) as made:
        made.manage("migrate", "--no-input")
        yield made


def did(running: Stack, act: str) -> dict[str, Any]:
    """Do something beside the process."""
    return running.served("reading", act)


def waited(running: Stack, press: Press, pid: int, method: str) -> None:
    """Wait until a process asks for something; not for ever, for there may be nothing of it to ask."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not press.world.asked(pid=pid, method=method):
        time.sleep(0.05)
    assert running.processes["reader"].poll() is None


def test_twenty_kills_lose_nothing_and_double_nothing(running: Stack) -> None:
    dice = random.Random()
    press = Press(running.folder / "telegram", dice)
    press.write(40)
    did(running, "seed")
    press.world.slow(0.4)  # so that kills meet readings under way
    for kill in range(KILLS):
        stored = did(running, "later")["stored"]
        process = running.start("reader", *READER)
        press.write(dice.randint(0, 4))
        press.meddle(set(stored), edits=dice.randint(2, 8), deletions=dice.randint(0, 3))
        if kill % 4:  # one time in four it is killed while it still starts
            running.until(lambda: press.world.asked(pid=process.pid), seconds=60, what="it has begun to read")  # noqa: B023
            waited(running, press, process.pid, MET[kill % 4 - 1])
            time.sleep(dice.uniform(0.0, 0.6))
        else:
            time.sleep(dice.uniform(0.0, 3.0))
        press.meddle(set(did(running, "state")["stored"]), edits=3, deletions=1)  # while readings are under way
        running.kill("reader")

    press.world.clear_faults()
    press.write(1)
    did(running, "later")
    running.start("reader", *READER)

    def caught_up() -> bool:
        now = did(running, "state")
        did(running, "due")
        is_read = now["read_to"] == press.last and not now["reads_back"] and not now["unseen"]
        return bool(is_read and not now["fetches"] and not did(running, "again")["asked"])

    running.until(caught_up, seconds=300, what="every channel is read to its end, and every file is there")
    running.kill("reader")
    ended = did(running, "report")
    press.judge(ended["posts"])
    assert ended["faults"] > 0  # some kills hit a reading that was under way
    assert set(Counter(ended["live"]).values()) <= {1}
    assert ended["accounts"] == ["active", "active"]
    # That much happened while the process was being killed, not at the end.
    for method in MET:
        assert len({row["pid"] for row in press.world.asked(method=method)}) >= KILLS // 5, method


def test_two_processes_share_the_accounts_and_double_nothing(running: Stack) -> None:
    press = Press(running.folder / "telegram", random.Random(7))
    press.write(30)
    accounts = did(running, "seed")["accounts"]
    running.start("first", *READER)
    running.start("second", *READER)

    def caught_up() -> bool:
        now = did(running, "state")
        return bool(now["read_to"] == press.last and not now["fetches"])

    running.until(caught_up, seconds=120, what="every channel is read")
    press.write(5)
    did(running, "due")
    running.until(caught_up, seconds=120, what="what is new is read")

    ended = did(running, "report")
    press.judge(ended["posts"])
    assert ended["accounts"] == ["active", "active"]
    assert (ended["dead"], ended["faults"], ended["errors"]) == (0, 0, [])
    for pk in accounts:
        assert len({row["pid"] for row in press.world.connections(pk) if row["closed"] is None}) == 1
