"""The guarded connection pool as httpx2 expects it; httpx2 itself takes no network backend."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import cast

import httpcore2
import httpx2

from apps.core.http.guard import Guard

MAX_CONNECTIONS = 100
KEPT_CONNECTIONS = 20
KEPT_FOR_S = 15.0


@lru_cache(maxsize=1)
def system_tls() -> ssl.SSLContext:
    """TLS that verifies names against the system's authorities; made once, it takes milliseconds."""
    return ssl.create_default_context()


def guarded_pool(guard: Guard, *, tls: ssl.SSLContext | None = None) -> httpcore2.AsyncConnectionPool:
    """Connections that the guard opens."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls or system_tls(),
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=KEPT_CONNECTIONS,
        keepalive_expiry=KEPT_FOR_S,
        network_backend=guard,
    )


def proxied_pool(proxy: str, *, tls: ssl.SSLContext | None = None) -> httpcore2.AsyncConnectionPool:
    """Connections through an HTTP or SOCKS proxy that the installation names.

    Raises:
        ValueError: it is not the address of a proxy.
    """
    known = httpx2.Proxy(proxy)
    address = httpcore2.URL(
        scheme=known.url.raw_scheme, host=known.url.raw_host, port=known.url.port, target=known.url.raw_path
    )
    if known.url.scheme in ("socks5", "socks5h"):
        return httpcore2.AsyncSOCKSProxy(address, proxy_auth=known.raw_auth, ssl_context=tls or system_tls())
    return httpcore2.AsyncHTTPProxy(address, proxy_auth=known.raw_auth, ssl_context=tls or system_tls())


@contextmanager
def translated() -> Iterator[None]:
    """Turn httpcore2's errors into httpx2's, which bear the same names."""
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as exc:
        known = cast("type[httpx2.TransportError]", getattr(httpx2, type(exc).__name__))
        raise known(str(exc)) from exc


class GuardedStream(httpx2.AsyncByteStream):
    """A body on its way."""

    def __init__(self, stream: httpcore2.Response) -> None:
        self._answer = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with translated():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        """Give the connection back or drop it."""
        with translated():
            await self._answer.aclose()


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Requests over a pool of `guarded_pool` or `proxied_pool`."""

    def __init__(self, pool: httpcore2.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and return its answer with the body still to be read."""
        with translated():
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    method=request.method,
                    url=httpcore2.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=GuardedStream(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()
