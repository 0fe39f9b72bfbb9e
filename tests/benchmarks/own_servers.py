"""A PostgreSQL and a Redis of a benchmark's own, in a folder, that may be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
import redis

from tests.e2e.stack import free_port


def postgres_programs() -> Path | None:
    """Where the newest installed PostgreSQL has its programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class OwnPostgres:
    """A server of its own; as root it runs as the user postgres, which PostgreSQL insists on."""

    def __init__(self, folder: Path) -> None:
        programs = postgres_programs()
        if programs is None:
            raise FileNotFoundError("no PostgreSQL is installed")
        self._programs, self._data, self.port = programs, folder / "data", free_port()
        self._as = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        folder.mkdir()
        if self._as:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        """Its address, without a database."""
        return f"postgres://postgres@127.0.0.1:{self.port}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._data.parent,
            **self._as,  # type: ignore[call-overload]
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._data.parent}"
        log = str(self._data.parent / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")
        with psycopg.connect(f"{self.url}/postgres", connect_timeout=5):
            pass

    def restart(self) -> None:
        """End it as a power cut would, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it at once."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")


class OwnRedis:
    """A server of its own, which remembers nothing after it ends."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise FileNotFoundError("no Redis is installed")
        self._program, self._folder, self.port = program, folder, free_port()
        folder.mkdir()
        self.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            try:
                redis.Redis(port=self.port).ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("the benchmark's Redis does not answer")

    def restart(self) -> None:
        """End it at once, and start it again, empty."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
