"""What all stand-ins share: a log, faults, a thread to run in, a shell command, control addresses.

`GET /_log` answers what was received, `DELETE /_log` forgets it, `POST /_faults` plans faults, `DELETE /_faults` drops
them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests.servers.faults import Fault, FaultPlan

BODY_MAX = 64 * 1024 * 1024


@dataclass
class Received:
    """One request.

    Attributes:
        time: when it came, seconds since the epoch.
        method: the API's method, or the path.
        outcome: pending, ok, refused, limited, or the fault that struck it.
        stored: whether it was carried out.
        message_id: what it made, if it made something.
    """

    time: float
    method: str
    params: dict[str, Any]
    outcome: str = "pending"
    status: int | None = None
    stored: bool = False
    message_id: int | None = None
    fault: str = ""
    bot_id: int | None = None
    verb: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class RequestLog(list[Received]):
    """Everything received, oldest first."""

    def of(self, method: str) -> list[Received]:
        """The requests for one method or path."""
        return [entry for entry in self if entry.method == method]


@dataclass
class Reply:
    """What a stand-in is going to answer."""

    status: int
    body: Any
    outcome: str = "ok"
    stored: bool = False
    message_id: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


class StandIn:
    """A server on loopback. Subclasses give `routes` and say how their protocol words a 429, a 500 and an error."""

    def __init__(self, *, seed: int = 0) -> None:
        self.url = ""
        self.log = RequestLog()
        self.faults = FaultPlan(seed=seed)

    def routes(self) -> list[web.RouteDef]:
        """The protocol's own addresses."""
        raise NotImplementedError

    def fault_reply(self, fault: Fault) -> Reply:
        """A 429, 500 or error in the protocol's own words."""
        raise NotImplementedError

    def application(self) -> web.Application:
        """The protocol and the control addresses."""
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes(
            [
                web.get("/_log", self._show_log),
                web.delete("/_log", self._clear_log),
                web.post("/_faults", self._plan_faults),
                web.delete("/_faults", self._clear_faults),
            ]
        )
        app.add_routes(self.routes())
        return app

    async def answer(
        self,
        request: web.Request,
        entry: Received,
        carry_out: Callable[[], Reply],
        *,
        wait: Callable[[], Awaitable[None]] | None = None,
    ) -> web.StreamResponse:
        """Log a request, let a planned fault strike it, wait where its method does, carry it out and answer."""
        self.log.append(entry)
        fault = self.faults.strike(entry.method, entry.params)
        kind = fault.kind if fault else ""
        entry.fault = kind
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        if kind == "cut_before":
            entry.outcome = kind
            return cut(request)
        if fault and kind in {"429", "500", "error"}:
            if fault.stored:
                note(entry, carry_out())
            reply = self.fault_reply(fault)
            entry.status, entry.outcome = reply.status, reply.outcome
            return render(reply)
        if wait is not None:
            await wait()
        reply = carry_out()
        note(entry, reply)
        if fault and kind == "slow_after":
            await asyncio.sleep(fault.seconds)
        if kind == "cut_after":
            entry.outcome = kind
            return cut(request)
        if kind == "malformed":
            entry.outcome = kind
            text = json.dumps(reply.body)
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        return render(reply)

    async def _show_log(self, _request: web.Request) -> web.Response:
        return web.json_response([asdict(entry) for entry in self.log])

    async def _clear_log(self, _request: web.Request) -> web.Response:
        self.log.clear()
        return web.json_response({"ok": True})

    async def _plan_faults(self, request: web.Request) -> web.Response:
        try:
            self.faults.load(await request.json())
        except (TypeError, ValueError) as exc:
            return web.json_response({"ok": False, "error": str(exc)}, status=400)
        return web.json_response({"ok": True})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({"ok": True})


def received(request: web.Request, method: str, params: dict[str, Any], **more: Any) -> Received:
    """The log's entry for a request that has just come."""
    return Received(
        time=time.time(), method=method, params=params, verb=request.method, headers=dict(request.headers), **more
    )


def note(entry: Received, reply: Reply) -> None:
    """Write into the log what became of a request."""
    entry.status, entry.outcome = reply.status, reply.outcome
    entry.stored, entry.message_id = reply.stored, reply.message_id


def render(reply: Reply) -> web.Response:
    """A reply as JSON."""
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)


def cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


S = TypeVar("S", bound=StandIn)


async def serve(server: StandIn, *, host: str, port: int, ready: Callable[[], None], stop: Awaitable[object]) -> None:
    """Serve until `stop`, with `server.url` set before `ready` is called."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        server.url = f"http://{host}:{runner.addresses[0][1]}"
        ready()
        await stop
    finally:
        await runner.cleanup()


@contextmanager
def hosted(server: S, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[S]:
    """Run a stand-in in a thread of this process."""
    started = threading.Event()
    failures: list[OSError] = []
    control: list[Callable[[], None]] = []

    async def main() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        control.append(lambda: loop.call_soon_threadsafe(stop.set))
        await serve(server, host=host, port=port, ready=started.set, stop=stop.wait())

    def body() -> None:
        try:
            asyncio.run(main())
        except OSError as exc:
            failures.append(exc)
            started.set()

    thread = threading.Thread(target=body, name=type(server).__name__, daemon=True)
    thread.start()
    started.wait()
    if failures:
        thread.join()
        raise failures[0]
    try:
        yield server
    finally:
        control[0]()
        thread.join()


def shell(server_from: Callable[[argparse.Namespace], StandIn], parser: argparse.ArgumentParser) -> None:
    """Run a stand-in from a shell until Ctrl-C; the first line it prints is its address."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="of faults that happen by chance")
    parser.add_argument(
        "--faults", type=json.loads, help='JSON, for example {"kind": "cut_after", "probability": 0.05}'
    )
    options = parser.parse_args()
    server = server_from(options)
    if options.faults:
        server.faults.load(options.faults)
    # A shell that starts it in the background has it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        asyncio.run(
            serve(
                server,
                host=options.host,
                port=options.port,
                ready=lambda: print(server.url, flush=True),
                stop=asyncio.Event().wait(),
            )
        )
