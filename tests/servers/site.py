"""A stand-in for the web: pages, feeds, redirects and everything unpleasant that a server may do.

From a shell: `python -m tests.servers.site --port 0 --folder some/feeds`. In a test: `with site.running() as server:`,
then `server.page("/feed.xml", FEED)`, `server.redirect("/old", "/feed.xml")`, `server.log`. Other processes program
pages by `POST /_pages` with the fields of `Page` (and `path`; `text` for a body). The log's `method` is the path, its
`params` are the query and the form.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import mimetypes
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.servers.faults import Fault
from tests.servers.hosting import Received, Reply, StandIn, cut, hosted, received, shell

FORM = "application/x-www-form-urlencoded"
XML = "application/xml; charset=utf-8"


@dataclass
class Page:
    """One answer.

    Attributes:
        etag: made of the body unless given; empty text sends none.
        last_modified: seconds since the epoch; None sends none.
        delay_s: before the first byte.
        drip_s: pause between the pieces of the body.
        piece: their size in bytes.
        size: the body is repeated up to so many bytes, sent without a length.
        declared_length: a Content-Length that is a lie.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: float | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    piece: int = 16_384
    size: int = 0
    declared_length: int | None = None

    def tag(self) -> str:
        """The validator that is sent, quoted."""
        if self.etag is None:
            return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'
        return self.etag

    def all_headers(self) -> dict[str, str]:
        """What goes before the body."""
        made = {"Content-Type": self.content_type}
        if self.status == 200 and self.tag():
            made["ETag"] = self.tag()
        if self.last_modified is not None:
            made["Last-Modified"] = formatdate(self.last_modified, usegmt=True)
        return made | self.headers

    def is_known_to(self, request: web.Request) -> bool:
        """Whether the client has this very page already."""
        if self.status != 200:
            return False
        asked = request.headers.get("If-None-Match")
        if asked is not None:
            return bool(self.tag()) and (asked == "*" or self.tag() in [tag.strip() for tag in asked.split(",")])
        since = request.headers.get("If-Modified-Since")
        if since is None or self.last_modified is None:
            return False
        try:
            return int(self.last_modified) <= parsedate_to_datetime(since).timestamp()
        except ValueError:
            return False


class SiteServer(StandIn):
    """A host of programmed pages over a folder of files."""

    def __init__(self, *, folder: Path | str | None = None, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.folder = Path(folder).resolve() if folder else None
        self._pages: dict[str, list[Page]] = {}

    def page(self, path: str, body: bytes | str = b"", **options: Any) -> str:
        """Program a page and return its address; see `Page` for the options."""
        content = body.encode() if isinstance(body, str) else body
        self._pages[path] = [Page(content, **options)]
        return self.url + path

    def pages(self, path: str, answers: list[Page]) -> str:
        """Program one answer after another; the last one stays."""
        self._pages[path] = list(answers)
        return self.url + path

    def redirect(self, path: str, to: str, *, status: int = 302) -> str:
        """Program a redirect; `to` may be any address, private ones too. To itself makes a loop."""
        return self.page(path, status=status, headers={"Location": to}, etag="")

    def chain(self, path: str, length: int, to: str) -> str:
        """Program so many redirects on the way to `to`."""
        steps = [path, *(f"{path}/{step}" for step in range(1, length)), to]
        for here, there in pairwise(steps):
            self.redirect(here, there)
        return self.url + path

    def gzip_bomb(self, path: str, megabytes: int) -> str:
        """Program a page that is small on the wire and huge after decompression."""
        body = gzip.compress(b"\0" * (megabytes * 1024 * 1024))
        return self.page(path, body, headers={"Content-Encoding": "gzip"})

    def forget(self, path: str) -> None:
        """Answer 404 for a programmed page from now on."""
        self._pages.pop(path, None)

    def routes(self) -> list[web.RouteDef]:
        """Every address."""
        return [web.post("/_pages", self._program), web.route("*", "/{path:.*}", self._serve)]

    def fault_reply(self, fault: Fault) -> Reply:
        """A planned failure."""
        status = {"429": 429, "500": 500}.get(fault.kind, fault.status)
        headers = {"Retry-After": f"{fault.retry_after:g}"} if fault.kind == "429" else {}
        return Reply(status, {"error": fault.description}, outcome="refused", headers=headers)

    async def _program(self, request: web.Request) -> web.Response:
        options = await request.json()
        self.page(options.pop("path"), options.pop("text", ""), **options)
        return web.json_response({"ok": True})

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        form = await request.post() if request.content_type == FORM else {}
        entry = received(request, request.path, dict(request.query) | {name: str(form[name]) for name in form})
        self.log.append(entry)
        fault = self.faults.strike(entry.method, entry.params)
        entry.fault = kind = fault.kind if fault else ""
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        if kind == "cut_before":
            entry.outcome = kind
            return cut(request)
        if fault and kind in {"429", "500", "error"}:
            reply = self.fault_reply(fault)
            entry.status, entry.outcome = reply.status, reply.outcome
            return web.json_response(reply.body, status=reply.status, headers=reply.headers)
        page = self._find(request.path)
        if page.delay_s:
            await asyncio.sleep(page.delay_s)
        entry.status, entry.outcome = page.status, "ok" if page.status < 400 else "refused"
        if page.is_known_to(request):
            entry.status = 304
            return web.Response(status=304, headers=page.all_headers())
        return await self._send(request, entry, page)

    async def _send(self, request: web.Request, entry: Received, page: Page) -> web.StreamResponse:
        """Send a page in pieces, or the half of it that a fault lets through."""
        broken = entry.fault in {"cut_after", "malformed"}
        response = web.StreamResponse(status=page.status, headers=page.all_headers())
        body = page.body
        if page.declared_length is not None:
            response.content_length = page.declared_length
        elif not page.size:
            response.content_length = len(body)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        try:
            if page.size:
                piece = (body or b"x") * max(1, page.piece // max(1, len(body)))
                for _ in range(page.size // len(piece) + 1):
                    await response.write(piece)
            else:
                half = body[: len(body) // 2] if broken else body
                for start in range(0, len(half), page.piece):
                    await response.write(half[start : start + page.piece])
                    await asyncio.sleep(page.drip_s)
        except ConnectionError:
            entry.outcome = "left"
            return response
        if broken:
            entry.outcome = entry.fault
            return cut(request)
        if page.declared_length is not None and page.declared_length != len(body):
            return cut(request)
        await response.write_eof()
        return response

    def _find(self, path: str) -> Page:
        """The programmed page, or the file, or a 404."""
        programmed = self._pages.get(path)
        if programmed:
            return programmed.pop(0) if len(programmed) > 1 else programmed[0]
        if self.folder is not None:
            file = (self.folder / path.lstrip("/")).resolve()
            if file.is_file() and file.is_relative_to(self.folder):
                kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                return Page(file.read_bytes(), content_type=kind, last_modified=file.stat().st_mtime)
        return Page(b"<h1>404</h1>", status=404, etag="")


def running(**options: Any) -> AbstractContextManager[SiteServer]:
    """Run the stand-in in a thread; the options are those of `SiteServer`."""
    return hosted(SiteServer(**options))


def main() -> None:
    """Run it from a shell."""
    parser = argparse.ArgumentParser(description="A host of pages and feeds.")
    parser.add_argument("--folder", type=Path, help="serve these files")
    shell(lambda options: SiteServer(folder=options.folder, seed=options.seed), parser)


if __name__ == "__main__":
    main()
