"""The product's real processes for a test: web, worker and beat, on a database and a broker of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import redis
from django.core.management.utils import get_random_secret_key

from tests.migrated import NAME, postgres_put, sqlite_put

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("DATABASE_URL", "")
REDIS = os.environ.get("REDIS_URL", "")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Stack:
    """A set-up of the product in a folder of its own.

    Attributes:
        env: the whole environment of its processes.
        processes: the running ones by name.
    """

    folder: Path
    env: dict[str, str]
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    worker_log_size: int = 0

    def start(self, name: str, *argv: str) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own; its output goes to `<name>.log` in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                argv, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.processes[name] = process
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker on every queue."""
        path = self.folder / "worker.log"
        self.worker_log_size = path.stat().st_size if path.exists() else 0
        queues = "collect,compose,deliver,inbound,media,default"
        return self.start(
            "worker", sys.executable, "-m", "celery", "-A", "config", "worker",
            "-P", "threads", "-c", "4", "-Q", queues,
            "-l", "info", "--without-gossip", "--without-mingle", "-n", f"worker-{uuid.uuid4().hex[:6]}@test",
        )  # fmt: skip

    def start_beat(self) -> subprocess.Popen[bytes]:
        """Start the heartbeat."""
        return self.start(
            "beat", sys.executable, "-m", "celery", "-A", "config", "beat", "-l", "warning", "--pidfile", ""
        )

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and all it started, and wait for its end."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        process.wait(timeout=60)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def until_worker_ready(self, *, seconds: float = 60) -> None:
        """Wait until the worker that was started last says so in its log."""
        path, started = self.folder / "worker.log", self.worker_log_size
        self.until(lambda: b"ready." in path.read_bytes()[started:], seconds=seconds, what="the worker is ready")

    def stop(self) -> None:
        """End everything that runs."""
        for name in list(self.processes):
            self.kill(name, signal.SIGTERM if name == "group" else signal.SIGKILL)

    def manage(self, *argv: str) -> str:
        """Run a management command to its end and return its output."""
        return self._run("manage.py", *argv)

    def editor(self, *argv: str) -> dict[str, Any]:
        """Let the editor do one thing; the answer."""
        return self.served("editor", *argv)

    def served(self, name: str, *argv: str) -> dict[str, Any]:
        """Let a module of this folder, kept running, do one thing; the answer."""
        process = self.processes.get(name)
        if process is None:
            with (self.folder / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", f"tests.e2e.{name}", "serve"],
                    cwd=ROOT,
                    env=self.env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
            self.processes[name] = process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(argv).encode() + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(b"ANSWER "):
                answer: dict[str, Any] = json.loads(line.removeprefix(b"ANSWER "))
                return answer
        raise AssertionError(f"{name} has ended\n{self.logs()}")

    def _run(self, *argv: str) -> str:
        done = subprocess.run(
            [sys.executable, *argv], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def until(self, seen: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """Wait until `seen` answers something true; fails with the logs' ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = seen()
            if found:
                return found
            time.sleep(0.3)
        raise AssertionError(f"not within {seconds} s: {what}\n{self.logs()}")

    def logs(self) -> str:
        """The last lines that each process wrote."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-40:])
            for path in sorted(self.folder.glob("*.log"))
        )

    def is_ready(self) -> bool:
        """Whether the site says that it can serve."""
        try:
            reply = httpx2.get(f"http://127.0.0.1:{self.port}/health/live", timeout=2, trust_env=False)
        except httpx2.HTTPError:
            return False
        return reply.status_code == 200


@contextmanager
def stack(folder: Path, *, production: bool, **env: str) -> Iterator[Stack]:
    """A fresh set-up with an empty, migrated database: SQLite and files, or a database of PostgreSQL and of Redis."""
    port = free_port()
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "REDIS_", "CELERY_", "COV_CORE"))
    }
    own |= {
        "PULT_VAR": str(folder / "var"),
        "PORT": str(port),
        "DEMO": "false",
        "SECRET_KEY": get_random_secret_key(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "INFO",
        **env,
    }
    name = f"pult_e2e_{uuid.uuid4().hex[:10]}"
    if production:
        own |= {"DATABASE_URL": POSTGRES.rsplit("/", 1)[0] + f"/{name}", "REDIS_URL": redis_database()}
        postgres_put(POSTGRES, name)
        redis.Redis.from_url(own["REDIS_URL"]).flushdb()
    else:
        own |= {"DATABASE_URL": "", "REDIS_URL": ""}
        sqlite_put(folder / "var" / NAME)
    made = Stack(folder=folder, env=own, port=port)
    try:
        yield made
    finally:
        made.stop()
        if production:
            with psycopg.connect(POSTGRES.rsplit("/", 1)[0] + "/postgres", autocommit=True) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            redis.Redis.from_url(own["REDIS_URL"]).flushdb()


def redis_database() -> str:
    """The address of a database on the same Redis that no other test process uses."""
    number = 12 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 3
    return f"{REDIS.rsplit('/', 1)[0]}/{number}"
