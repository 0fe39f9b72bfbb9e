"""An MTProto server on loopback: the real transport, key exchange and encryption, with answers from Python functions.

It speaks the full TCP transport, makes authorisation keys by Diffie-Hellman under its own RSA key, and encrypts as
MTProto 2.0 says (core.telegram.org/mtproto). What it answers to a request is `answers`' business. Telethon's TL classes
write and read the objects, so that it follows whichever layer the client speaks.
"""

from __future__ import annotations

import asyncio
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import _compute_fingerprint, get_byte_array
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer
from telethon.tl.types import (
    ClientDHInnerData,
    DhGenOk,
    Pong,
    PQInnerData,
    ResPQ,
    RpcError,
    ServerDHInnerData,
    ServerDHParamsOk,
)

from tests.servers.mtproto_prime import PRIME

FIRST, SECOND = 0x494C553B, 0x53911073  # the primes of pq
GENERATOR = 3
WRAPPERS = (functions.InvokeWithLayerRequest, functions.InvokeWithoutUpdatesRequest, functions.InitConnectionRequest)
PINGS = (functions.PingRequest, functions.PingDelayDisconnectRequest)


class RefusedError(Exception):
    """An RPC error: its number and name."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(name)
        self.code, self.name = code, name


# What answers a request: the key's id and the request in, a TL object, or a list of them, out.
Answers = Callable[[int, Any], Any]


@dataclass
class Wire:
    """One connection.

    Attributes:
        key: its authorisation key, once it is known.
        session: the client's session id, once it has said something.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0
    key: AuthKey | None = None
    session: int = 0
    number: int = 0
    numbers: dict[str, Any] = field(default_factory=dict)

    async def read(self) -> bytes:
        """One packet of the full transport."""
        length, _sequence = struct.unpack("<ii", await self.reader.readexactly(8))
        return (await self.reader.readexactly(length - 8))[:-4]

    def write(self, packet: bytes) -> None:
        """Send one packet."""
        head = struct.pack("<ii", len(packet) + 12, self.sent) + packet
        self.sent += 1
        self.writer.write(head + struct.pack("<I", crc32(head)))

    def message_id(self, *, answer: bool) -> int:
        """The next id: of an answer it ends in 1, of what the server says by itself in 3, modulo 4."""
        self.number = max(self.number + 4, int(time.time() * 2**32) // 4 * 4)
        return self.number + (1 if answer else 3)

    def say(self, body: bytes, *, answer: bool = True) -> None:
        """Send a body encrypted."""
        assert self.key is not None
        plain = struct.pack("<qqqii", 0, self.session, self.message_id(answer=answer), 1, len(body)) + body
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        mark = sha256(self.key.key[96:128] + plain).digest()[8:24]
        key, iv = MTProtoState._calc_key(self.key.key, mark, False)
        self.write(struct.pack("<Q", self.key.key_id) + mark + AES.encrypt_ige(plain, key, iv))

    def say_plain(self, thing: Any) -> None:
        """Send an object that is not encrypted."""
        body = bytes(thing)
        self.write(struct.pack("<qqi", 0, self.message_id(answer=True), len(body)) + body)


class MtprotoStandIn:
    """The server. `keys` outlive connections, as at Telegram; clearing them makes a client's key unknown."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys: dict[int, AuthKey] = {}
        self.wires: list[Wire] = []
        self.port = 0
        self.silent = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def write_key(self, file: Path) -> Path:
        """Write the public key as a PEM file."""
        public = self.private.public_key()
        file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return file

    @contextmanager
    def running(self, port: int = 0) -> Iterator[MtprotoStandIn]:
        """The server on a thread of its own."""
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._run(ready, port)), daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)

    def push(self, update: Any) -> None:
        """Tell every connection something that it did not ask for."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(lambda: [wire.say(bytes(update), answer=False) for wire in self.wires])

    def cut(self) -> None:
        """Break every connection."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(lambda: [wire.writer.transport.abort() for wire in self.wires])

    async def _run(self, ready: threading.Event, port: int) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for wire in self.wires:
            wire.writer.transport.abort()
        await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        try:
            while True:
                packet = await wire.read()
                if self.silent:
                    continue
                if packet[:8] == bytes(8):
                    self._exchange(wire, BinaryReader(packet[20:]).tgread_object())
                else:
                    self._hear(wire, packet)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if wire in self.wires:
                self.wires.remove(wire)
            writer.close()

    # The key exchange (core.telegram.org/mtproto/auth_key)

    def _exchange(self, wire: Wire, request: Any) -> None:
        told = wire.numbers
        if isinstance(request, functions.ReqPqMultiRequest):
            told["nonce"], told["server"] = request.nonce, int.from_bytes(os.urandom(16), "big", signed=True)
            pq = get_byte_array(FIRST * SECOND)
            print_ = _compute_fingerprint(self.private.public_key().public_numbers())
            wire.say_plain(ResPQ(told["nonce"], told["server"], pq, [print_]))
        elif isinstance(request, functions.ReqDHParamsRequest):
            told["new"] = self._new_nonce(request.encrypted_data)
            told["secret"] = int.from_bytes(os.urandom(256), "big")
            inner = ServerDHInnerData(
                nonce=told["nonce"],
                server_nonce=told["server"],
                g=GENERATOR,
                dh_prime=PRIME,
                g_a=get_byte_array(pow(GENERATOR, told["secret"], int.from_bytes(PRIME, "big"))),
                server_time=int(time.time()),
            )
            body = bytes(inner)
            plain = sha1(body).digest() + body  # noqa: S324 - the protocol's
            told["key"], told["iv"] = helpers.generate_key_data_from_nonce(told["server"], told["new"])
            wire.say_plain(
                ServerDHParamsOk(
                    told["nonce"],
                    told["server"],
                    AES.encrypt_ige(plain + bytes(-len(plain) % 16), told["key"], told["iv"]),
                )
            )
        elif isinstance(request, functions.SetClientDHParamsRequest):
            inner = read(AES.decrypt_ige(request.encrypted_data, told["key"], told["iv"])[20:])
            assert isinstance(inner, ClientDHInnerData)
            shared = pow(int.from_bytes(inner.g_b, "big"), told["secret"], int.from_bytes(PRIME, "big"))
            wire.key = AuthKey(shared.to_bytes(len(PRIME), "big"))
            # One key in 256 begins with a zero byte: Telethon counts without it, finds another mark and begins anew.
            if wire.key.key[0]:
                self.keys[wire.key.key_id] = wire.key
            mark = wire.key.calc_new_nonce_hash(told["new"], 1)
            wire.say_plain(DhGenOk(told["nonce"], told["server"], mark))

    def _new_nonce(self, cipher: bytes) -> int:
        """The client's second nonce, from what it encrypted with the server's public key."""
        numbers = self.private.private_numbers()
        block = pow(int.from_bytes(cipher, "big"), numbers.d, numbers.public_numbers.n).to_bytes(255, "big")
        inner = read(block[20:])
        assert isinstance(inner, PQInnerData)
        assert sha1(bytes(inner)).digest() == block[:20]  # noqa: S324 - the protocol's
        return int(inner.new_nonce)

    # Encrypted messages

    def _hear(self, wire: Wire, packet: bytes) -> None:
        key = self.keys.get(struct.unpack("<Q", packet[:8])[0])
        if key is None:
            wire.write(struct.pack("<i", -404))
            return
        wire.key = key
        aes, iv = MTProtoState._calc_key(key.key, packet[8:24], True)
        plain = AES.decrypt_ige(packet[24:], aes, iv)
        assert sha256(key.key[88:120] + plain).digest()[8:24] == packet[8:24]
        _salt, wire.session, message_id, _sequence, length = struct.unpack("<qqqii", plain[:32])
        if wire not in self.wires:
            self.wires.append(wire)
        self._work(wire, message_id, read(plain[32 : 32 + length]))

    def _work(self, wire: Wire, message_id: int, thing: Any) -> None:
        """Answer one message, or each in a container."""
        if isinstance(thing, MessageContainer):
            for one in thing.messages:
                self._work(wire, one.msg_id, one.obj)
            return
        if isinstance(thing, GzipPacked):
            thing = read(thing.data)
        while isinstance(thing, WRAPPERS):
            thing = thing.query
        if isinstance(thing, PINGS):
            wire.say(bytes(Pong(message_id, thing.ping_id)))
        elif not isinstance(thing, types.MsgsAck):
            assert wire.key is not None
            try:
                body = written(self.answers(wire.key.key_id, thing))
            except RefusedError as exc:
                body = bytes(RpcError(exc.code, exc.name))
            wire.say(struct.pack("<Iq", 0xF35C6D01, message_id) + body)


def read(body: bytes) -> Any:
    """One object from its bytes."""
    with BinaryReader(body) as reader:
        return reader.tgread_object()


def written(answer: Any) -> bytes:
    """An object's bytes, or a vector's, or those of true."""
    if isinstance(answer, list):
        return struct.pack("<Ii", 0x1CB5C415, len(answer)) + b"".join(bytes(one) for one in answer)
    return struct.pack("<I", 0x997275B5) if answer is True else bytes(answer)
