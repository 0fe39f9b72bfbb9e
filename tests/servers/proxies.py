"""Proxies on loopback: SOCKS5 (RFC 1928), HTTP CONNECT, and MTProto's own (core.telegram.org/mtproto).

Each carries bytes to wherever it is asked; the last one to the server that it is made for. `carried` tells of each.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from zlib import crc32

from telethon.crypto import AESModeCTR

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """A proxy that runs: its port, and whom it let through with which name."""

    port: int = 0
    carried: list[str] = field(default_factory=list)


@contextmanager
def running(serve: Callable[[Proxy, Streams], Awaitable[None]]) -> Iterator[Proxy]:
    """A proxy on a thread of its own."""
    proxy, ready, stops = Proxy(), threading.Event(), []

    async def run() -> None:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(proxy, (reader, writer))
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.transport.abort()

        listening = await asyncio.start_server(one, "127.0.0.1", 0)
        proxy.port = listening.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        stops[0]()
        thread.join(10)


async def joined(near: Streams, far: Streams) -> None:
    """Carry bytes both ways until one side ends."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()

    tasks = [asyncio.create_task(carry(near[0], far[1])), asyncio.create_task(carry(far[0], near[1]))]
    await first_of(tasks, far)


async def first_of(tasks: list[asyncio.Task[None]], far: Streams) -> None:
    """Wait until one direction ends, and end the other with it."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        far[1].transport.abort()


async def socks5(proxy: Proxy, near: Streams) -> None:
    """SOCKS5 with a name and a password."""
    reader, writer = near
    count = (await reader.readexactly(2))[1]
    await reader.readexactly(count)
    writer.write(b"\x05\x02")
    name = await reader.readexactly((await reader.readexactly(2))[1])
    await reader.readexactly((await reader.readexactly(1))[0])
    writer.write(b"\x01\x00")
    kind = (await reader.readexactly(4))[3]
    size = 4 if kind == 1 else (await reader.readexactly(1))[0]
    place = await reader.readexactly(size)
    host = ".".join(str(one) for one in place) if kind == 1 else place.decode()
    port = struct.unpack(">H", await reader.readexactly(2))[0]
    far = await asyncio.open_connection(host, port)
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    proxy.carried.append(name.decode())
    await joined(near, far)


async def http(proxy: Proxy, near: Streams) -> None:
    """HTTP: CONNECT, and whole addresses for what is not encrypted."""
    head = (await near[0].readuntil(b"\r\n\r\n")).decode()
    verb, asked = head.split()[:2]
    host, _colon, port = asked.removeprefix("http://").partition("/")[0].rpartition(":")
    far = await asyncio.open_connection(host, int(port))
    if verb == "CONNECT":
        near[1].write(b"HTTP/1.1 200 OK\r\n\r\n")
    else:
        far[1].write(head.encode())
    proxy.carried.append(verb)
    await joined(near, far)


def mtproto(secret: bytes, server_port: int) -> Callable[[Proxy, Streams], Awaitable[None]]:
    """An MTProto proxy before a server that speaks the full transport: obfuscated padded packets on this side."""

    async def serve(proxy: Proxy, near: Streams) -> None:
        head = await near[0].readexactly(64)
        read = AESModeCTR(sha256(head[8:40] + secret).digest(), head[40:56])
        back = head[55:7:-1]
        write = AESModeCTR(sha256(back[:32] + secret).digest(), back[32:48])
        opened = read.encrypt(head)
        assert opened[56:60] == b"\xdd\xdd\xdd\xdd"  # randomised intermediate; else the secret is another
        proxy.carried.append(str(struct.unpack("<h", opened[60:62])[0]))
        far = await asyncio.open_connection("127.0.0.1", server_port)
        await first_of([asyncio.create_task(out(near, far, read)), asyncio.create_task(home(near, far, write))], far)

    return serve


async def out(near: Streams, far: Streams, cipher: AESModeCTR) -> None:
    """Padded packets of the client as full ones to the server."""
    number = 0
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            length = struct.unpack("<i", cipher.encrypt(await near[0].readexactly(4)))[0]
            packet = cipher.encrypt(await near[0].readexactly(length))
            packet = packet[: len(packet) - len(packet) % 4] if packet[:8] == bytes(8) else trimmed(packet)
            full = struct.pack("<ii", len(packet) + 12, number) + packet
            far[1].write(full + struct.pack("<I", crc32(full)))
            number += 1


def trimmed(packet: bytes) -> bytes:
    """An encrypted packet without its padding: what stands after key id and mark comes in blocks of 16."""
    return packet[: len(packet) - (len(packet) - 24) % 16]


async def home(near: Streams, far: Streams, cipher: AESModeCTR) -> None:
    """Full packets of the server as padded ones to the client, with no padding."""
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            length, _number = struct.unpack("<ii", await far[0].readexactly(8))
            packet = (await far[0].readexactly(length - 8))[:-4]
            near[1].write(cipher.encrypt(struct.pack("<i", len(packet)) + packet))
