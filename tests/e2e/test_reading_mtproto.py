"""The real program reads a channel over MTProto: log-in, older posts, what is new at once, and the log-out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import types

from apps.core.clock import now
from tests.e2e.stack import POSTGRES, REDIS, Stack, stack
from tests.servers import bot_api
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import Account, Invite, Telegram, channel, message, service, user

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
READER = (sys.executable, "manage.py", "run_telegram_reader", "--lease", "6")
WORDS = "The storehouse in the port burns since the morning, says the harbour master"


@pytest.fixture
def telegram() -> Telegram:
    known = Telegram(accounts={"79001112233": Account(user=user(501, username="vera_reads"))})
    known.channels[77] = channel(77, title="Port news", username="port_news")
    known.messages[77] = [message(77, n, f"{WORDS}: report {n}.") for n in range(1, 60)]
    return known


@pytest.fixture
def server(telegram: Telegram) -> Iterator[MtprotoStandIn]:
    with MtprotoStandIn(telegram).running() as made:
        telegram.port = made.port
        yield made


@pytest.fixture
def posting() -> Iterator[bot_api.BotApiServer]:
    """Where bots write."""
    with bot_api.running() as made:
        yield made


@pytest.fixture(params=["embedded", "production"])
def running(
    request: pytest.FixtureRequest, tmp_path: Path, server: MtprotoStandIn, posting: bot_api.BotApiServer
) -> Iterator[Stack]:
    """A fresh set-up whose accounts connect to the stand-in."""
    production = request.param == "production"
    if production and not (POSTGRES and REDIS):
        pytest.skip("needs DATABASE_URL and REDIS_URL: PostgreSQL and Redis are not configured for this run")
    if not production and POSTGRES:
        pytest.skip("the embedded set-up is followed in the run without DATABASE_URL")
    env = {
        "TELEGRAM_MTPROTO_SERVER": f"127.0.0.1:{server.port}",
        "TELEGRAM_MTPROTO_KEY": str(server.write_key(tmp_path / "server.pem")),
        "TELEGRAM_API_ID": "12345",
        "TELEGRAM_API_HASH": "0123456789abcdef0123456789abcdef",
        "TELEGRAM_API_URL": posting.url,
        "TELEGRAM_TIMEOUT_S": "5",
    }
    with stack(tmp_path, production=production, **env) as made:
        made.manage("migrate", "--no-input")
        yield made


def did(running: Stack, act: str, *more: str) -> Any:
    """Do something beside the process."""
    return running.served("reading_mtproto", act, *more)


def test_channel_is_read_over_mtproto_and_the_account_leaves(
    running: Stack, server: MtprotoStandIn, telegram: Telegram
) -> None:
    assert did(running, "seed") == {"state": "active"}
    running.start("reader", *READER)
    running.until(lambda: did(running, "report")["posts"] == 30, seconds=120, what="thirty older posts are there")

    newest = message(77, 60, "The fire in the port is out.")
    telegram.messages[77].append(newest)
    told = types.UpdateNewChannelMessage(message=newest, pts=2, pts_count=1)
    server.push(types.Updates(updates=[told], users=[], chats=[telegram.channels[77]], date=None, seq=0))
    running.until(lambda: did(running, "report")["read_to"] == 60, seconds=45, what="the hint has been followed")
    now = did(running, "report")
    assert (now["posts"], now["problem"], now["state"]) == (31, "", "active")

    assert did(running, "leave") == {"told": False}  # the program has the account, and does it
    running.until(lambda: did(running, "report")["state"] == "out", seconds=60, what="Telegram was told")
    assert telegram.logins == {}
    assert did(running, "report")["owner"] == ""
    assert "GetDialogs" not in telegram.asked
    assert "Traceback" not in running.logs()


def test_private_group_is_joined_read_and_followed_when_it_moves(
    running: Stack, server: MtprotoStandIn, telegram: Telegram
) -> None:
    group = {"broadcast": False, "megagroup": True}
    telegram.channels[88] = channel(88, title="Pilots among themselves", **group)
    telegram.insiders[88] = set()
    telegram.messages[88] = [message(88, 1, "The old tug is sold")]
    telegram.invites["AbCdEf123456"] = Invite(telegram.channels[88], members=12)
    assert did(running, "log_in") == {"state": "active"}
    running.start("reader", *READER)

    did(running, "check")
    running.until(lambda: did(running, "invited")["state"] == "seen", seconds=120, what="Telegram told of it")
    told = {"code": "", "title": "Pilots among themselves", "members": 12, "chat_id": None, "kind": "supergroup"}
    assert did(running, "invited") == {"state": "seen", **told}
    assert telegram.insiders[88] == set()
    assert "ImportChatInvite" not in telegram.asked

    did(running, "join")
    running.until(lambda: did(running, "invited")["state"] == "inside", seconds=60, what="it has joined")
    assert telegram.insiders[88] == {501}
    running.until(lambda: did(running, "texts")["texts"] == ["The old tug is sold"], seconds=60, what="it is read")

    assert did(running, "own")["titles"] == ["Pilots among themselves"]
    running.until(lambda: not did(running, "owned")["asking"], seconds=60, what="its channels are listed")
    assert telegram.asked.count("GetDialogs") == 1

    telegram.channels[99] = channel(99, title="Pilots among themselves", **group)
    telegram.insiders[99] = {501}
    telegram.messages[99] = [
        service(99, 1, types.MessageActionChannelMigrateFrom(title="Pilots among themselves", chat_id=88)),
        message(99, 2, "The new tug has come"),
    ]
    telegram.messages[88].append(service(88, 2, types.MessageActionChatMigrateTo(channel_id=99)))
    both = ["The old tug is sold", "The new tug has come"]
    running.until(lambda: did(running, "texts")["texts"] == both, seconds=90, what="the group is read where it moved")
    assert did(running, "texts") == {"texts": both, "chat_id": 99, "problem": ""}
    assert "ResolveUsername" not in telegram.asked
    assert "Traceback" not in running.logs()


def test_a_post_in_doubt_is_looked_for_over_mtproto_before_anybody_is_asked(
    running: Stack, telegram: Telegram, posting: bot_api.BotApiServer
) -> None:
    assert did(running, "seed") == {"state": "active"}
    running.start("reader", *READER)
    running.start_worker()
    running.start_beat()
    running.until(lambda: did(running, "report")["posts"] == 30, seconds=120, what="the channel is read")

    posting.faults.add("cut_after", method="send*", times=1)
    did(running, "publish", "The tug has come")
    (there,) = running.until(lambda: posting.messages, seconds=60, what="Telegram has it, and nobody knows")
    telegram.messages[77].append(message(77, there.message_id + 100, there.text, date=now()))
    running.until(lambda: did(running, "published", "The tug has come")["status"] == "sent", seconds=90, what="found")
    assert did(running, "published", "The tug has come") == {
        "status": "sent",
        "message": str(there.message_id + 100),
        "log": [["send", "unknown"], ["look_up", "sent"]],
        "alerts": [],
    }

    posting.faults.add("cut_before", method="send*", times=1)
    did(running, "publish", "The tug has gone")
    running.until(lambda: did(running, "published", "The tug has gone")["status"] == "sent", seconds=120, what="again")
    told = did(running, "published", "The tug has gone")
    assert told["log"] == [["send", "unknown"], ["look_up", "absent"], ["send", "sent"]]
    assert told["alerts"] == []
    assert len(posting.log.of("sendMessage")) == 3
    assert len(posting.messages) == 2
    assert "Traceback" not in running.logs()
