"""The process that reads channels: it starts on demand, says that it lives, and ends when it is asked to."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.core.startup import on_demand
from apps.core.ticks import tick_last
from apps.core.work import bells, kinds, stopping
from apps.core.work.sweep import sweep
from apps.sources.channel_fetcher import ChannelFetching
from apps.sources.channel_reader import PROCESS, ChannelReading, Every
from apps.sources.management.commands import run_telegram_reader
from apps.sources.models import ChannelFetch, ChannelRead, Post, PostMedia
from apps.sources.services.fetching import media_fetch_ask
from apps.telegram.models import Session
from apps.telegram.reading import Attachment
from tests.sources.channels import Telegram, added, again, read, texts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture
def sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says that the process lives."""
    path = tmp_path / "sign"
    monkeypatch.setattr(run_telegram_reader, "sign", lambda: path)
    return path


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test keeps its connection; nobody was asked to stop."""
    monkeypatch.setattr("apps.sources.channel_reader.close_old_connections", lambda: None)
    stopping.forget()
    yield
    stopping.forget()


def checked() -> int:
    with pytest.raises(SystemExit) as ended:
        call_command("run_telegram_reader", "--check")
    return int(ended.value.code or 0)


def test_the_check_says_whether_it_lives(sign: Path) -> None:
    assert checked() == 1
    sign.touch()
    assert checked() == 0
    old = time.time() - 120
    os.utime(sign, (old, old))
    assert checked() == 1


def test_the_group_starts_it_once_an_account_is_logged_in(settings: Any, tmp_path: Path) -> None:
    settings.PULT_VAR = tmp_path
    program = next(one for one in on_demand.known() if one.name == "reader")
    assert program.command == PROCESS
    on_demand.look()
    assert not program.note.exists()

    on_demand.want("reader")

    assert program.note.exists()


def test_readings_ring_no_bell(telegram: Telegram, account: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr("apps.core.work.publisher.publish", rung.append)
    telegram.channel()
    added(account)

    assert kinds.get("channel_read").process == PROCESS
    assert bells.ring("channel_read") is False
    assert "channel_read" not in sweep()
    assert ChannelRead.objects.due(now()).count() == 1
    assert not [task for task in rung if "read" in task]


def test_it_reads_until_it_is_stopped_and_says_that_it_lives(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    lives: list[int] = []
    reading = ChannelReading(alive=lambda: lives.append(1))
    stopper = threading.Timer(0.5, reading.stop)
    stopper.start()

    reading.run(telegram)

    stopper.join()
    assert Post.objects.count() == 1
    assert lives
    assert tick_last(PROCESS) is not None


def test_it_ends_where_the_connections_break_off(telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram, "is_running", lambda: False, raising=False)

    ChannelReading().run(telegram)

    assert not stopping.is_asked()


def test_a_reading_that_is_asked_to_stop_claims_nothing(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    reading = ChannelReading()
    reading.stop()

    reading.turn(telegram)

    assert (telegram.asked, ChannelRead.objects.get().attempts) == ([], 0)


def test_it_is_time_at_first_and_then_after_a_while() -> None:
    every = Every(60)

    assert [every.is_time(), every.is_time()] == [True, False]
    every.again()
    assert every.is_time()


def test_a_wait_for_files_stops_files_and_no_reading(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    number = channel.post("слово", attachment=Attachment("photo", mime="image/jpeg", size=3))
    source = added(account)
    reading = read(telegram)
    media_fetch_ask(media=PostMedia.objects.get())
    fetching = ChannelFetching(telegram)
    telegram.refusals["fetch_media"] = [RetryableError("slowly", code="flood", retry_after=3600)]

    fetching.turn()

    row = ChannelFetch.objects.get()
    assert (row.state, row.attempts, row.media.key) == ("ready", 0, str(number))
    assert row.not_before > now() + timedelta(minutes=59)
    channel.post("второе")
    again(telegram, source, reading)
    assert texts() == ["слово", "второе"]
    ChannelFetch.objects.update(not_before=now())
    fetching.turn()
    assert telegram.count("fetch_media") == 1
