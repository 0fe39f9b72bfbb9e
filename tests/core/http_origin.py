"""What the tests of fetching share: an origin on loopback, resolvers that say what they are told, certificates."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.core.http import AllowList, Guard, Session
from apps.core.http.politeness import LocalTurns, Turns

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOOPBACK = AllowList.parse(["127.0.0.1", "::1"])


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(work)


@asynccontextmanager
async def origin(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve every address by one handler; gives the port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_origin(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Serve connections byte by byte; gives the port."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def always(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver with one answer for every name."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


class Changing:
    """A resolver whose answer is another one each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@asynccontextmanager
async def client(
    *,
    guard: Guard | None = None,
    turns: Turns | None = None,
    interval_s: float = 0.0,
    timeout_s: float = 5.0,
    max_bytes: int = 100_000,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Session]:
    """A session that may reach loopback, without pauses."""
    opened = Session(
        guard=guard or Guard(LOOPBACK),
        turns=turns or LocalTurns(),
        interval_s=interval_s,
        timeout_s=timeout_s,
        max_bytes=max_bytes,
        tls=tls,
    )
    try:
        yield opened
    finally:
        await opened.aclose()


def certificate(folder: Path, *, name: str, days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The two sides of TLS for a name: the server's context, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=10 + days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
