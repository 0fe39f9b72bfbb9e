"""A workspace, an editor, and the Bot API's stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.telegram import buckets
from tests.delivery.factories import WorkspaceFactory, member
from tests.servers import bot_api


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
