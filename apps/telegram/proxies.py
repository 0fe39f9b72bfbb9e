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
NAMED_WITHIN_S = 5.0


def proxy_place(proxy: str) -> tuple[str, int]:
    """The host and port of a proxy's address.

    Raises:
        PermanentError: it can't be read.
    """
    try:
        address = urlsplit(proxy)
        host, port = address.hostname, address.port
    except ValueError:
        raise refused("proxy_wrong") from None
    if not host or not port or address.scheme not in SCHEMES:
        raise refused("proxy_wrong")
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


def proxy_check(proxy: str) -> None:
    """Judge a proxy before it is kept; a name that leads nowhere now may do so later.

    Raises:
        PermanentError: its address can't be read, or is private.
    """
    host, port = proxy_place(proxy)

    async def judged() -> None:
        async with asyncio.timeout(NAMED_WITHIN_S):
            await proxy_addresses(host, port)

    try:
        asyncio.run(judged())
    except (RetryableError, TimeoutError):
        return
