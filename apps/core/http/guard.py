"""Connecting only to addresses that were looked at.

The check stands at connect time, below redirects and name tricks: the name is resolved once, every address it has is
judged, and the connection goes to one of those very addresses, so that a second DNS answer has no say.
TLS still verifies the host name, because httpcore takes it from the URL and not from the connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore2
from django.utils.translation import gettext as _
from httpcore2 import AnyIOBackend

from apps.core.addresses import Address, AllowList, is_public, parsed
from apps.core.errors import PermanentError, RetryableError

Resolver = Callable[[str, int], Awaitable[list[str]]]

CONNECT_TIMEOUT_S = 10.0
# One dead address of several must not use up the time of the others.
ADDRESS_TIMEOUT_S = 4.0
ADDRESSES_TRIED = 4
# Apart from the loop's own pool, whose few threads a hung name server would hold.
NAMES = ThreadPoolExecutor(max_workers=16, thread_name_prefix="names")


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(NAMES, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard(httpcore2.AsyncNetworkBackend):
    """A network backend that opens connections to public or listed addresses only."""

    def __init__(self, allow: AllowList, resolve: Resolver = system_resolver) -> None:
        self.allow = allow
        self._resolve = resolve
        self._inner = AnyIOBackend()

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Resolve a name and judge every address that it has.

        Raises:
            PermanentError: one of them may not be reached, code address_refused.
            RetryableError: it has none now, code name_not_found.
        """
        try:
            found = [parsed(text) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError) as exc:
            raise unknown_name(host) from exc
        if not found:
            raise unknown_name(host)
        if not self.allow.names(host, port):
            for address in found:
                if not (is_public(address) or self.allow.covers(address, port)):
                    raise PermanentError(
                        _("%(host)s leads to %(address)s, an address that is not public and is not fetched.")
                        % {"host": host, "address": address},
                        code="address_refused",
                    )
        return found

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first judged address that answers."""
        try:
            async with asyncio.timeout(timeout or CONNECT_TIMEOUT_S):
                addresses = await self.addresses(host, port)
                last = len(addresses[:ADDRESSES_TRIED]) - 1
                for number, address in enumerate(addresses[:ADDRESSES_TRIED]):
                    try:
                        return await self._inner.connect_tcp(
                            str(address),
                            port,
                            timeout=None if number == last else ADDRESS_TIMEOUT_S,
                            local_address=local_address,
                            socket_options=socket_options,
                        )
                    except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                        if number == last:
                            raise
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout(f"{host}:{port}") from exc
        raise AssertionError("a resolved name has an address")  # pragma: no cover

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its own attempts."""
        await asyncio.sleep(seconds)


def unknown_name(host: str) -> RetryableError:
    """The failure of a name that leads nowhere now."""
    return RetryableError(_("The name %(host)s can't be resolved.") % {"host": host}, code="name_not_found")
