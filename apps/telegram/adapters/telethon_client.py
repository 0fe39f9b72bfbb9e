"""The one place that makes a Telethon client, so that a new release of it is met here.

Used of Telethon: what 1.40 has and newer releases kept.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings
from telethon import TelegramClient, connection
from telethon.crypto import rsa
from telethon.sessions import StringSession

from apps.core.errors import PultError
from apps.telegram.adapters.telethon_errors import FAILURES, failure, unreachable
from apps.telegram.mtproto_server import MtprotoServer, public_key_of, server_of
from apps.telegram.proxies import proxy_addresses, proxy_place
from apps.telegram.reading import SessionSnapshot
from apps.telegram.reading_refusals import refused

CONNECT_S = 10
KEY_BYTES = 256
NEW_KEY_TRIES = 2
CLOSE_S = 3.0
# Its lower levels tell of every packet; what matters comes as an exception.
LOG = logging.getLogger("telethon")
LOG.setLevel(logging.CRITICAL)
Answer = TypeVar("Answer")


def client_of(
    account: SessionSnapshot, session: StringSession, *, updates: bool, by: dict[str, Any] | None = None
) -> TelegramClient:
    """A client of an account, not connected yet; it neither sleeps through flood waits nor reconnects by itself.

    `by` is its proxy's route.

    Raises:
        PermanentError: no api_id.
    """
    if not account.api_id or not account.api_hash:
        raise refused("no_api")
    return TelegramClient(
        session,
        account.api_id,
        account.api_hash,
        **(by or {}),
        use_ipv6=":" in (session.server_address or ""),
        timeout=CONNECT_S,
        request_retries=1,  # the one more that a move to another data centre needs
        # a new login makes a key, and Telethon stumbles over one in 256: it drops the leading zero that Telegram counts
        connection_retries=0 if account.string else NEW_KEY_TRIES,
        retry_delay=1,
        auto_reconnect=False,  # whoever holds the lease connects anew
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        device_model="Pult",
        system_version="1",
        app_version="1",
        base_logger=LOG,
        receive_updates=updates,
        catch_up=False,
    )


def route(proxy: str) -> dict[str, Any]:
    """The client's arguments for a proxy: socks5://, http:// or mtproto:// with host and port.

    Raises:
        PermanentError: the address can't be read.
    """
    if not proxy:
        return {}
    host, port = proxy_place(proxy)
    address = urlsplit(proxy)
    user = unquote(address.username) if address.username else None
    if address.scheme == "mtproto":
        # Random padding is understood by every such proxy, and asked for by "dd" secrets.
        kind = connection.ConnectionTcpMTProxyRandomizedIntermediate
        return {"connection": kind, "proxy": (host, port, user or "")}
    password = unquote(address.password) if address.password else None
    return {"proxy": (address.scheme, host, port, True, user, password)}


async def guarded_route(proxy: str) -> dict[str, Any]:
    """The route of a proxy that a person typed: only to public addresses, or to those that the settings allow.

    Raises:
        PermanentError: the address can't be read, or is private.
        RetryableError: the proxy's name has no address now.
    """
    found = route(proxy)
    if not found:
        return found
    told = list(found["proxy"])
    place = 0 if "connection" in found else 1
    addresses = await proxy_addresses(told[place], told[place + 1])
    # The very address that was looked at, so that a second answer of the name server has no say.
    told[place] = str(addresses[0])
    return {**found, "proxy": tuple(told)}


async def session_of(string: str) -> StringSession:
    """A session's string read, and pointed at the configured server where that stands for its data centre.

    Raises:
        PermanentError: the string can't be read.
        RetryableError: the server's name has no address now.
    """
    try:
        session = StringSession(string or None)
    except (ValueError, struct.error):
        raise refused("string_unreadable") from None
    server = server_of(settings.TELEGRAM_MTPROTO_SERVER, settings.TELEGRAM_MTPROTO_DC)
    if server is None:
        return session
    rsa.add_key(public_key_of(Path(settings.TELEGRAM_MTPROTO_KEY)), old=False)
    if not string or session.dc_id == server.dc:
        key = session.auth_key
        session.set_dc(server.dc, await address_of(server), server.port)
        session.auth_key = key
    return session


async def address_of(server: MtprotoServer) -> str:
    """The server's address in numbers, which is what a session's string keeps."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(server.host))
    try:
        found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError:
        raise unreachable() from None
    return str(found[0][4][0])


@asynccontextmanager
async def connected(account: SessionSnapshot, *, updates: bool = False) -> AsyncIterator[TelegramClient]:
    """A connected client, closed at the end.

    Raises:
        PermanentError, RetryableError: as the ports say.
    """
    by = await guarded_route(account.proxy)
    client = await connection_of(account, updates=updates, by=by)
    try:
        yield client
    finally:
        await closed(client)


async def connection_of(account: SessionSnapshot, *, updates: bool, by: dict[str, Any]) -> TelegramClient:
    """A connected client; of a new login one whose key its string can hold.

    Telethon drops a key's leading zero bytes, and one key in 256 has some. Telegram counts them: the connection fails
    and is tried anew with another key. A server that drops them as well takes such a login, but a session's string
    fills the place up at the wrong end, and the server would not know it again.
    """
    while True:
        client = client_of(account, await session_of(account.string), updates=updates, by=by)
        is_kept = False
        try:
            await answered(client.connect())
            key = client.session.auth_key
            is_kept = bool(account.string) or key is None or len(key.key) == KEY_BYTES
            if is_kept:
                return client
        finally:
            if not is_kept:
                await closed(client)


async def answered(question: Awaitable[Answer]) -> Answer:
    """Telegram's answer within the time that is allowed for one; its failures are the port's."""
    try:
        async with asyncio.timeout(settings.TELEGRAM_MTPROTO_TIMEOUT_S):
            return await question
    except PultError:
        raise
    except FAILURES as exc:
        raise failure(exc) from None
    except asyncio.CancelledError:
        # Telethon cancels what waits when its connection ends; our own cancellation is none of its doing.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise unreachable() from None


async def closed(client: TelegramClient) -> None:
    """End a connection, for no longer than it is worth waiting."""
    with suppress(*FAILURES):
        async with asyncio.timeout(CLOSE_S):
            await client.disconnect()
    # What it told of its end is known by now.
    with suppress(asyncio.InvalidStateError, asyncio.CancelledError):
        client.disconnected.exception()
