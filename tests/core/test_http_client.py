"""Fetching: redirects, headers, limits, and failures in plain words."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import time

import pytest
from aiohttp import web

from apps.core import http
from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.core.http import AllowList, Guard
from tests.core.http_origin import LOOPBACK, always, certificate, client, origin, raw_origin, run


def fetched(handler, path: str = "/", **options):
    """What fetching a path of an origin gives."""

    async def work():
        async with origin(handler) as port, client() as opened:
            return await opened.fetch(f"http://127.0.0.1:{port}{path}", **options)

    return run(work())


def failure(kind, handler, path: str = "/", **options):
    with pytest.raises(kind) as caught:
        fetched(handler, path, **options)
    return caught.value


def test_an_answer_is_returned_whole():
    async def handler(request: web.Request) -> web.Response:
        body = gzip.compress(b"<rss/>")
        return web.Response(body=body, headers={"Content-Encoding": "gzip", "ETag": '"1"', "X-Path": request.path_qs})

    answer = fetched(handler, "/feed?a=%D0%B6#part")
    assert (answer.status, answer.body, answer.redirects) == (200, b"<rss/>", ())
    assert answer.headers["etag"] == answer.headers["ETag"] == '"1"'
    assert answer.headers["X-Path"] == "/feed?a=%D0%B6"


@pytest.mark.parametrize("status", [304, 403, 404, 410, 429, 500, 503])
def test_any_final_status_is_returned(status):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "30"})

    answer = fetched(handler)
    assert (answer.status, answer.retry_after) == (status, 30.0)


def test_the_user_agent_and_the_packings_are_fixed_and_other_headers_are_the_callers():
    seen = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(request.headers)
        return web.Response()

    fetched(
        handler,
        headers={"user-agent": "Mozilla", "accept-encoding": "br", "If-None-Match": '"1"', "Accept": "text/xml"},
    )
    assert seen["User-Agent"] == "Pult/0.1"
    assert seen["Accept-Encoding"] == "gzip, deflate"
    assert seen["If-None-Match"] == '"1"'
    assert seen["Accept"] == "text/xml"


def test_a_body_is_posted():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.method} {await request.text()} {request.headers['Content-Type']}")

    answer = fetched(handler, method="post", body=b'{"a":1}', headers={"Content-Type": "application/json"})
    assert answer.body == b'POST {"a":1} application/json'


def test_the_environments_proxies_are_ignored(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text="straight")

    assert fetched(handler).body == b"straight"


def test_redirects_are_followed_and_told():
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "/newer"}, text="moved")
        if request.path == "/newer":
            return web.Response(status=308, headers={"Location": f"http://127.0.0.1:{request.url.port}/new#part"})
        return web.Response(text="here")

    answer = fetched(handler, "/old")
    base = answer.url.removesuffix("/new")
    assert answer.body == b"here"
    assert answer.redirects == ((301, f"{base}/newer"), (308, f"{base}/new"))
    assert answer.moved_to == f"{base}/new"


def test_a_redirect_without_an_address_is_an_answer():
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, text="nowhere")

    answer = fetched(handler)
    assert (answer.status, answer.body) == (302, b"nowhere")


def test_five_redirects_are_followed_and_a_sixth_is_not():
    async def handler(request: web.Request) -> web.Response:
        left = int(request.path.strip("/"))
        return web.Response(status=302, headers={"Location": f"/{left - 1}"}) if left else web.Response(text="end")

    assert fetched(handler, "/5").body == b"end"
    assert failure(PermanentError, handler, "/6").code == "too_many_redirects"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("file:///etc/passwd", "scheme_refused"),
        ("http://user:pw@127.0.0.1/", "credentials_refused"),
        ("http://127.0.0.1:22/", "port_refused"),
        ("http://10.0.0.1/", "address_refused"),
        ("http://[::1", "bad_url"),
    ],
)
def test_each_hop_is_checked_like_the_first(location, code):
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    assert failure(PermanentError, handler).code == code


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET "),
        (302, "POST", "GET "),
        (303, "POST", "GET "),
        (303, "PUT", "GET "),
        (303, "HEAD", "HEAD "),
        (307, "POST", "POST text"),
        (308, "POST", "POST text"),
        (302, "PUT", "PUT text"),
    ],
)
def test_a_redirect_changes_the_method_as_the_standard_says(status, method, then):
    seen = []

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.Response(status=status, headers={"Location": "/next"})
        seen.append(f"{request.method} {await request.text()}")
        seen.append(request.headers.get("Content-Type"))
        return web.Response()

    fetched(handler, method=method, body=None if method == "HEAD" else b"text", headers={"Content-Type": "text/x"})
    assert seen[0] == then
    if then == "GET ":
        assert seen[1] in {None, "application/octet-stream"}


def test_a_key_is_sent_on_to_the_same_host_only():
    seen = []

    async def last(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers.get("Authorization"), request.headers.get("X-Trace")))
        return web.Response()

    async def work() -> None:
        async with origin(last) as other, client() as opened:

            async def first(request: web.Request) -> web.Response:
                if request.path == "/away":
                    return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{other}/other"})
                if request.path == "/same":
                    return await last(request)
                return web.Response(status=302, headers={"Location": "/same"})

            async with origin(first) as port:
                headers = {"Authorization": "Bearer key", "X-Trace": "1"}
                await opened.fetch(f"http://127.0.0.1:{port}/away", headers=headers)
                await opened.fetch(f"http://127.0.0.1:{port}/stay", headers=headers)

    run(work())
    assert seen == [("/other", None, "1"), ("/same", "Bearer key", "1")]


def test_an_answer_over_the_limit_is_refused():
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 2_000)

    assert failure(PermanentError, handler, max_bytes=1_999).code == "too_large"
    assert len(fetched(handler, max_bytes=2_000).body) == 2_000


def test_an_endless_answer_is_cut():
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 10_000)
        return answer

    assert failure(PermanentError, handler).code == "too_large"


def test_a_server_that_says_nothing_is_retryable():
    async def handler(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    began = time.monotonic()
    error = failure(RetryableError, handler, timeout_s=0.2)
    assert time.monotonic() - began < 3
    assert (error.code, str(error)) == ("timed_out", "127.0.0.1 did not answer in time.")


def test_a_drip_of_bytes_ends_with_the_whole_time():
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x")
            await asyncio.sleep(0.05)
        return answer

    assert failure(RetryableError, handler, timeout_s=0.4).code == "timed_out"


def test_redirects_share_one_time():
    async def handler(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response(status=302, headers={"Location": "/again"})

    assert failure(RetryableError, handler, timeout_s=0.5).code == "timed_out"


def test_a_post_without_an_answer_is_of_unknown_outcome():
    async def handler(_request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    assert failure(UnknownOutcomeError, handler, method="POST", body=b"x", timeout_s=0.2).code == "timed_out"


def talked(answer: bytes, **options):
    """The failure of fetching from a server that answers so and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async def work() -> None:
        async with raw_origin(talk) as port, client() as opened:
            await opened.fetch(f"http://127.0.0.1:{port}/", **options)

    with pytest.raises((RetryableError, UnknownOutcomeError)) as caught:
        run(work())
    return caught.value


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_an_answer_that_is_cut_or_is_not_http_is_retryable(answer):
    error = talked(answer)
    assert isinstance(error, RetryableError)
    assert error.code == "bad_answer"


