"""A group starts, logs, restarts and stops as one."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.core.supervisor.child import Child, ending
from apps.core.supervisor.output import Lines
from apps.core.supervisor.plan import Plan, Program, dump, load
from tests.run.groups import Started, alive, python, waited

STEADY = "import os, signal, time\nprint('pid', os.getpid(), flush=True)\nwhile True: time.sleep(1)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STEADY
POLITE = (
    "import signal, sys, time\n"
    "def stop(*_): print('goodbye', flush=True); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, stop)\nprint('hello', flush=True)\nwhile True: time.sleep(1)"
)
FAMILY = (
    "import subprocess, sys, time\n"
    f"child = subprocess.Popen([sys.executable, '-c', {STEADY!r}])\n"
    "print('child', child.pid, flush=True)\nwhile True: time.sleep(1)"
)


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Start groups that are gone after the test."""
    started: list[Started] = []

    def one(*programs: Program, **options: object) -> Started:
        started.append(Started(Plan(programs, **{"stop_s": 10.0, **options})))  # type: ignore[arg-type]
        return started[-1]

    yield one
    for group in started:
        group.kill()


def pid_in(line: str) -> int:
    """The number at the end of a line."""
    return int(line.split()[-1])


def test_lines_of_all_programs_come_with_their_names(start: Callable[..., Started]) -> None:
    group = start(python("web", POLITE), python("beat", POLITE))
    group.line("web  | hello")
    group.line("beat | hello")
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    assert group.lines[-1] == "pult | stopped"
    assert {"web  | goodbye", "beat | goodbye"} <= set(group.lines)


def test_json_lines_stay_json(start: Callable[..., Started]) -> None:
    group = start(python("web", "print('{\"a\": 1}', flush=True)\n" + POLITE), prefixed=False)
    assert group.line('"a"') == '{"a": 1}'
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    assert not any("pult" in line for line in group.lines)


def test_a_fallen_program_is_started_again_with_a_longer_pause(start: Callable[..., Started]) -> None:
    group = start(python("worker", "print('up', flush=True); raise SystemExit(3)"), python("web", POLITE))
    group.line("worker stopped by itself (exit code 3); it starts again in 1 s")
    group.line("worker stopped by itself (exit code 3); it starts again in 2 s")
    group.process.send_signal(signal.SIGINT)
    assert group.end() == 0
    assert group.lines.count("worker | up") == 2


def test_a_program_that_does_not_stop_is_killed(start: Callable[..., Started]) -> None:
    group = start(python("worker", STUBBORN), stop_s=0.5)
    pid = pid_in(group.line("worker | pid"))
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    assert any("worker did not stop in time and is killed" in line for line in group.lines)
    assert not alive(pid)


def test_a_second_request_kills_at_once(start: Callable[..., Started]) -> None:
    group = start(python("worker", STUBBORN), stop_s=60.0)
    pid = pid_in(group.line("worker | pid"))
    group.process.send_signal(signal.SIGINT)
    group.line("stopping worker")
    group.process.send_signal(signal.SIGINT)
    assert group.end() == 0
    assert not alive(pid)


def test_what_a_program_started_ends_with_it(start: Callable[..., Started]) -> None:
    group = start(python("web", FAMILY))
    pid = pid_in(group.line("web  | child"))
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    waited(lambda: not alive(pid), "the end of the grandchild")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's word about a dead parent is Linux's")
def test_programs_die_with_a_killed_supervisor(start: Callable[..., Started]) -> None:
    group = start(python("web", STEADY))
    pid = pid_in(group.line("web  | pid"))
    group.process.kill()
    waited(lambda: not alive(pid), "the end of the child")


def test_a_single_errand_is_run_once(start: Callable[..., Started]) -> None:
    group = start(python("demo", "print('played', flush=True)", once=True), python("web", POLITE))
    group.line("demo | played")
    group.line("web  | hello")
    group.process.send_signal(signal.SIGTERM)
    group.end()
    assert group.lines.count("demo | played") == 1
    assert not any("demo stopped by itself" in line for line in group.lines)


def test_the_banner_comes_when_the_site_answers_and_then_the_errands(start: Callable[..., Started]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    group = start(
        Program("web", (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")),
        python("demo", "print('played', flush=True)", once=True, after_ready=True),
        probe_port=port,
        banner=("It is ready.",),
    )
    group.line("demo | played")
    assert group.lines.index("It is ready.") < group.lines.index("demo | played")
    group.process.send_signal(signal.SIGTERM)
    group.end()
    assert group.lines.count("It is ready.") == 1


def test_a_group_that_nobody_reads_stops() -> None:
    chatty = "import time\nwhile True:\n    print('x' * 1000, flush=True); time.sleep(0.01)"
    group = Started(Plan((python("web", chatty),), stop_s=5.0), read=False)
    assert group.process.stdout is not None
    assert group.process.stdout.readline().startswith("web  | xxx")
    group.process.stdout.close()  # as in `make run | head`
    assert group.process.wait(90) == 0


def test_a_plan_travels_whole() -> None:
    plan = Plan((Program("a", ("b", "c"), {"D": "e"}, once=True),), probe_port=1, banner=("x", "y"), prefixed=False)
    assert load(dump(plan)) == plan


def test_pauses_double_up_to_half_a_minute_and_are_short_after_a_steady_minute() -> None:
    child = Child(Program("x", ("true",)))
    assert [child.plan_restart(now=0.0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert child.plan_restart(now=100.0) == 1
    assert child.start_at == 101.0


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "killed by SIGKILL"), (-99, "killed by signal 99")]
)
def test_an_ending_is_told_in_words(code: int, words: str) -> None:
    assert ending(code) == words


def test_lines_are_cut_where_they_end() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == [b"one"]
    assert lines.feed(b"o\r\n\nthree") == [b"two", b""]
    assert lines.end() == [b"three"]
    assert lines.end() == []


def test_a_program_that_waits_for_a_file_starts_once_it_is_there(start: Callable[..., Started], tmp_path: Path) -> None:
    note = tmp_path / "bots-wanted"
    group = start(python("web", POLITE), python("bots", POLITE, after_file=str(note)))
    group.line("web  | hello")
    assert not any("bots | hello" in line for line in group.lines)
    note.touch()
    group.line("bots | hello")
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    assert group.lines.count("bots | hello") == 1


def test_a_group_stops_although_a_program_still_waits(start: Callable[..., Started], tmp_path: Path) -> None:
    group = start(python("web", POLITE), python("bots", POLITE, after_file=str(tmp_path / "never")))
    group.line("web  | hello")
    group.process.send_signal(signal.SIGTERM)
    assert group.end() == 0
    assert not any("bots | hello" in line for line in group.lines)
