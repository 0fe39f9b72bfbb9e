"""The host of accounts: it owns them one process at a time, notices changes, and hands out readers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Alert, AuditEntry
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.fake_reader import FakeReader
from apps.telegram.adapters.fake_world import FakeWorld
from apps.telegram.models import Budget, Peer, Session
from apps.telegram.reading import ChannelReader, ChannelRef, Me
from apps.telegram.reading_host import ReadingHost
from apps.telegram.services import session_lease, sessions
from apps.telegram.services.session_budget import channel_ref
from tests.telegram.factories import SessionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> FakeWorld:
    settings.LANGUAGE_CODE = "en"  # of the host's threads
    settings.TELEGRAM_READER = "scripted"
    settings.TELEGRAM_READER_DIR = tmp_path
    return FakeWorld(tmp_path)


@pytest.fixture
def hosts() -> Iterator[Callable[..., ReadingHost]]:
    made: list[ReadingHost] = []

    def start(**how: Any) -> ReadingHost:
        made.append(ReadingHost(**{"lease_s": 3.0, "look_every_s": 0.05, **how}))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.stop()


def until(what: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait for something that another thread does."""
    ends = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


def test_connected_account_reads_from_another_loop(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    chat_id = world.channel("port_news", title="Port news")
    ids = [world.post(chat_id, f"Post {n}") for n in range(3)]
    session = SessionFactory.create()
    host = hosts()
    until(lambda: session.pk in host.held())
    reader: ChannelReader = host.reader(session.pk)

    async def read() -> list[int]:
        found = await reader.resolve("port_news")
        page = await reader.newer(ChannelRef(found.chat_id, found.access_hash), after_id=0)
        return [message.message_id for message in page]

    assert asyncio.run(read()) == ids
    assert Peer.objects.get(session=session).title == "Port news"
    assert channel_ref(session_pk=session.pk, chat_id=chat_id) is not None
    session.refresh_from_db()
    assert session.checked_at is not None
    assert session.lease_owner == host.owner
    assert Budget.objects.get(session=session, operation="resolve").spent == 1


def test_two_hosts_never_hold_one_account(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    session = SessionFactory.create()
    first = hosts()
    until(lambda: session.pk in first.held())
    second = hosts()
    time.sleep(0.5)
    assert second.held() == frozenset()
    with pytest.raises(RetryableError) as refused:
        second.reader(session.pk)
    assert refused.value.code == "not_held"
    first.stop()
    until(lambda: session.pk in second.held())
    assert [row["closed"] is None for row in world.connections(session.pk)] == [False, True]
    assert world.asked(outcome="login_lost") == []


def test_host_notices_accounts_that_come_pause_and_leave(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    host = hosts()
    session = SessionFactory.create()
    until(lambda: session.pk in host.held())
    reader = host.reader(session.pk)
    sessions.session_pause(session=session)
    until(lambda: host.held() == frozenset())
    until(lambda: Session.objects.get().lease_owner == "")
    with pytest.raises(RetryableError) as refused:
        asyncio.run(reader.me())
    assert refused.value.code == "not_held"
    sessions.session_resume(session=session)
    until(lambda: session.pk in host.held())
    Session.objects.update(state=Session.State.LEAVING)
    until(lambda: Session.objects.get().state == Session.State.OUT)
    assert Session.objects.get().string == ""
    assert host.held() == frozenset()
    assert len(world.asked(method="log_out")) == 1


def test_lost_login_is_told_once_and_forgotten(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    chat_id = world.channel("port_news")
    session, other = SessionFactory.create(), SessionFactory.create()
    host = hosts()
    until(lambda: host.held() == {session.pk, other.pk})
    world.lose(session.pk)
    with pytest.raises(PermanentError) as lost:
        asyncio.run(host.reader(session.pk).resolve("port_news"))
    assert lost.value.code == "login_lost"
    until(lambda: Session.objects.get(pk=session.pk).state == Session.State.LOST)
    session.refresh_from_db()
    assert (session.string, session.lease_owner) == ("", "")
    alert = Alert.objects.get(workspace=session.workspace, closed_at=None)
    assert "Log in again" in alert.message
    assert session.name in alert.message
    assert AuditEntry.objects.filter(verb="session.lost").count() == 1
    until(lambda: host.held() == {other.pk})
    assert asyncio.run(host.reader(other.pk).resolve("port_news")).chat_id == chat_id


def test_each_workspace_is_told_in_its_own_language(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    english = SessionFactory.create()
    russian = SessionFactory.create(workspace__language="ru")
    host = hosts()
    until(lambda: host.held() == {english.pk, russian.pk})
    for session in (english, russian):
        world.lose(session.pk)
        with pytest.raises(PermanentError):
            asyncio.run(host.reader(session.pk).resolve("port_news"))
    until(lambda: Alert.objects.filter(closed_at=None).count() == 2)
    told = {alert.workspace.language: alert.message for alert in Alert.objects.select_related("workspace")}
    assert "reads nothing any more" in told["en"]
    assert "Telegram has ended this login." in told["en"]
    assert "reads" not in told["ru"]
    assert "ended" not in told["ru"]


def test_lost_lease_closes_the_connection_at_once(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    session = SessionFactory.create()
    host = hosts(lease_s=1.0)
    until(lambda: session.pk in host.held())
    Session.objects.filter(pk=session.pk).update(lease_owner="another")
    until(lambda: host.held() == frozenset())
    until(lambda: world.connections(session.pk)[-1]["closed"] is not None)
    assert Session.objects.get().lease_owner == "another"  # it is not given back for another


def test_flood_closes_one_operation_of_one_account(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    chat_id = world.channel("port_news")
    flooded, free = SessionFactory.create(), SessionFactory.create()
    world.flood("history", 3600, session_pk=flooded.pk)
    host = hosts()
    until(lambda: host.held() == {flooded.pk, free.pk})
    refs = {}
    for session in (flooded, free):
        found = asyncio.run(host.reader(session.pk).resolve("port_news"))
        refs[session.pk] = ChannelRef(found.chat_id, found.access_hash)

    def newer(session: Session) -> Any:
        return asyncio.run(host.reader(session.pk).newer(refs[session.pk], after_id=0))

    with pytest.raises(RetryableError) as first:
        newer(flooded)
    assert (first.value.code, first.value.retry_after) == ("flood", 3600)
    with pytest.raises(RetryableError) as second:
        newer(flooded)
    assert second.value.code == "no_budget"
    assert 3500 < (second.value.retry_after or 0) <= 3600
    assert len(world.asked(session_pk=flooded.pk, method="newer")) == 1  # the second was never asked
    assert newer(free) == []
    assert asyncio.run(host.reader(flooded.pk).resolve("port_news")).chat_id == chat_id
    budget = Budget.objects.get(session=flooded, operation="history")
    assert (budget.floods, budget.last_flood_s) == (1, 3600)
    assert budget.waits_until is not None
    assert Alert.objects.filter(workspace=flooded.workspace, closed_at=None).count() == 1
    assert not Alert.objects.filter(workspace=free.workspace).exists()
    host.stop()
    again = hosts()  # the wait survives the process
    until(lambda: flooded.pk in again.held())
    with pytest.raises(RetryableError) as third:
        asyncio.run(again.reader(flooded.pk).newer(refs[flooded.pk], after_id=0))
    assert third.value.code == "no_budget"


def test_own_limit_refuses_without_asking(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    world.channel("port_news")
    session = SessionFactory.create()
    host = hosts()
    until(lambda: session.pk in host.held())
    reader = host.reader(session.pk)
    codes = []
    for _turn in range(5):
        try:
            asyncio.run(reader.resolve("port_news"))
            codes.append("ok")
        except RetryableError as exc:
            codes.append(exc.code if 0 < (exc.retry_after or 0) <= 3.5 else "a wrong wait")
    assert codes == ["ok", "ok", "no_budget", "no_budget", "no_budget"]
    assert len(world.asked(method="resolve")) == 2
    assert Budget.objects.get(session=session).spent == 2


def test_hints_reach_the_sink_and_media_comes_in_pieces(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    heard: list[tuple[int, int]] = []
    chat_id = world.channel("port_news")
    session = SessionFactory.create()
    host = hosts(on_hint=lambda chat, pk: heard.append((chat, pk)))
    until(lambda: session.pk in host.held())
    time.sleep(0.2)
    number = world.post(chat_id, "News", content=b"x" * 10_000)
    until(lambda: (chat_id, session.pk) in heard)
    found = asyncio.run(host.reader(session.pk).resolve("port_news"))

    async def fetch(offset: int) -> list[int]:
        pieces = host.reader(session.pk).fetch_media(
            ChannelRef(found.chat_id, found.access_hash), number, {}, offset=offset
        )
        return [len(piece) async for piece in pieces]

    assert asyncio.run(fetch(0)) == [4096, 4096, 1808]
    assert asyncio.run(fetch(8192)) == [1808]


def test_network_trouble_is_shown_and_tried_again(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    session = SessionFactory.create()
    world.fault("network", session_pk=session.pk)
    host = hosts()
    until(lambda: Session.objects.get().problem != "")
    assert Session.objects.get().state == Session.State.ACTIVE
    until(lambda: session.pk in host.held())
    assert Session.objects.get().problem == ""


def test_request_under_way_ends_in_words_when_the_host_stops(
    world: FakeWorld, hosts: Callable[..., ReadingHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    async def slow(_reader: FakeReader, _username: str) -> None:
        asked.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(FakeReader, "resolve", slow)
    session = SessionFactory.create()
    host = hosts()
    until(lambda: session.pk in host.held())

    async def resolve() -> str:
        asking = asyncio.create_task(host.reader(session.pk).resolve("port_news"))
        await asyncio.to_thread(asked.wait, 10)
        await asyncio.to_thread(host.stop)
        with pytest.raises(RetryableError) as stopped:
            await asking
        return stopped.value.code

    assert asyncio.run(resolve()) == "not_held"
    with pytest.raises(RetryableError):
        host.reader(session.pk)


def test_trouble_is_told_of_when_it_lasts() -> None:
    session = SessionFactory.create(checked_at=now() - timedelta(minutes=5))
    sessions.session_trouble(session_pk=session.pk, problem="Telegram can't be reached.")
    assert not Alert.objects.exists()
    Session.objects.update(checked_at=now() - timedelta(minutes=16))
    for _turn in range(2):
        sessions.session_trouble(session_pk=session.pk, problem="Telegram can't be reached.")
    assert Alert.objects.get(closed_at=None).times == 2
    sessions.session_confirm(session_pk=session.pk, me=Me(user_id=1, username="vera_reads", name="Vera"))
    assert not Alert.objects.filter(closed_at=None).exists()
    assert Session.objects.get().problem == ""


def test_no_lease_is_held_after_the_owner_stopped(world: FakeWorld, hosts: Callable[..., ReadingHost]) -> None:
    session = SessionFactory.create()
    host = hosts()
    until(lambda: session.pk in host.held())
    host.stop()
    session.refresh_from_db()
    assert (session.lease_owner, session.lease_until) == ("", None)
    assert session_lease.session_lease_take(session_pk=session.pk, owner="next") is True
    assert world.connections(session.pk)[-1]["closed"] is not None