def test_a_post_that_is_cut_is_of_unknown_outcome():
    assert isinstance(talked(b"", method="POST", body=b"x"), UnknownOutcomeError)


def test_a_connection_that_is_reset_is_retryable():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def work() -> None:
        async with raw_origin(talk) as port, client() as opened:
            await opened.fetch(f"http://127.0.0.1:{port}/")

    with pytest.raises(RetryableError) as caught:
        run(work())
    assert (caught.value.code, str(caught.value)) == ("cut", "127.0.0.1 broke the connection off.")


def test_a_server_that_does_not_accept_is_retryable(monkeypatch):
    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    monkeypatch.setattr("apps.core.http.client.CONNECT_TIMEOUT_S", 0.1)

    async def work() -> None:
        async with client(guard=Guard(AllowList(), never)) as opened:
            await opened.fetch("http://silent.example/")

    with pytest.raises(RetryableError) as caught:
        run(work())
    assert (caught.value.code, str(caught.value)) == ("timed_out", "silent.example does not answer.")


def over_tls(tmp_path, host: str, *, days: int = 1, trusted: bool = True, answer=None, path: str = "/"):
    """Fetch over TLS from a server whose certificate is for site.example."""
    server, trusting = certificate(tmp_path, name="site.example", days=days)

    async def plain(_request: web.Request) -> web.Response:
        return web.Response(text="secret")

    async def work():
        guard = Guard(LOOPBACK, always("127.0.0.1"))
        async with (
            origin(answer or plain, tls=server) as port,
            client(guard=guard, tls=trusting if trusted else None) as opened,
        ):
            return await opened.fetch(f"https://{host}:{port}{path}")

    return run(work())


