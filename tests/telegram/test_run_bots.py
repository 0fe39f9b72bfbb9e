"""Real processes of `run_bots`: killed at the worst moments, two at once, and asked to stop."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from apps.telegram.models import Bot, Inbox, Update
from apps.telegram.tasks import updates_work
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import membership, message
from tests.telegram.factories import BotFactory
from tests.telegram.listening import bots_process, killed, waited

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
CHANNEL = ChatRow(-1001234567890, "channel", "Port news", "port_news")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        yield running


@pytest.fixture
def start(server: BotApiServer) -> Iterator[Start]:
    """Start processes; what is left of them is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def one(**variables: str) -> subprocess.Popen[str]:
        started.append(bots_process(server.url, **variables))
        return started[-1]

    yield one
    for process in started:
        if process.poll() is None:
            killed(process)


def held(process: subprocess.Popen[str]) -> None:
    """Wait until the process stands still at its moment."""
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"


def free(bot: Bot) -> None:
    """Let the lease of a killed process run out at once."""
    Inbox.objects.filter(bot=bot).update(lease_until=None)


@pytest.mark.parametrize(("moment", "kept"), [("fetched", 0), ("stored", 2)])
def test_killed_between_store_and_confirm_nothing_is_lost_or_doubled(
    server: BotApiServer, start: Start, moment: str, kept: int
) -> None:
    bot: Bot = BotFactory()
    server.updates.add(bot.bot_id, "my_chat_member", membership(bot.bot_id, CHANNEL))
    server.updates.add(bot.bot_id, "channel_post", message(CHANNEL, "hello"))
    process = start(HOLD=moment)
    held(process)
    assert killed(process) == -signal.SIGKILL
    assert Update.objects.count() == kept
    assert server.updates.confirmed[bot.bot_id] == [], "nothing is confirmed before it is stored"

    free(bot)
    start()
    waited(lambda: server.updates.confirmed[bot.bot_id] == [1000, 1001])
    server.updates.add(bot.bot_id, "channel_post", message(CHANNEL, "third"))
    waited(lambda: server.updates.confirmed[bot.bot_id] == [1000, 1001, 1002])
    assert list(Update.objects.order_by("pk").values_list("update_id", flat=True)) == [1000, 1001, 1002]
    updates_work()
    updates_work()
    assert list(Update.objects.values_list("state", flat=True)) == ["done"] * 3
    assert bot.known_chats.count() == 1


def test_two_processes_do_not_fight_and_the_standby_takes_over(server: BotApiServer, start: Start) -> None:
    bots = BotFactory.create_batch(3)
    first, second = start(), start()
    waited(lambda: Inbox.objects.filter(heard_at__isnull=False).count() == 3)
    for number in range(10):
        for bot in bots:
            server.updates.add(bot.bot_id, "channel_post", message(CHANNEL, f"post {number}"))
        time.sleep(0.1)
    waited(lambda: all(len(server.updates.confirmed[bot.bot_id]) == 10 for bot in bots))
    assert [entry for entry in server.log.of("getUpdates") if entry.status == 409] == []
    owners = set(Inbox.objects.values_list("lease_owner", flat=True))
    holder = next(one for one in (first, second) if any(f":{one.pid}:" in owner for owner in owners))
    assert killed(holder, signal.SIGTERM) == 0
    for bot in bots:
        server.updates.add(bot.bot_id, "channel_post", message(CHANNEL, "after"))
    waited(lambda: all(len(server.updates.confirmed[bot.bot_id]) == 11 for bot in bots))
    assert Update.objects.count() == 33
    assert {number for bot in bots for number in server.updates.served[bot.bot_id].values()} <= {1, 2}


def test_sigterm_ends_it_soon_and_gives_the_leases_back(server: BotApiServer, start: Start) -> None:
    bot: Bot = BotFactory()
    process = start(TELEGRAM_POLL_S="50")
    waited(lambda: server.log.of("getUpdates"))
    assert Inbox.objects.get(bot=bot).lease_owner != ""
    began = time.monotonic()
    assert killed(process, signal.SIGTERM) == 0
    assert time.monotonic() - began < 20, "well within the supervisor's 25 s, although a question of 50 s was open"
    assert Inbox.objects.get(bot=bot).lease_owner == ""


def test_kill_after_kill_loses_and_doubles_nothing(server: BotApiServer, start: Start) -> None:
    bot: Bot = BotFactory()
    told = 0
    for _ in range(6):
        process = start(TELEGRAM_POLL_S="1")
        for _ in range(5):
            told += 1
            server.updates.add(bot.bot_id, "channel_post", message(CHANNEL, f"post {told}"))
            time.sleep(0.05)
        waited(Update.objects.filter(payload__text=f"post {told}").exists)
        killed(process)
        free(bot)
    start()
    waited(lambda: len(server.updates.confirmed[bot.bot_id]) == told)
    numbers = list(Update.objects.order_by("pk").values_list("update_id", flat=True))
    assert numbers == list(range(1000, 1000 + told))
