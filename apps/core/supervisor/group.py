"""The group's loop: start, merge the logs, restart what fell, stop everything."""

from __future__ import annotations

import http.client
import os
import selectors
import signal
import time
from types import FrameType
from typing import IO

from apps.core.supervisor.child import Child, ending
from apps.core.supervisor.output import Output
from apps.core.supervisor.plan import Plan

PROBE_PAUSE_S = 0.1
PROBE_TIMEOUT_S = 1.0
TICK_S = 5.0
FILE_PAUSE_S = 1.0
CHUNK = 65536


class Group:
    """Every program of a plan, from start to stop."""

    def __init__(self, plan: Plan, output: Output) -> None:
        self._plan = plan
        self._output = output
        self._children = [Child(program) for program in plan.programs]
        self._selector = selectors.DefaultSelector()
        self._asked = 0
        self._stops_seen = 0
        self._ready = plan.probe_port == 0
        self._next_probe = 0.0

    def run(self) -> int:
        """Run until someone asks to stop; 0 when all ended in time."""
        reader = self._listen_to_signals()
        now = time.monotonic()
        for child in self._children:
            if not child.waits_for and (not child.program.after_ready or self._ready):
                child.start_at = now
        while True:
            self._obey()
            self._look_for_files()
            self._start_due()
            self._probe()
            if not any(child.alive or child.start_at is not None or child.waits_for for child in self._children):
                break
            self._pump(reader, self._wait_s())
            self._reap()
            self._kill_late()
        self._drain_output()
        return 0

    def _listen_to_signals(self) -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._selector.register(reader, selectors.EVENT_READ, None)
        return reader

    def _ask_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1

    def _obey(self) -> None:
        """Pass a request to stop on to every program; a second one kills."""
        if self._output.closed and not self._asked:
            self._asked = 1
        if self._asked == self._stops_seen:
            return
        first, self._stops_seen = self._stops_seen == 0, self._asked
        now = time.monotonic()
        alive = [child for child in self._children if child.alive]
        names = ", ".join(child.program.name for child in alive)
        self._output.say(f"stopping {names} (once more: at once)" if first else f"killing {names}")
        for child in self._children:
            child.start_at, child.waits_for = None, ""
        for child in alive:
            child.kill_at = now + self._plan.stop_s if first else now
            if first:
                child.signal(signal.SIGTERM)

    def _look_for_files(self) -> None:
        """Plan the start of what waited for a file that is there now."""
        for child in self._children:
            if child.waits_for and os.path.exists(child.waits_for):
                child.waits_for, child.start_at = "", time.monotonic()

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.start_at is None or child.start_at > now:
                continue
            try:
                pipe = child.start(now)
            except OSError as exc:
                pause = child.plan_restart(now)
                self._output.say(f"{child.program.name} can't be started: {exc}; next try in {pause:g} s")
                continue
            self._selector.register(pipe, selectors.EVENT_READ, child)

    def _probe(self) -> None:
        """Look whether the site answers yet; its first answer shows the banner and starts what waited for it."""
        now = time.monotonic()
        if self._ready or self._asked or now < self._next_probe:
            return
        self._next_probe = now + PROBE_PAUSE_S
        if not answers(self._plan.probe_host, self._plan.probe_port, self._plan.probe_path):
            return
        self._ready = True
        self._output.show(self._plan.banner)
        for child in self._children:
            if child.program.after_ready and not child.waits_for:
                child.start_at = now

    def _wait_s(self) -> float:
        now = time.monotonic()
        moments = [
            moment for child in self._children for moment in (child.start_at, child.kill_at) if moment is not None
        ]
        if not self._ready and not self._asked:
            moments.append(self._next_probe)
        if any(child.waits_for for child in self._children):
            moments.append(now + FILE_PAUSE_S)
        return max(0.0, min([TICK_S, *(moment - now for moment in moments)]))

    def _pump(self, reader: int, wait_s: float) -> None:
        for key, _events in self._selector.select(wait_s):
            if key.data is None:
                os.read(reader, CHUNK)
            else:
                self._copy(key.fileobj, key.data)  # type: ignore[arg-type]

    def _copy(self, pipe: IO[bytes], child: Child) -> None:
        try:
            chunk = os.read(pipe.fileno(), CHUNK)
        except BlockingIOError:
            return
        for line in child.lines.feed(chunk) if chunk else child.lines.end():
            if line:
                self._output.line(child.program.name, line)
        if not chunk:
            self._selector.unregister(pipe)
            pipe.close()

    def _reap(self) -> None:
        now = time.monotonic()
        for child in self._children:
            code = child.reap()
            if code is None or self._asked:
                continue
            name = child.program.name
            if child.program.once:
                if code:
                    self._output.say(f"{name} ended with {ending(code)}")
                continue
            pause = child.plan_restart(now)
            self._output.say(f"{name} stopped by itself ({ending(code)}); it starts again in {pause:g} s")

    def _kill_late(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.kill_at is not None and child.kill_at <= now:
                self._output.say(f"{child.program.name} did not stop in time and is killed")
                child.signal(signal.SIGKILL)
                child.kill_at = now + TICK_S

    def _drain_output(self) -> None:
        """Copy what the ended programs still have in their pipes."""
        while any(key.data is not None for key in self._selector.get_map().values()):
            events = [event for event in self._selector.select(0.2) if event[0].data is not None]
            if not events:
                break
            for key, _events in events:
                self._copy(key.fileobj, key.data)  # type: ignore[arg-type]
        self._output.say("stopped")


def answers(host: str, port: int, path: str) -> bool:
    """Whether anything but a server error comes back from the address."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
