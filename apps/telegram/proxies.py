"""Proxies that people type: read and judged alike when they are saved and when they are connected to."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from django.conf import settings

from apps.core.addresses import Address, AllowList
from apps.core.errors import PermanentError, RetryableError
from apps.core.http.guard import Guard
from apps.telegram.reading_refusals import refused

SCHEMES = frozenset({"socks5", "http", "mtproto"})
# The Bot API is spoken over HTTPS, which MTProto's proxies do not carry.
BOT_SCHEMES = frozenset({"socks5", "http"})
NAMED_WITHIN_S = 5.0


def proxy_place(proxy: str, *, schemes: frozenset[str] = SCHEMES) -> tuple[str, int]:
    """The host and port of a proxy's address, which is of one of these kinds.

    Raises:
        PermanentError: it can't be read.
    """
    try:
        address = urlsplit(proxy)
        host, port = address.hostname, address.port
    except ValueError:
        raise refused(_wrong(schemes)) from None
    if not host or not port or address.scheme not in schemes:
        raise refused(_wrong(schemes))
    return host, port


async def proxy_addresses(host: str, port: int) -> list[Address]:
    """Where a proxy is: public addresses only, or those that the settings allow.

    Raises:
        PermanentError: one of them is private.
        RetryableError: the name has no address now.
    """
    try:
        return await Guard(AllowList.parse(settings.HTTP_ALLOW_PRIVATE)).addresses(host, port)
    except PermanentError:
        raise refused("proxy_private") from None


async def proxy_url(proxy: str) -> str:
    """A bot's proxy with the very address that was looked at, so that a second answer of the name server has no say.

    Raises:
        PermanentError: it can't be read, or is private.
        RetryableError: its name has no address now.
    """
    host, port = proxy_place(proxy, schemes=BOT_SCHEMES)
    found = (await proxy_addresses(host, port))[0]
    address = urlsplit(proxy)
    login = address.netloc.rpartition("@")[0]
    numbers = f"[{found}]" if found.version == 6 else str(found)
    return f"{address.scheme}://{login}{'@' if login else ''}{numbers}:{port}"


def _wrong(schemes: frozenset[str]) -> str:
    return "proxy_wrong" if "mtproto" in schemes else "bot_proxy_wrong"


def proxy_check(proxy: str, *, schemes: frozenset[str] = SCHEMES) -> None:
    """Judge a proxy before it is kept; a name that leads nowhere now may do so later.

    Raises:
        PermanentError: its address can't be read, or is private.
    """
    host, port = proxy_place(proxy, schemes=schemes)

    async def judged() -> None:
        async with asyncio.timeout(NAMED_WITHIN_S):
            await proxy_addresses(host, port)

    try:
        asyncio.run(judged())
    except (RetryableError, TimeoutError):
        return
