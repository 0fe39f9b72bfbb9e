"""What the tests of sources share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from apps.core.work import stopping
from apps.sources import listeners
from apps.sources.models import Post
from apps.telegram.models import Session
from tests.servers import site
from tests.sources.channels import SessionFactory, Telegram

TOLD: dict[str, list[list[Post]]] = {"added": [], "changed": [], "deleted": []}


def remember_added(posts: Sequence[Post]) -> None:
    """A listener that remembers."""
    TOLD["added"].append(list(posts))


def remember_changed(posts: Sequence[Post]) -> None:
    """A listener that remembers."""
    TOLD["changed"].append(list(posts))


def remember_deleted(posts: Sequence[Post]) -> None:
    """A listener that remembers."""
    TOLD["deleted"].append(list(posts))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[Post]]]:
    """What listeners were told, in place of the apps above."""
    monkeypatch.setattr(listeners, "_added", [f"{__name__}.remember_added"])
    monkeypatch.setattr(listeners, "_changed", [f"{__name__}.remember_changed"])
    monkeypatch.setattr(listeners, "_deleted", [f"{__name__}.remember_deleted"])
    TOLD["added"], TOLD["changed"], TOLD["deleted"] = [], [], []
    return TOLD


@pytest.fixture
def host(settings: object) -> Iterator[site.SiteServer]:
    """A web host on loopback that collectors may reach, without waiting between requests."""
    with site.running() as server:
        settings.HTTP_ALLOW_PRIVATE = [server.url.removeprefix("http://")]  # type: ignore[attr-defined]
        settings.HTTP_HOST_INTERVAL_S = 0.0  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def no_listeners(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nobody above is told."""
    monkeypatch.setattr(listeners, "_added", [])
    monkeypatch.setattr(listeners, "_changed", [])
    monkeypatch.setattr(listeners, "_deleted", [])
    return lambda: None


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    """A Telegram without channels."""
    yield Telegram()
    stopping.forget()


@pytest.fixture
def account(telegram: Telegram) -> Session:
    """An account that is connected."""
    session: Session = SessionFactory.create()
    telegram.accounts.add(session.pk)
    return session
