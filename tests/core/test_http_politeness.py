"""Turns at a host, in one process and shared."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import pytest
from aiohttp import web
from django.conf import settings

from apps.core.errors import RetryableError
from apps.core.http import places as places_module
from apps.core.http import politeness
from apps.core.http.politeness import LOCAL, LONGEST_TURN_S, LocalTurns, turns_for
from apps.core.http.shared_turns import RedisTurns
from tests.core.http_origin import client, origin, run

needs_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis (REDIS_URL)")


def test_turns_are_an_interval_apart():
    async def work() -> list[float]:
        turns = LocalTurns()
        return [round(await turns.book("a.example:80", 1.0), 1) for _ in range(4)]

    assert run(work()) == [0.0, 1.0, 2.0, 3.0]


def test_hosts_do_not_wait_for_one_another():
    async def work() -> list[float]:
        turns = LocalTurns()
        await turns.book("a.example:80", 5.0)
        return [await turns.book("b.example:80", 5.0), round(await turns.book("a.example:80", 5.0), 1)]

    assert run(work()) == [0.0, 5.0]


def test_a_turn_too_far_ahead_is_not_booked():
    async def work() -> tuple[float, float]:
        turns = LocalTurns()
        await turns.book("a.example:80", LONGEST_TURN_S + 1)
        return await turns.book("a.example:80", 1.0), await turns.book("a.example:80", 1.0)

    first, second = run(work())
    assert round(first) == round(second) == LONGEST_TURN_S + 1


def test_hosts_of_the_past_are_forgotten(monkeypatch):
    monkeypatch.setattr(politeness, "HOSTS_KEPT", 3)

    async def work() -> set[str]:
        turns = LocalTurns()
        for number in range(4):
            await turns.book(f"{number}.example", 0.0)
        await turns.book("late.example", 5.0)
        await turns.aclose()
        return set(turns._free_at)

    assert run(work()) == {"late.example"}


def test_a_run_without_redis_has_turns_of_its_process():
    assert turns_for("") is LOCAL


def test_a_run_with_redis_shares_its_turns():
    assert isinstance(turns_for("redis://127.0.0.1:1/0"), RedisTurns)


def test_redis_away_means_turns_of_the_process():
    async def work() -> tuple[float, float]:
        turns = RedisTurns("redis://127.0.0.1:1/0", LocalTurns())
        try:
            return await turns.book("a.example:80", 1.0), round(await turns.book("a.example:80", 1.0), 1)
        finally:
            await turns.aclose()

    assert run(work()) == (0.0, 1.0)


def test_redis_away_means_holding_a_host_in_the_process():
    async def work() -> float:
        turns = RedisTurns("redis://127.0.0.1:1/0", LocalTurns())
        try:
            await turns.hold("a.example:80", 5.0)
            return round(await turns.book("a.example:80", 1.0), 1)
        finally:
            await turns.aclose()

    assert run(work()) == 5.0


@pytest.mark.redis
@needs_redis
def test_redis_turns_are_shared_by_processes():
    host = f"{uuid4().hex}.example:80"

    async def work() -> list[float]:
        one, other = turns_for(settings.REDIS_URL), turns_for(settings.REDIS_URL)
        try:
            first = await one.book(host, 2.0)
            second = await other.book(host, 4.0)
            third = await one.book(host, 2.0)
            return [first, round(second, 0), round(third, 0), round(await other.book(host, 2.0), 0)]
        finally:
            await one.aclose()
            await other.aclose()

    # The third would wait six seconds, so it is not booked, and the fourth sees the same.
    assert run(work()) == [0.0, 2.0, 6.0, 6.0]


def test_requests_to_one_host_keep_their_distance():
    at = []

    async def handler(_request: web.Request) -> web.Response:
        at.append(time.monotonic())
        return web.Response()

    async def work() -> None:
        async with origin(handler) as port, client(interval_s=0.15) as opened:
            await asyncio.gather(*(opened.fetch(f"http://127.0.0.1:{port}/{number}") for number in range(3)))

    run(work())
    assert len(at) == 3
    assert at[2] - at[0] >= 0.2


def test_a_request_whose_turn_is_far_off_is_sent_away(monkeypatch):
    monkeypatch.setattr(places_module, "LONGEST_TURN_S", 0.1)
    reached = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async def work() -> RetryableError:
        async with origin(handler) as port, client(interval_s=3.0) as opened:
            await opened.fetch(f"http://127.0.0.1:{port}/first")
            with pytest.raises(RetryableError) as caught:
                await opened.fetch(f"http://127.0.0.1:{port}/second")
            return caught.value

    error = run(work())
    assert error.code == "host_busy"
    assert round(error.retry_after) == 3
    assert reached == ["/first"]


def test_a_host_that_hangs_leaves_room_for_others(monkeypatch):
    monkeypatch.setattr(places_module, "LONGEST_TURN_S", 0.2)
    running = []

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/slow":
            running.append(1)
            await asyncio.sleep(3.0)
        return web.Response()

    async def work() -> tuple[list[object], float]:
        async with origin(handler) as slow, origin(handler) as quick, client() as opened:
            hung = [asyncio.ensure_future(opened.fetch(f"http://127.0.0.1:{slow}/slow")) for _ in range(4)]
            await asyncio.sleep(0.05)
            began = time.monotonic()
            await opened.fetch(f"http://127.0.0.1:{quick}/")
            took = time.monotonic() - began
            return await asyncio.gather(*hung, return_exceptions=True), took

    results, took = run(work())
    assert took < 2.5
    assert len(running) == 2
    assert [getattr(result, "code", "answered") for result in results] == [
        "answered",
        "answered",
        "host_busy",
        "host_busy",
    ]


def test_a_held_host_gives_no_turn_until_the_end():
    async def work() -> list[float]:
        turns = LocalTurns()
        await turns.hold("a.example:80", 60.0)
        await turns.hold("a.example:80", 30.0)  # a shorter hold does not end a longer one
        return [round(await turns.book(host, 1.0)) for host in ("a.example:80", "b.example:80")]

    assert run(work()) == [60, 0]


@pytest.mark.redis
@needs_redis
def test_a_held_host_is_held_for_every_process():
    host = f"{uuid4().hex}.example:80"

    async def work() -> list[float]:
        one, other = turns_for(settings.REDIS_URL), turns_for(settings.REDIS_URL)
        try:
            await one.hold(host, 60.0)
            await other.hold(host, 30.0)
            return [round(await other.book(host, 1.0)), round(await one.book(host, 1.0))]
        finally:
            await one.aclose()
            await other.aclose()

    assert run(work()) == [60, 60]


def test_those_who_are_sent_away_come_back_one_after_another():
    queue = places_module.HostQueue()
    queue.took(4.0)

    waits = [queue.later(interval_s=1.0) for _time in range(4)]

    assert [round(wait) for wait in waits] == [2, 4, 6, 8]  # two at a time, four seconds each
    assert round(queue.later(interval_s=1.0, least_s=100.0)) == 100


def test_a_queue_is_never_put_off_for_ever():
    queue = places_module.HostQueue()
    queue.took(60.0)

    assert max(queue.later(interval_s=1.0) for _time in range(200)) == places_module.LONGEST_QUEUE_S


@pytest.mark.parametrize(
    ("pace_s", "interval_s", "room"), [(0.0, 0.0, 2), (0.01, 0.0, 8), (0.5, 0.0, 4), (9.0, 0.0, 2), (0.01, 1.0, 2)]
)
def test_a_quick_host_lets_more_wait(pace_s, interval_s, room):
    async def work() -> int:
        queue = places_module.HostQueue()
        for _place in range(places_module.HOST_PLACES):
            await queue.places.acquire()
        queue.pace_s = pace_s
        while queue.has_room(interval_s=interval_s):
            queue.waiting += 1
        return queue.waiting

    assert run(work()) == room
