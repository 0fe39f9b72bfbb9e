"""`manage.py up`: what `make run` starts, on the embedded default, as a newcomer sees it."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.architecture.tree import BASE
from tests.run.groups import waited

NOT_INHERITED = re.compile(
    r"^(DATABASE_|REDIS_|CELERY_|AI_|HTTP_|LOG_|PULT_|COV_|PROMETHEUS_)|^(DEBUG|HOST|PORT|DEMO)$"
)


def environment(**variables: str) -> dict[str, str]:
    """The embedded default, and what a test sets."""
    kept = {name: value for name, value in os.environ.items() if not NOT_INHERITED.search(name)}
    return {**kept, "DJANGO_SETTINGS_MODULE": "config.settings", "DEMO": "false", **variables}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Run:
    """One `manage.py up` with what it has said."""

    def __init__(self, var: Path, port: int) -> None:
        self.site = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=BASE,
            env=environment(PULT_VAR=str(var), PORT=str(port)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def line(self, text: str) -> str:
        """Wait for a line with this text."""
        return waited(
            lambda: next((line for line in self.lines if text in line), None), f"{text!r} in {self.lines[-20:]}"
        )

    def family(self) -> list[psutil.Process]:
        """The group's processes."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop and wait."""
        self.process.send_signal(number)
        code = self.process.wait(90)
        self._reader.join(10)
        return code

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._reader.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Runs that are gone after the test."""
    started: list[Run] = []
    yield started
    for run in started:
        run.close()


def login(site: str, email: str, password: str) -> str:
    """Log into the back office and return the address one lands on."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    browser.open(f"{site}/admin/login/", timeout=20).close()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    form = {"username": email, "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"}
    with browser.open(f"{site}/admin/login/", urllib.parse.urlencode(form).encode(), timeout=20) as page:
        return str(page.geturl())


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_the_first_run_shows_a_login_that_works_and_the_second_starts_quickly(tmp_path: Path, runs: list[Run]) -> None:
    port = free_port()
    first = Run(tmp_path, port)
    runs.append(first)
    password = first.line("Password").split()[1]
    email = first.line("Login ").split()[-1]
    assert login(first.site, email, password) == f"{first.site}/admin/"
    with urllib.request.urlopen(f"{first.site}/static/admin/css/base.css", timeout=10) as style:  # noqa: S310
        assert style.status == 200
    first.line("worker | ")
    family = first.family()
    assert {Path(one.exe()).name[:6] for one in family} == {"python"}
    assert first.stop() == 0
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert password not in "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())

    second = Run(tmp_path, port)
    runs.append(second)
    second.line("Pult is ready")
    assert not any("Password" in line or "migrations applied" in line or "collected" in line for line in second.lines)
    assert second.stop(signal.SIGTERM) == 0


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_killed_worker_comes_back_and_a_second_group_is_refused(tmp_path: Path, runs: list[Run]) -> None:
    run = Run(tmp_path, free_port())
    runs.append(run)
    run.line("ready. [celery.apps.worker]")
    worker = next(one for one in run.family() if "worker" in one.cmdline())
    worker.kill()
    run.line("worker stopped by itself (killed by SIGKILL); it starts again in 1 s")
    waited(lambda: sum("ready. [celery.apps.worker]" in line for line in run.lines) == 2 or None, "the new worker")
    code, said = refused(PULT_VAR=str(tmp_path), PORT=str(free_port()))
    assert code == 1
    assert (
        said == f"Pult is already running in {tmp_path} (process {run.process.pid}): stop it, or give another PULT_VAR."
    )


def refused(**variables: str) -> tuple[int, str]:
    """Exit code and words of a start that comes to nothing."""
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=BASE,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=110,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = refused(PULT_VAR=str(tmp_path), PORT=str(port))
    assert code == 1
    assert said.startswith(f"Port {port} on 127.0.0.1 is already in use: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "abc"}, "PORT must be a whole number, not “abc”."),
        ({"PORT": "99999"}, "PORT must be at most 65535, not 99999."),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not “LOUD”."),
        ({"TIME_ZONE": "Mars/Base"}, "TIME_ZONE must be the name of a time zone"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must be an address that starts with postgres://"),
        (
            {"DATABASE_URL": "postgres://u:hunter2@127.0.0.1:1/x"},
            "PostgreSQL at 127.0.0.1:1 (DATABASE_URL) can't be used: ",
        ),
        ({"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, "Redis at 127.0.0.1:1 (REDIS_URL) does not answer: "),
        ({"REDIS_URL": "nonsense"}, "REDIS_URL must be an address"),
        (
            {"CELERY_BROKER_URL": "amqp://u:hunter2@127.0.0.1:1//"},
            "The broker at 127.0.0.1:1 (CELERY_BROKER_URL) can't be used: ",
        ),
        ({"HOST": "192.0.2.1"}, "HOST=192.0.2.1 is not an address of this machine."),
        (
            {"PULT_VAR": "/proc/pult"},
            "The key file /proc/pult/keys/secret_key (in PULT_VAR) can't be read or written: ",
        ),
    ],
)
def test_a_wrong_value_is_one_sentence(variables: dict[str, str], sentence: str, tmp_path: Path) -> None:
    code, said = refused(**{"PULT_VAR": str(tmp_path), "PORT": str(free_port()), **variables})
    assert code == 1
    assert said.startswith(sentence)
    assert "\n" not in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    assert (
        subprocess.run(
            [sys.executable, "manage.py", "check"], cwd=BASE, env=environment(PULT_VAR=str(tmp_path))
        ).returncode
        == 0
    )
    (tmp_path / "run").write_text("a file where a folder must be")
    code, said = refused(PULT_VAR=str(tmp_path), PORT=str(free_port()))
    assert code == 1
    assert said.startswith(f"The folder {tmp_path} (PULT_VAR) can't be written: ")
    assert "\n" not in said
