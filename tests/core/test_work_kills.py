"""Real processes, killed at the worst moments; nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from apps.core.work import bells, drain, publisher
from tests.work_app.factories import ChoreFactory, WorkspaceFactory, expire
from tests.work_app.models import Chore, Trace
from tests.work_app.tasks import CHORES

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "broker").mkdir()
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.work_app.worker_settings",
        "WORK_DATABASE": str(connection.settings_dict["NAME"]),
        "WORK_BROKER": str(tmp_path / "broker"),
        "PULT_VAR": str(settings.PULT_VAR),
    }


@pytest.fixture
def start(environment) -> Iterator[Start]:
    """Start a worker process in a mode; what is left of it is killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def launch(mode: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.work_app.worker", mode],
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    """Read what a worker says until it says the word."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "started":
            process.stdin.write("go\n")
            process.stdin.flush()
        if line.strip() == word:
            return
    pytest.fail(f"the worker ended before it was {word}: {process.stderr.read() if process.stderr else ''}")


def killed(start: Start, mode: str, word: str) -> Chore:
    """A chore whose worker was killed when it said the word; its lease has run out."""
    chore = ChoreFactory(word="ok")
    process = start(mode)
    wait_for(process, word)
    process.send_signal(signal.SIGKILL)
    process.wait()
    chore.refresh_from_db()
    assert chore.state == "leased"
    expire(chore)
    return chore


def test_killed_before_begin_it_is_worked_again(start):
    chore = killed(start, "before_begin", "planned")

    drain.run(CHORES)

    chore.refresh_from_db()
    assert (chore.state, chore.attempts, chore.faults, chore.begun_at) == ("done", 2, 1, None)
    assert list(Trace.objects.values_list("what", flat=True)) == ["ok"]


@pytest.mark.parametrize(
    ("mode", "traces"), [("after_begin", ["request", "unknown"]), ("async_after_begin", ["unknown"])]
)
def test_killed_after_begin_it_is_unknown_and_never_worked_again(start, mode, traces):
    chore = killed(start, mode, "working")
    assert chore.begun_at is not None

    drain.run(CHORES)
    drain.run(CHORES)

    chore.refresh_from_db()
    assert (chore.state, chore.attempts) == ("unknown", 1)
    assert list(Trace.objects.order_by("id").values_list("what", flat=True)) == traces


def test_killed_while_recording_the_effect_happens_once(start):
    killed(start, "before_commit", "recording")

    drain.run(CHORES)

    assert list(Trace.objects.values_list("what", flat=True)) == ["ok"]


def test_a_row_that_kills_three_workers_is_dead_and_the_others_live(start):
    chore = ChoreFactory(word="poison")
    for _ in range(3):
        process = start("without_begin")
        wait_for(process, "working")
        process.send_signal(signal.SIGKILL)
        process.wait()
        expire(chore)
    ChoreFactory(word="ok")

    drain.run(CHORES)

    chore.refresh_from_db()
    assert (chore.state, chore.error, chore.attempts) == ("dead", "the worker died on it", 3)
    assert Chore.objects.get(word="ok").state == "done"


def test_four_processes_share_the_rows_and_none_is_locked_out(start):
    workspaces = WorkspaceFactory.create_batch(3)
    Chore.objects.bulk_create([Chore(workspace=workspaces[n % 3]) for n in range(240)])
    processes = [start("drain") for _ in range(4)]

    ends = [process.communicate("go\n", timeout=90) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert all("locked" not in errors for _said, errors in ends)
    assert Chore.objects.filter(state="done", attempts=1).count() == 240
    assert set(Counter(Trace.objects.values_list("chore", flat=True)).values()) == {1}
    assert Trace.objects.count() == 240


def until(what: Callable[[], bool], seconds: float) -> None:
    """Wait for something that another process does."""
    ends = time.monotonic() + seconds
    while not what():
        if time.monotonic() > ends:
            pytest.fail("it did not come about in time")
        time.sleep(0.05)


def test_a_worker_asked_to_stop_puts_back_what_it_has_not_started(environment, monkeypatch):
    workspace = WorkspaceFactory()
    Chore.objects.bulk_create([Chore(workspace=workspace, word="ok") for _ in range(15)])
    Chore.objects.bulk_create([Chore(workspace=workspace, word="slow") for _ in range(12)])
    worker = subprocess.Popen(
        [*(sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "threads", "-c", "2", "-Q", "default")],
        env=environment,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ring_there(environment, monkeypatch)
        until(lambda: Chore.objects.filter(word="slow", state="leased").count() >= 4, 40)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()

    left = Chore.objects.filter(word="slow", state="ready")
    assert not Chore.objects.filter(state="leased").exists()
    assert set(left.values_list("attempts", flat=True)) == {0}
    assert left.count() >= 8
    done = Chore.objects.filter(state="done").count()
    assert Trace.objects.count() == done
    drain.run(CHORES)
    assert Trace.objects.count() == 27


def ring_there(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ring in the folder that the worker listens to."""
    folder = environment["WORK_BROKER"]
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder}
    publisher.disconnect()
    monkeypatch.setitem(current_app.conf, "broker_url", "filesystem://")
    monkeypatch.setitem(current_app.conf, "broker_transport_options", options)
    assert bells.ring("chore")
    publisher.disconnect()