def test_tls_verifies_the_name_although_an_address_is_connected_to(tmp_path):
    assert over_tls(tmp_path, "site.example").body == b"secret"
    with pytest.raises(RetryableError) as caught:
        over_tls(tmp_path, "other.example")
    assert caught.value.code == "tls_failed"
    assert "certificate of other.example" in str(caught.value)


def test_an_expired_or_unknown_certificate_is_not_accepted(tmp_path):
    for wrong in ({"days": -5}, {"trusted": False}):
        with pytest.raises(RetryableError) as caught:
            over_tls(tmp_path, "site.example", **wrong)
        assert caught.value.code == "tls_failed"


def test_https_is_not_left_for_http(tmp_path):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://site.example:{request.url.port}/"})

    with pytest.raises(PermanentError) as caught:
        over_tls(tmp_path, "site.example", answer=handler)
    assert caught.value.code == "downgrade_refused"


def test_a_server_without_tls_is_told_as_such():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def work() -> None:
        async with raw_origin(talk) as port, client() as opened:
            await opened.fetch(f"https://127.0.0.1:{port}/")

    with pytest.raises(RetryableError) as caught:
        run(work())
    assert (caught.value.code, str(caught.value)) == ("tls_failed", "127.0.0.1 and Pult share no TLS.")


def test_a_session_follows_the_settings(settings):
    settings.HTTP_ALLOW_PRIVATE, settings.HTTP_HOST_INTERVAL_S, settings.HTTP_MAX_BYTES = ["127.0.0.1"], 0.0, 3

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.path[1:])

    async def work() -> bytes:
        async with origin(handler) as port:
            answer = await http.fetch(f"http://127.0.0.1:{port}/abc")
            async with http.session() as opened:
                with pytest.raises(PermanentError) as caught:
                    await opened.fetch(f"http://127.0.0.1:{port}/abcd")
            assert caught.value.code == "too_large"
            settings.HTTP_ALLOW_PRIVATE = []
            with pytest.raises(PermanentError) as caught:
                await http.fetch(f"http://127.0.0.1:{port}/abc")
            assert caught.value.code == "address_refused"
            return answer.body

    assert run(work()) == b"abc"


def test_a_trusted_address_may_be_private_and_others_not(settings):
    settings.HTTP_ALLOW_PRIVATE = []
    guard = http.guard_for("http://127.0.0.1:8091/v1")
    assert guard.allow.names("127.0.0.1", 8091) is True
    assert guard.allow.names("127.0.0.1", 8092) is False
    assert http.guard_for().allow == AllowList()
