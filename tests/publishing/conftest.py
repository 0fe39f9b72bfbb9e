"""A workspace, an editor, and the Bot API's stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.work import stopping
from apps.publishing.models import Channel
from apps.telegram import buckets
from apps.telegram.models import Session
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import telegram_channel
from tests.publishing.looks import CHAT, reader_of
from tests.servers import bot_api
from tests.sources.channels import Telegram


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create()


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace)


@pytest.fixture
def manager(workspace: Workspace) -> User:
    return member(workspace, "manager")


@pytest.fixture
def telegram(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[bot_api.BotApiServer]:
    """The Bot API's stand-in without limits, and buckets that begin full."""
    monkeypatch.setattr(buckets, "LOCAL", buckets.LocalBuckets())
    settings.REDIS_URL = ""
    with bot_api.running(limits=False) as server:
        settings.TELEGRAM_API_URL = server.url
        settings.TELEGRAM_ADAPTER = "bot_api"
        settings.TELEGRAM_TIMEOUT_S = 2.0
        yield server


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return telegram_channel(workspace)


@pytest.fixture
def reading() -> Telegram:
    """What accounts see."""
    stopping.forget()
    made = Telegram()
    made.channel("port_news", chat_id=CHAT)
    return made


@pytest.fixture
def account(workspace: Workspace, reading: Telegram) -> Session:
    return reader_of(workspace, reading)
