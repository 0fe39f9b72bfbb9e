"""Bells: coalesced, on commit, and never in the way, whatever broker and cache do."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from prometheus_client import REGISTRY

from apps.core import tasks
from apps.core.ticks import tick_last
from apps.core.work import bells, claims, drain, kinds, publisher, sweep
from tests.work_app.factories import ChoreFactory, LaneFactory, claimed, expire, laned
from tests.work_app.models import Chore
from tests.work_app.tasks import CHORES


@pytest.fixture
def published(monkeypatch) -> list[str]:
    """The tasks that are published, instead of publishing them."""
    sent: list[str] = []
    monkeypatch.setattr(publisher, "publish", sent.append)
    return sent


@pytest.fixture
def broker(monkeypatch) -> Iterator[Any]:
    """Points the bells at another broker."""

    def use(url: str, **options: Any) -> None:
        publisher.disconnect()
        monkeypatch.setitem(current_app.conf, "broker_url", url)
        monkeypatch.setitem(current_app.conf, "broker_transport_options", options)

    yield use
    publisher.disconnect()


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("pult_work_bells_total", {"bell": "chore", "outcome": outcome}) or 0.0


def test_many_bells_are_one_until_it_is_answered(published):
    assert [bells.ring("chore") for _ in range(3)] == [True, False, False]
    bells.answered("chore")
    assert bells.ring("chore")

    assert published == ["tests.work_app.tasks.chores_do"] * 2


def test_bells_of_two_kinds_do_not_wait_for_each_other(published):
    assert bells.ring("chore")
    assert bells.ring("laned_chore")

    assert len(published) == 2


def test_a_bell_that_is_no_kinds(published, monkeypatch):
    monkeypatch.setitem(bells._tasks, "x", "")
    bells.register("x", task="apps.core.tasks.sweep")

    assert bells.ring("x")
    assert published == ["apps.core.tasks.sweep"]


def test_an_unknown_bell_is_a_slip():
    with pytest.raises(LookupError, match="no work kind is called 'nothing'"):
        bells.ring("nothing")
    with pytest.raises(LookupError):
        bells.ring_on_commit("nothing")


@pytest.mark.django_db
def test_a_drain_answers_before_its_first_claim(published, monkeypatch):
    bells.ring("chore")
    flags: list[bool] = []
    claim = claims.claim

    def look(*args: Any, **options: Any) -> Any:
        flags.append(bool(cache.get("bell:chore")))
        return claim(*args, **options)

    monkeypatch.setattr(claims, "claim", look)
    drain.run(CHORES)

    assert flags == [False]


@pytest.mark.django_db(transaction=True)
def test_on_commit_rings_once_and_not_before(published):
    with transaction.atomic():
        bells.ring_on_commit("chore")
        with transaction.atomic():
            bells.ring_on_commit("chore")
        assert published == []

    assert len(published) == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_rings_nobody(published):
    with transaction.atomic():
        bells.ring_on_commit("chore")
        transaction.set_rollback(True)

    assert published == []


@pytest.mark.django_db(transaction=True)
def test_a_bell_of_a_rolled_back_part_does_not_swallow_the_next(published):
    with transaction.atomic():
        savepoint = transaction.savepoint()
        bells.ring_on_commit("chore")
        transaction.savepoint_rollback(savepoint)
        bells.ring_on_commit("chore")

    assert len(published) == 1


def test_a_bell_really_reaches_its_queue(broker):
    broker("memory://")

    with current_app.connection_for_write() as connection, closing(connection.SimpleQueue("default")) as queue:
        queue.clear()
        assert bells.ring("laned_chore")
        assert bells.ring("chore")
        messages = [queue.get(timeout=2) for _ in range(2)]
        for message in messages:
            message.ack()

    assert {message.headers["task"] for message in messages} == {
        "tests.work_app.tasks.laned_chores_do",
        "tests.work_app.tasks.chores_do",
    }


def timed() -> tuple[bool, float]:
    began = time.monotonic()
    return bells.ring("chore"), time.monotonic() - began


def hung() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(20)
    return server


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_hung_broker_costs_a_second_at_most_and_then_nothing(broker, scheme):
    with closing(hung()) as server:
        port = server.getsockname()[1]
        broker(f"{scheme}://127.0.0.1:{port}/", socket_timeout=0.5, socket_connect_timeout=0.5)
        failed, quiet = counted("failed"), counted("quiet")

        rung, seconds = timed()
        assert not rung
        assert seconds < 2
        rung, seconds = timed()

    assert not rung
    assert seconds < 0.4
    assert (counted("failed"), counted("quiet")) == (failed + 1, quiet + 1)


def test_a_broker_that_is_away_is_known_at_once(broker):
    with closing(hung()) as server:
        port = server.getsockname()[1]
    broker(f"redis://127.0.0.1:{port}/0", socket_timeout=0.5)

    rung, seconds = timed()

    assert not rung
    assert seconds < 1


def test_a_missing_broker_folder_is_a_log_line(broker, tmp_path: Path):
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")
    folder = str(nowhere / "queue")
    broker("filesystem://", data_folder_in=folder, data_folder_out=folder, control_folder=folder)

    rung, seconds = timed()

    assert not rung
    assert seconds < 1


def test_after_a_failure_the_next_bell_is_not_coalesced(broker, tmp_path: Path):
    broker("filesystem://", data_folder_out="/dev/null/x", data_folder_in="/dev/null/x", control_folder="/dev/null/x")
    assert not bells.ring("chore")
    broker("memory://")
    bells.forget_failures()

    assert bells.ring("chore")


class AbsentCache:
    """A cache whose server is away."""

    def add(self, *_args: Any, **_options: Any) -> bool:
        raise ConnectionError("away")

    set = delete = get = add


def test_without_a_cache_bells_still_ring(published, monkeypatch):
    monkeypatch.setattr(bells, "cache", AbsentCache())

    assert bells.ring("chore")
    bells.answered("chore")

    assert len(published) == 1


def test_without_cache_and_broker_nothing_is_raised(monkeypatch, broker):
    monkeypatch.setattr(bells, "cache", AbsentCache())
    broker("filesystem://", data_folder_out="/dev/null/x", data_folder_in="/dev/null/x", control_folder="/dev/null/x")

    assert not bells.ring("chore")


def test_a_forked_child_makes_connections_of_its_own(broker):
    broker("memory://")
    bells.ring("chore")
    parents = publisher._pool
    assert parents is not None

    publisher._forget()

    assert publisher._pool is None
    parents.force_close_all()


# The sweep


@pytest.mark.django_db
def test_the_sweep_rings_for_what_is_due_or_expired(published):
    ChoreFactory()
    (row,) = claimed()
    assert sweep.sweep() == []
    expire(row)

    assert sweep.sweep() == ["chore"]
    assert published == ["tests.work_app.tasks.chores_do"]


@pytest.mark.django_db
def test_the_sweep_rings_for_due_lanes(published):
    laned(LaneFactory(), "a")

    tasks.sweep()

    assert published == ["tests.work_app.tasks.laned_chores_do"]


@pytest.mark.django_db
def test_the_sweep_remembers_when_it_ran(published):
    assert tick_last() is None

    sweep.sweep()

    assert tick_last() is not None


@pytest.mark.django_db
def test_the_sweep_goes_on_without_a_cache(published, monkeypatch):
    def away() -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(sweep, "tick_record", away)
    ChoreFactory()

    assert sweep.sweep() == ["chore"]


@pytest.mark.django_db
def test_one_kinds_trouble_does_not_silence_the_others(published, monkeypatch):
    settle = claims.settle_begun

    def trouble(kind: kinds.Kind) -> int:
        if kind.name == "chore":
            raise ValueError("a slip")
        return settle(kind)

    monkeypatch.setattr(claims, "settle_begun", trouble)
    ChoreFactory()
    laned(LaneFactory(), "a")

    assert sweep.sweep() == ["laned_chore"]
    assert Chore.objects.get().state == "ready"
