"""The address guard: what is resolved is judged, and what was judged is connected to."""

from __future__ import annotations

import asyncio
import socket
import time

import httpcore2
import pytest
from aiohttp import web

from apps.core.errors import PermanentError, RetryableError
from apps.core.http import AllowList, Guard
from apps.core.http import guard as guard_module
from apps.core.http.guard import system_resolver
from tests.core.http_origin import LOOPBACK, Changing, always, client, origin, run


async def greet(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


def refused_by(guard: Guard, url: str) -> PermanentError:
    async def work() -> None:
        async with client(guard=guard) as opened:
            await opened.fetch(url)

    with pytest.raises(PermanentError) as caught:
        run(work())
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://2130706433:8000/",
        "http://0x7f.1:8000/",
        "http://127.1:8000/",
        "http://[::1]:8000/",
        "http://[::ffff:127.0.0.1]:8000/",
        "http://[::ffff:7f00:1]:8000/",
        "http://0.0.0.0:8000/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::10.0.0.1]/",
    ],
)
def test_a_private_address_in_any_spelling_is_refused(url):
    assert refused_by(Guard(AllowList()), url).code == "address_refused"


def test_a_name_that_leads_to_a_private_address_is_refused_and_nothing_is_sent():
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def work() -> None:
        async with origin(handler) as port, client(guard=Guard(AllowList(), always("127.0.0.1"))) as opened:
            await opened.fetch(f"http://innocent.example:{port}/")

    with pytest.raises(PermanentError) as caught:
        run(work())
    assert caught.value.code == "address_refused"
    assert str(caught.value) == "innocent.example leads to 127.0.0.1, an address that is not public and is not fetched."
    assert asked == []


def test_one_private_address_among_public_ones_refuses_the_name():
    guard = Guard(AllowList(), always("93.184.216.34", "10.0.0.1"))
    assert refused_by(guard, "http://mixed.example/").code == "address_refused"


def test_a_second_answer_of_the_resolver_has_no_say():
    """Rebinding: the answer that was judged is the one connected to, and each new connection is judged again."""
    rebinding = Changing(["127.0.0.1"], ["10.0.0.1"])

    async def closing(_request: web.Request) -> web.Response:
        return web.Response(text="hello", headers={"Connection": "close"})

    async def work() -> tuple[int, int, str]:
        async with origin(closing) as port, client(guard=Guard(LOOPBACK, rebinding)) as opened:
            first = await opened.fetch(f"http://turncoat.example:{port}/")
            asked = rebinding.asked
            with pytest.raises(PermanentError) as caught:
                await opened.fetch(f"http://turncoat.example:{port}/")
            return first.status, asked, caught.value.code

    assert run(work()) == (200, 1, "address_refused")


def test_a_redirect_to_a_private_address_is_refused():
    names = {"outside.example": "127.0.0.1", "inside.example": "127.0.0.2"}
    reached = []

    async def resolve(host: str, _port: int) -> list[str]:
        return [names[host]]

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.host)
        raise web.HTTPFound(f"http://inside.example:{request.url.port}/")

    async def work() -> None:
        guard = Guard(AllowList.parse(["127.0.0.1"]), resolve)
        async with origin(handler) as port, client(guard=guard) as opened:
            await opened.fetch(f"http://outside.example:{port}/")

    with pytest.raises(PermanentError) as caught:
        run(work())
    assert caught.value.code == "address_refused"
    assert [host.split(":")[0] for host in reached] == ["outside.example"]


def test_a_listed_name_may_lead_anywhere_but_only_on_its_port():
    async def work() -> tuple[int, str]:
        async with origin(greet) as port:
            guard = Guard(AllowList.parse([f"feeds.local:{port}"]), always("127.0.0.1"))
            async with client(guard=guard) as opened:
                answer = await opened.fetch(f"http://feeds.local:{port}/")
                with pytest.raises(PermanentError) as caught:
                    await opened.fetch(f"http://feeds.local:{port + 1 if port < 65000 else port - 1}/")
                return answer.status, caught.value.code

    assert run(work()) == (200, "address_refused")


def test_a_dead_first_address_does_not_hide_a_living_second(monkeypatch):
    monkeypatch.setattr(guard_module, "ADDRESS_TIMEOUT_S", 0.2)

    async def work() -> int:
        async with origin(greet) as port:
            guard = Guard(LOOPBACK, always("::1", "127.0.0.1"))
            async with client(guard=guard) as opened:
                return (await opened.fetch(f"http://two.example:{port}/")).status

    assert run(work()) == 200


def test_addresses_that_all_refuse_are_a_failed_connection():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        async def work() -> None:
            async with client(guard=Guard(LOOPBACK, always("127.0.0.1", "127.0.0.1"))) as opened:
                await opened.fetch(f"http://dead.example:{port}/")

        with pytest.raises(RetryableError) as caught:
            run(work())
    assert caught.value.code == "connect_failed"


@pytest.mark.parametrize("answer", [socket.gaierror(-2, "unknown"), UnicodeError("label too long"), []])
def test_a_name_without_addresses_is_retryable(answer):
    async def resolve(_host: str, _port: int) -> list[str]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def work() -> None:
        async with client(guard=Guard(AllowList(), resolve)) as opened:
            await opened.fetch("http://nowhere.example/")

    with pytest.raises(RetryableError) as caught:
        run(work())
    assert (caught.value.code, str(caught.value)) == (
        "name_not_found",
        "The name nowhere.example can't be resolved.",
    )


def test_a_resolver_that_hangs_ends_with_the_connect_timeout():
    async def resolve(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async def work() -> float:
        began = time.monotonic()
        with pytest.raises(httpcore2.ConnectTimeout):
            await Guard(AllowList(), resolve).connect_tcp("slow.example", 80, timeout=0.1)
        return time.monotonic() - began

    assert run(work()) < 2


def test_the_systems_resolver_gives_each_address_once():
    assert run(system_resolver("127.0.0.1", 80)) == ["127.0.0.1"]
    assert run(system_resolver("::1", 80)) == ["::1"]


def test_the_guard_waits_as_httpcore_asks():
    began = time.monotonic()
    run(Guard(AllowList()).sleep(0.02))
    assert time.monotonic() - began >= 0.02
