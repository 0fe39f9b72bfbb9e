"""A guarded client for vendors' SDKs, which make their own requests."""

from __future__ import annotations

import asyncio
import ssl

import httpx2

from apps.core.errors import RetryableError
from apps.core.http.bodies import ACCEPT_ENCODING, read_body
from apps.core.http.guard import CONNECT_TIMEOUT_S, Guard
from apps.core.http.transport import GuardedTransport, guarded_pool, proxied_pool
from apps.core.http.urls import checked, port_of

UNPACKED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class SdkTransport(httpx2.AsyncBaseTransport):
    """The guard's rules, one time-out for the whole exchange and a size limit, under an SDK's requests."""

    def __init__(
        self, inner: GuardedTransport, guard: Guard, *, timeout_s: float, max_bytes: int, proxied: bool
    ) -> None:
        self._inner = inner
        self._guard = guard
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._proxied = proxied

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer, read whole."""
        checked(request.url, allow=self._guard.allow)
        request.headers["Accept-Encoding"] = ACCEPT_ENCODING
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._proxied:
                    await self._look_at(request.url)
                answer = await self._inner.handle_async_request(request)
                try:
                    body = await read_body(answer.aiter_raw(), answer.headers, max_bytes=self._max_bytes)
                finally:
                    await answer.aclose()
        except TimeoutError as exc:
            raise httpx2.ReadTimeout("no whole answer in time", request=request) from exc
        headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in UNPACKED]
        return httpx2.Response(answer.status_code, headers=headers, content=body, extensions=answer.extensions)

    async def _look_at(self, url: httpx2.URL) -> None:
        """Judge the name behind a proxy, which resolves it again itself; a name known only there passes."""
        try:
            await self._guard.addresses(url.host, port_of(url))
        except RetryableError:
            return

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()


def sdk_client(
    *, guard: Guard, timeout_s: float, max_bytes: int, proxy: str = "", tls: ssl.SSLContext | None = None
) -> httpx2.AsyncClient:
    """A client to hand to an SDK: guarded, without redirects, cookies or the environment's proxies.

    `proxy` is the installation's own (http, https, socks5, socks5h) and is not judged; what it connects to is, as far
    as names can be judged from here.
    """
    pool = proxied_pool(proxy, tls=tls) if proxy else guarded_pool(guard, tls=tls)
    transport = SdkTransport(
        GuardedTransport(pool), guard, timeout_s=timeout_s, max_bytes=max_bytes, proxied=bool(proxy)
    )
    return httpx2.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
    )
