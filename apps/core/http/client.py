"""Fetching: turns, redirects, limits, and failures in plain words."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.addresses import AllowList
from apps.core.errors import PermanentError
from apps.core.http.answers import Fetched
from apps.core.http.bodies import ACCEPT_ENCODING, read_body
from apps.core.http.failures import plain_words
from apps.core.http.guard import CONNECT_TIMEOUT_S, Guard
from apps.core.http.places import HostPlaces
from apps.core.http.politeness import Turns, turns_for
from apps.core.http.transport import GuardedTransport, guarded_pool
from apps.core.http.urls import checked, checked_url, place, port_of

USER_AGENT = "Pult/0.1"
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
READ_TIMEOUT_S = 15.0
# Not sent on to another host.
OWN_HEADERS = ("Authorization", "Cookie", "Proxy-Authorization")


class Session:
    """One client with its connections, for one loop; see `session`."""

    def __init__(
        self,
        *,
        guard: Guard,
        turns: Turns,
        interval_s: float,
        timeout_s: float,
        max_bytes: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._turns = turns
        self._places = HostPlaces(turns, interval_s=interval_s)
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._transport = GuardedTransport(guarded_pool(guard, tls=tls))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()
        await self._turns.aclose()

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
        max_bytes: int | None = None,
        timeout_s: float | None = None,
        quiet_s: float | None = None,
    ) -> Fetched:
        """Request an address and return its final answer, whatever the status.

        `timeout_s` counts from the request to the last byte, waiting for one's turn apart; `quiet_s` between two bytes.

        Raises:
            RetryableError, PermanentError, UnknownOutcomeError: there is no answer; the package names the codes.
        """
        limit = max_bytes or self._max_bytes
        left_s = timeout_s or self._timeout_s
        target = checked_url(url, allow=self._guard.allow)
        request = build(target, method=method, headers=headers, body=body, quiet_s=quiet_s)
        redirects: list[tuple[int, str]] = []
        while True:
            async with self._places.at(place(request.url)):
                began = time.monotonic()
                answer, content = await self._exchange(request, limit=limit, timeout_s=left_s)
                left_s -= time.monotonic() - began
            location = answer.headers.get("Location")
            if answer.status_code not in REDIRECTS or not location:
                fetched = Fetched(answer.status_code, str(request.url), answer.headers, content, tuple(redirects))
                await self._places.answered(place(request.url), fetched.url, fetched.status, fetched.retry_after)
                return fetched
            if len(redirects) == MAX_REDIRECTS:
                raise too_many_redirects(url)
            request = self._onward(request, answer.status_code, location)
            redirects.append((answer.status_code, str(request.url)))

    async def _exchange(
        self, request: httpx2.Request, *, limit: int, timeout_s: float
    ) -> tuple[httpx2.Response, bytes]:
        """Send one request and read its answer whole; a redirect's body is not read."""
        with plain_words(request):
            async with asyncio.timeout(max(timeout_s, 0.0)):
                answer = await self._transport.handle_async_request(request)
                try:
                    if answer.status_code in REDIRECTS and "Location" in answer.headers:
                        return answer, b""
                    return answer, await read_body(answer.stream, answer.headers, max_bytes=limit)  # type: ignore[arg-type]
                finally:
                    await answer.aclose()

    def _onward(self, request: httpx2.Request, status: int, location: str) -> httpx2.Request:
        """The request that a redirect asks for (RFC 9110, section 15.4), checked like the first."""
        try:
            target = request.url.join(location).copy_with(fragment=None)
        except httpx2.InvalidURL as exc:
            raise PermanentError(
                _("%(host)s redirects to something that is not an address.") % {"host": request.url.host},
                code="bad_url",
            ) from exc
        checked(target, allow=self._guard.allow)
        if request.url.scheme == "https" and target.scheme == "http":
            raise PermanentError(
                _("%(host)s redirects from https to http, which is not followed.") % {"host": request.url.host},
                code="downgrade_refused",
            )
        kept = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        if place(target) != place(request.url) or target.scheme != request.url.scheme:
            kept = {name: value for name, value in kept.items() if name.title() not in OWN_HEADERS}
        method, body = request.method, request.content or None
        if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
            method, body = "GET", None
            kept.pop("content-type", None)
        return build(target, method=method, headers=kept, body=body)


def too_many_redirects(url: str) -> PermanentError:
    """The failure of an address that leads from one to another for too long."""
    words = _("%(url)s redirects more than %(limit)d times.") % {"url": url, "limit": MAX_REDIRECTS}
    return PermanentError(words, code="too_many_redirects")


def build(
    url: httpx2.URL,
    *,
    method: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
    quiet_s: float | None = None,
) -> httpx2.Request:
    """A request as Pult sends it; the caller's headers win, apart from the user agent and the packings."""
    every = httpx2.Headers({"Accept": "*/*"})
    every.update(headers)
    every["User-Agent"] = USER_AGENT
    every["Accept-Encoding"] = ACCEPT_ENCODING
    every["Connection"] = "keep-alive"
    quiet = READ_TIMEOUT_S if quiet_s is None else quiet_s
    timeouts = {"connect": CONNECT_TIMEOUT_S, "read": quiet, "write": READ_TIMEOUT_S, "pool": READ_TIMEOUT_S}
    return httpx2.Request(
        method.upper(), url.copy_with(fragment=None), headers=every, content=body, extensions={"timeout": timeouts}
    )


def allow_list() -> AllowList:
    """The private places of `HTTP_ALLOW_PRIVATE`."""
    return AllowList.parse(settings.HTTP_ALLOW_PRIVATE)


def guard_for(trusted_url: str = "") -> Guard:
    """The guard of a run; `trusted_url` is an address that whoever runs Pult chose, whose host may be private."""
    allow = allow_list()
    if trusted_url:
        url = httpx2.URL(trusted_url)
        allow = allow.with_host(url.host, port_of(url))
    return Guard(allow)


@asynccontextmanager
async def session(*, guard: Guard | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Session]:
    """Open a client for one drain, set up as the settings say."""
    client = Session(
        guard=guard or guard_for(),
        turns=turns_for(settings.REDIS_URL),
        interval_s=settings.HTTP_HOST_INTERVAL_S,
        timeout_s=settings.HTTP_TIMEOUT_S,
        max_bytes=settings.HTTP_MAX_BYTES,
        tls=tls,
    )
    try:
        yield client
    finally:
        await client.aclose()


async def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    body: bytes | None = None,
    max_bytes: int | None = None,
    timeout_s: float | None = None,
) -> Fetched:
    """Request a single address; see `Session.fetch`."""
    async with session() as client:
        return await client.fetch(
            url, headers=headers, method=method, body=body, max_bytes=max_bytes, timeout_s=timeout_s
        )
