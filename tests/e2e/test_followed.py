"""A post is followed from its feed to its message, through the real processes and the stand-ins."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import POSTGRES, REDIS, Stack, stack
from tests.e2e.texts import feed
from tests.servers import bot_api, openai_api, site

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
KILLS = 20


@pytest.fixture(params=["embedded", "production"])
def production(request: pytest.FixtureRequest) -> bool:
    """Whether this run is on PostgreSQL and Redis."""
    if request.param == "production" and not (POSTGRES and REDIS):
        pytest.skip("needs DATABASE_URL and REDIS_URL: PostgreSQL and Redis are not configured for this run")
    if request.param == "embedded" and POSTGRES:
        pytest.skip("the embedded set-up is followed in the run without DATABASE_URL")
    return bool(request.param == "production")


@pytest.fixture
def telegram() -> Iterator[bot_api.BotApiServer]:
    with bot_api.running() as server:
        yield server


@pytest.fixture
def model() -> Iterator[openai_api.OpenAiServer]:
    with openai_api.running() as server:
        yield server


@pytest.fixture
def host() -> Iterator[site.SiteServer]:
    with site.running() as server:
        yield server


def environment(
    telegram: bot_api.BotApiServer, model: openai_api.OpenAiServer, host: site.SiteServer
) -> dict[str, str]:
    """Point the product at the stand-ins."""
    return {
        "TELEGRAM_API_URL": telegram.url,
        "AI_WRITER": "openai",
        "AI_API_URL": f"{model.url}/v1",
        "AI_API_KEY": "test-key",
        "AI_TIMEOUT_S": "10",
        "HTTP_ALLOW_PRIVATE": "127.0.0.0/8",
        "HTTP_HOST_INTERVAL_S": "0",
    }


def test_post_followed_to_its_message(
    tmp_path: Path,
    production: bool,
    telegram: bot_api.BotApiServer,
    model: openai_api.OpenAiServer,
    host: site.SiteServer,
) -> None:
    host.page("/feed.xml", feed(range(1), name="One"), content_type="application/rss+xml")
    with stack(tmp_path, production=production, **environment(telegram, model, host)) as running:
        running.start("group", sys.executable, "manage.py", "up")
        running.until(running.is_ready, seconds=60, what="the site answers")
        running.editor("setup", "--feed", f"{host.url}/feed.xml", "--chats", "1")
        running.until(lambda: running.editor("report")["stories"], seconds=60, what="the post is a story")
        running.until(
            lambda: running.editor("approve")["publications"] == 2, seconds=60, what="a draft is written and approved"
        )
        running.until(lambda: settled(running.editor("report"), 2), seconds=60, what="both publications are settled")
        report = running.editor("report")

    assert report["posts"] == ["post-0"]
    assert [row["status"] for row in report["stories"]] == ["published"]
    assert [message.chat.id for message in telegram.messages] == [-1005000]
    sent = {row["kind"]: row for row in report["publications"]}
    assert sent["telegram"]["status"] == "sent"
    assert sent["telegram"]["message_id"] == str(telegram.messages[0].message_id)
    assert report["preview"] == [sent["preview"]["pk"]]
    assert report["alerts"] == []


def test_twenty_kills_lose_and_double_nothing(
    tmp_path: Path,
    production: bool,
    telegram: bot_api.BotApiServer,
    model: openai_api.OpenAiServer,
    host: site.SiteServer,
) -> None:
    chance = random.Random(20)
    retried: list[dict[str, Any]] = []
    telegram.faults.add("slow", probability=0.5, seconds=0.4, method="sendMessage")
    feeds = []
    for number in range(3):
        posts = range(number * 10, number * 10 + 12)
        host.page(f"/{number}.xml", feed(posts, name=f"Feed {number}"), content_type="application/rss+xml")
        feeds += ["--feed", f"{host.url}/{number}.xml"]
    with stack(tmp_path, production=production, **environment(telegram, model, host)) as running:
        running.manage("migrate", "-v", "0")
        running.editor("setup", "--chats", "4", *feeds)
        running.start_beat()
        running.start_worker()
        for _ in range(KILLS):
            time.sleep(chance.uniform(2.0, 6.0))
            running.kill("worker", signal.SIGKILL)
            running.start_worker()
            running.editor("approve")
        running.until(lambda: finished(running, retried), seconds=420, what="every publication is settled")
        report = running.editor("report")

    # what had to be tried again was killed three times over before it left, and a person had been told
    assert [row for row in retried if row["code"] != "worker_lost" or not row["told"]] == []
    # every post stored once
    expected = [f"post-{n}" for number in range(3) for n in range(number * 10, number * 10 + 12)]
    assert report["posts"] == sorted(expected)
    assert report["grouped"] == len(expected)
    # no message twice
    texts = Counter((message.chat.id, message.text) for message in telegram.messages)
    assert [key for key, times in texts.items() if times > 1] == []
    # every publication sent with its id, or unknown with an alert
    arrived = {(str(message.chat.id), str(message.message_id)) for message in telegram.messages}
    assert arrived
    for row in report["publications"]:
        if row["kind"] == "telegram" and row["status"] == "sent":
            assert (row["chat_id"], row["message_id"]) in arrived
        elif row["kind"] == "telegram":
            assert row["status"] == "unknown", [row, [d for d in report["deliveries"] if d["pk"] == row["delivery"]]]
            assert f"delivery.unknown:{row['delivery']}" in report["alerts"]
    # preview exactly once
    previews = [row["pk"] for row in report["publications"] if row["kind"] == "preview"]
    assert sorted(report["preview"]) == sorted(previews)
    assert {row["status"] for row in report["publications"] if row["kind"] == "preview"} == {"sent"}
    assert len(report["publications"]) == 2 * len(report["stories"])


def settled(report: dict[str, list[dict[str, str]]], number: int) -> bool:
    """Whether so many publications have come to an end."""
    ended = [row for row in report["publications"] if row["status"] in {"sent", "unknown"}]
    return len(ended) == number


def finished(running: Stack, retried: list[dict[str, Any]]) -> bool:
    """Whether every post is in a story and every story is out everywhere, or known to be unknown.

    What three kills made fail before it left is tried again by the editor and noted in `retried`.
    """
    running.editor("approve")
    retried += running.editor("retry")["retried"]
    report = running.editor("report")
    return (
        len(report["posts"]) == report["grouped"] == 36
        and len(report["publications"]) == 2 * len(report["stories"])
        and settled(report, len(report["publications"]))
    )
