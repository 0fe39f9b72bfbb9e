"""The client handed to SDKs: guarded, limited, and through a proxy where there is one."""

from __future__ import annotations

import asyncio
import gzip
import struct

import httpx2
import pytest
from aiohttp import web

from apps.core.errors import PermanentError
from apps.core.http import AllowList, Guard, sdk_client
from tests.core.http_origin import LOOPBACK, always, origin, raw_origin, run


def asked(handler, *, guard: Guard | None = None, host: str = "127.0.0.1", timeout_s: float = 5.0, proxy: str = ""):
    async def work() -> httpx2.Response:
        async with (
            origin(handler) as port,
            sdk_client(guard=guard or Guard(LOOPBACK), timeout_s=timeout_s, max_bytes=1_000, proxy=proxy) as client,
        ):
            return await client.post(f"http://{host}:{port}/v1", json={"a": 1})

    return run(work())


async def echo(request: web.Request) -> web.Response:
    packed = gzip.compress(await request.read())
    return web.Response(body=packed, headers={"Content-Encoding": "gzip", "X-Host": request.host})


def test_an_answer_is_read_whole_and_unpacked():
    answer = asked(echo)
    assert answer.json() == {"a": 1}
    assert "content-encoding" not in answer.headers
    assert answer.headers["X-Host"].startswith("127.0.0.1:")


def test_redirects_are_not_followed():
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    assert asked(handler).status_code == 302


def test_a_private_endpoint_is_refused():
    with pytest.raises(PermanentError) as caught:
        asked(echo, guard=Guard(AllowList()))
    assert caught.value.code == "address_refused"


def test_an_answer_over_the_limit_is_refused():
    async def bomb(_request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(1_001)), headers={"Content-Encoding": "gzip"})

    with pytest.raises(PermanentError) as caught:
        asked(bomb)
    assert caught.value.code == "too_large"


def test_a_slow_answer_is_the_sdks_own_timeout():
    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    with pytest.raises(httpx2.ReadTimeout):
        asked(slow, timeout_s=0.2)


def test_a_bad_scheme_is_refused():
    async def work() -> None:
        async with sdk_client(guard=Guard(LOOPBACK), timeout_s=1, max_bytes=10) as client:
            await client.get("http://user:pw@127.0.0.1:8000/")

    with pytest.raises(PermanentError) as caught:
        run(work())
    assert caught.value.code == "credentials_refused"


class Socks:
    """A SOCKS5 proxy that sends every connection to one port on loopback."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.names: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _version, methods = struct.unpack("!BB", await reader.readexactly(2))
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _head, kind = await reader.readexactly(3), (await reader.readexactly(1))[0]
        size = 4 if kind == 1 else (await reader.readexactly(1))[0]
        self.names.append((await reader.readexactly(size)).decode())
        await reader.readexactly(2)
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        await joined(reader, writer, self.to_port)


class HttpProxy:
    """An HTTP proxy that sends every request to one port on loopback."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self.names: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, rest = head.split(b"\r\n", 1)
        method, target, version = first.split()
        self.names.append(target.decode())
        path = b"/" + target.split(b"/", 3)[3]
        await joined(reader, writer, self.to_port, first=b" ".join((method, path, version)) + b"\r\n" + rest)


async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, *, first: bytes = b"") -> None:
    """Carry bytes between a client and a port until the server has answered."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    far_writer.write(first)

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()

    up = asyncio.ensure_future(carry(reader, far_writer))
    try:
        await carry(far_reader, writer)
    finally:
        up.cancel()
        far_writer.close()


async def closing(request: web.Request) -> web.Response:
    answer = await echo(request)
    answer.headers["Connection"] = "close"
    return answer


def proxied(kind, scheme: str, guard: Guard, host: str = "model.example"):
    async def work():
        async with origin(closing) as port:
            proxy = kind(port)
            async with (
                raw_origin(proxy) as proxy_port,
                sdk_client(
                    guard=guard, timeout_s=5, max_bytes=1_000, proxy=f"{scheme}://127.0.0.1:{proxy_port}"
                ) as client,
            ):
                answer = await client.post(f"http://{host}:8000/v1", json={"a": 1})
                return answer.json(), proxy.names

    return run(work())


@pytest.mark.parametrize(
    ("kind", "scheme", "name"),
    [(Socks, "socks5", "model.example"), (HttpProxy, "http", "http://model.example:8000/v1")],
)
def test_a_proxy_carries_the_request_by_name(kind, scheme, name):
    assert proxied(kind, scheme, Guard(AllowList(), always("93.184.216.34"))) == ({"a": 1}, [name])


@pytest.mark.parametrize(("kind", "scheme"), [(Socks, "socks5h"), (HttpProxy, "http")])
def test_a_name_that_only_the_proxy_knows_passes(kind, scheme):
    assert proxied(kind, scheme, Guard(AllowList(), always()))[0] == {"a": 1}


@pytest.mark.parametrize(("kind", "scheme"), [(Socks, "socks5"), (HttpProxy, "http")])
def test_a_private_name_is_not_handed_to_a_proxy(kind, scheme):
    with pytest.raises(PermanentError) as caught:
        proxied(kind, scheme, Guard(AllowList(), always("10.0.0.1")))
    assert caught.value.code == "address_refused"
