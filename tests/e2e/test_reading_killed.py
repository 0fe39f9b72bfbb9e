"""The process that reads channels is killed again and again: nothing is lost, nothing doubled, no login destroyed."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.telegram.adapters.fake_world import FakeWorld
from tests.e2e.reading import CHANNELS
from tests.e2e.stack import POSTGRES, REDIS, Stack, stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
KILLS = 20
LEASE_S = 2.0
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


def did(running: Stack, act: str) -> Any:
    """Do something beside the process."""
    return json.loads(running._run("-m", "tests.e2e.reading", act).splitlines()[-1])


class Press:
    """Whoever writes the channels, while the process comes and goes."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.world, self.dice = FakeWorld(folder), dice
        self.chats = {name: self.world.channel(name, title=name.title()) for name in CHANNELS}
        self.expected: dict[str, dict[str, tuple[str, int]]] = {name: {} for name in CHANNELS}
        self.last = dict.fromkeys(CHANNELS, 0)
        self.albums = 0

    def write(self, posts: int) -> None:
        """Some posts in each channel, some of them albums."""
        for name, chat in self.chats.items():
            for _each in range(posts):
                if self.dice.random() < 0.15:
                    self.albums += 1
                    parts = self.dice.randint(2, 10)
                    ids = self.world.album(chat, parts, caption=f"album {self.albums}", album_id=9000 + self.albums)
                    self.expected[name][f"{chat}:{ids[0]}"] = (f"album {self.albums}", parts)
                else:
                    number = self.world.post(chat, f"{name} {self.last[name]}")
                    ids = [number]
                    self.expected[name][f"{chat}:{number}"] = (f"{name} {self.last[name]}", 0)
                self.last[name] = ids[-1]


def test_twenty_kills_lose_nothing_and_double_nothing(running: Stack) -> None:
    dice = random.Random()
    press = Press(running.folder / "telegram", dice)
    press.write(60)
    did(running, "seed")
    press.world.slow(0.5)  # so that kills meet readings under way
    for kill in range(KILLS):
        process = running.start("reader", *READER)
        press.write(dice.randint(0, 8))
        if kill % 4:  # one time in four it is killed while it still starts
            running.until(lambda: press.world.asked(pid=process.pid), seconds=60, what="it has begun to read")  # noqa: B023
        time.sleep(dice.uniform(0.0, 4.0))
        running.kill("reader")

    press.world.clear_faults()
    running.start("reader", *READER)
    press.write(1)
    ended: dict[str, Any] = {}

    def caught_up() -> bool:
        ended.update(did(running, "report"))
        did(running, "due")
        return bool(ended["read_to"] == press.last and not ended["reads_back"])

    running.until(caught_up, seconds=300, what="every channel is read to its end")
    running.kill("reader")
    assert ended["faults"] > 0  # some kills hit a reading that was under way

    found: dict[str, dict[str, tuple[str, int]]] = {name: {} for name in CHANNELS}
    for name, external_id, text, revision, media in ended["posts"]:
        assert revision == 1
        found[name][external_id] = (text, media)
    assert found == press.expected
    assert len(ended["posts"]) == sum(len(posts) for posts in press.expected.values())
    assert set(Counter(ended["live"]).values()) <= {1}
    assert ended["accounts"] == ["active", "active"]
    answered = [*press.world.asked(outcome="slow"), *press.world.asked(outcome="ok")]
    assert len({row["pid"] for row in answered}) > 1


def test_two_processes_share_the_accounts_and_double_nothing(running: Stack) -> None:
    press = Press(running.folder / "telegram", random.Random(7))
    press.write(30)
    accounts = did(running, "seed")["accounts"]
    running.start("first", *READER)
    running.start("second", *READER)

    def caught_up() -> bool:
        return bool(did(running, "report")["read_to"] == press.last)

    running.until(caught_up, seconds=120, what="every channel is read")
    press.write(5)
    did(running, "due")
    running.until(caught_up, seconds=120, what="what is new is read")

    ended = did(running, "report")
    assert len(ended["posts"]) == sum(len(posts) for posts in press.expected.values())
    assert ended["accounts"] == ["active", "active"]
    assert (ended["dead"], ended["faults"], ended["errors"]) == (0, 0, [])
    for pk in accounts:
        assert len({row["pid"] for row in press.world.connections(pk) if row["closed"] is None}) == 1
