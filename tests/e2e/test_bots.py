"""A bot is added while Pult runs; its channel is chosen from a list, and a story comes out there."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.owner import EMAIL, PASSWORD
from tests.e2e.stack import POSTGRES, REDIS, Stack, stack
from tests.servers import bot_api
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import membership, message

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
BOT_ID = 4242
TOKEN = f"{BOT_ID}:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-ab"
CHANNEL = ChatRow(-1001234567890, "channel", "Harbour news")


@pytest.fixture
def telegram() -> Iterator[bot_api.BotApiServer]:
    with bot_api.running() as server:
        yield server


class Owner:
    """The owner at the screens."""

    def __init__(self, port: int) -> None:
        self.browser = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, follow_redirects=True, timeout=60
        )
        self.sent("/admin/login/", username=EMAIL, password=PASSWORD, next="/admin/")

    def __enter__(self) -> Owner:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.browser.close()

    def page(self, address: str) -> str:
        """A page's text."""
        answer = self.browser.get(address)
        assert answer.status_code == 200, address
        return answer.text

    def sent(self, address: str, **fields: object) -> str:
        """Fill a form in and send it."""
        self.page(address)
        token = self.browser.cookies["csrftoken"]
        answer = self.browser.post(address, data={**fields, "csrfmiddlewaretoken": token})
        assert answer.status_code == 200, address
        return answer.text


def did(running: Stack, act: str) -> Any:
    """Do something besides the screens."""
    return json.loads(running._run("-m", "tests.e2e.owner", act))


@pytest.fixture(params=["embedded", "production"])
def production(request: pytest.FixtureRequest) -> bool:
    """Whether this run is on PostgreSQL and Redis."""
    if request.param == "production" and not (POSTGRES and REDIS):
        pytest.skip("needs DATABASE_URL and REDIS_URL: PostgreSQL and Redis are not configured for this run")
    if request.param == "embedded" and POSTGRES:
        pytest.skip("the embedded set-up is followed in the run without DATABASE_URL")
    return bool(request.param == "production")


def test_channel_is_chosen_from_what_the_bot_was_told_and_a_story_comes_out_there(
    tmp_path: Path, production: bool, telegram: bot_api.BotApiServer
) -> None:
    env = {"TELEGRAM_API_URL": telegram.url, "TELEGRAM_POLL_S": "5"}
    with stack(tmp_path, production=production, **env) as running:
        running.start("group", sys.executable, "manage.py", "up")
        running.until(running.is_ready, seconds=90, what="the site answers")
        did(running, "people")
        assert telegram.log.of("getUpdates") == [], "no bot, so nobody asks"
        health = f"http://127.0.0.1:{running.port}/health/ready"
        assert httpx2.get(health, trust_env=False, timeout=60).json()["checks"]["bots"]["detail"] == "no active bots"

        with Owner(running.port) as owner:
            owner.sent("/admin/telegram/bot/add/", name="Harbour bot", new_token=TOKEN)
            running.until(lambda: telegram.log.of("getUpdates"), seconds=60, what="the bot is listened to")

            telegram.updates.add(BOT_ID, "my_chat_member", membership(BOT_ID, CHANNEL))
            telegram.updates.add(BOT_ID, "message", message(ChatRow(501, "private", "Nadia"), "/start"))
            chat, bot = running.until(lambda: offered(owner), seconds=60, what="the channel is offered")
            owner.sent(
                "/admin/publishing/channel/add/",
                kind="telegram", name="Harbour news", slug="", about="", footer="", is_active="on",
                bot=bot, known_chat=chat, chat_id="",
            )  # fmt: skip
        did(running, "publish")
        running.until(lambda: len(telegram.messages) == 2, seconds=60, what="the story and the answer are out")
        running.until(
            lambda: did(running, "report")["publications"] == ["sent"], seconds=60, what="the publication is settled"
        )
        telegram.chats.add(id=CHANNEL.id, kind=CHANNEL.kind, title=CHANNEL.title, refuse="kicked")
        telegram.updates.add(BOT_ID, "my_chat_member", membership(BOT_ID, CHANNEL, refuse="kicked"))
        running.until(lambda: did(running, "report")["alerts"], seconds=60, what="the lost channel is told")
        report = did(running, "report")
        said = httpx2.get(health, trust_env=False, timeout=60).json()["checks"]["bots"]

    assert [(kind, state) for _number, kind, state in report["updates"]] == [
        ("my_chat_member", "done"), ("message", "done"), ("my_chat_member", "done"),
    ]  # fmt: skip
    assert [(row["chat_id"], row["chat_kind"]) for row in report["channels"]] == [(str(CHANNEL.id), "channel")]
    assert report["channels"][0]["problem"] != ""
    assert sorted(report["deliveries"]) == [["telegram.answer", "sent"], ["telegram.post", "sent"]]
    assert sorted(sent.chat.id for sent in telegram.messages) == [CHANNEL.id, 501]
    assert report["alerts"] == ["publishing.channel:1"]
    assert said["ok"], said
    assert TOKEN not in (tmp_path / "group.log").read_text()


def offered(owner: Owner) -> tuple[str, str] | None:
    """The channel's and the bot's keys in the form, once the channel is offered."""
    found = re.search(r'<option value="(\d+)"[^>]*data-bot="(\d+)"', owner.page("/admin/publishing/channel/add/"))
    return (found[1], found[2]) if found else None
