"""How log lines look and where they go."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.logs import logging_config

SCRIPT = """
import logging, sys, structlog
from pathlib import Path
from config.logs import logging_config
logging_config(level={level!r}, fmt={fmt!r}, folder=Path({folder!r}), files={files})
{body}
"""


def run(
    body: str, *, fmt: str = "json", level: str = "INFO", folder: Path = Path("/nowhere"), files: bool = False
) -> str:
    """Log in a process of its own and return what it wrote to its error stream."""
    script = SCRIPT.format(level=level, fmt=fmt, folder=str(folder), files=files, body=body)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return done.stderr


def lines(text: str) -> list[dict[str, object]]:
    """The JSON lines of a log."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_json_line_begins_with_time_level_logger_and_event() -> None:
    (line,) = lines(run("structlog.get_logger('pult.x').info('hello', status=200)"))
    assert list(line) == ["timestamp", "level", "logger", "event", "status"]
    assert (line["level"], line["logger"], line["event"], line["status"]) == ("info", "pult.x", "hello", 200)
    assert str(line["timestamp"]).endswith("Z")


def test_the_standard_library_s_records_look_the_same() -> None:
    (line,) = lines(run("logging.getLogger('vendor').warning('slow %s', 'host', extra={'task_id': 't1'})"))
    assert (line["level"], line["logger"], line["event"], line["task_id"]) == ("warning", "vendor", "slow host", "t1")


def test_the_context_is_on_every_line() -> None:
    body = (
        "structlog.contextvars.bind_contextvars(request_id='r1', task_id='t1')\n"
        "structlog.get_logger('a').info('one')\nlogging.getLogger('b').info('two')"
    )
    assert [(line["request_id"], line["task_id"]) for line in lines(run(body))] == [("r1", "t1"), ("r1", "t1")]


def test_a_secret_in_a_traceback_is_hidden() -> None:
    token = "123456789:" + "B" * 35
    body = (
        f"try:\n    raise ValueError('url /bot{token}/getMe')\n"
        "except ValueError:\n    structlog.get_logger().exception('it failed')"
    )
    (line,) = lines(run(body))
    assert "ValueError" in str(line["exception"])
    assert token not in json.dumps(line)


def test_lines_below_the_level_are_left_out() -> None:
    assert run("structlog.get_logger('a').info('one')", level="WARNING") == ""


def test_console_lines_do_not_move_the_terminal() -> None:
    body = "structlog.get_logger('pult.x').info('a\\x1b[2Jb', path='/x\\x1b]0;pwn\\x07/\\x00\\u202e')"
    text = run(body, fmt="console")
    assert r"a\x1b[2Jb" in text
    assert r"path=/x\x1b]0;pwn\x07/\x00\u202e" in text
    assert "\x1b" not in text


def test_console_lines_are_for_people() -> None:
    text = run("structlog.get_logger('pult.x').info('hello', status=200, token='t')", fmt="console")
    assert "hello" in text
    assert "status=200" in text
    assert "token=[hidden]" in text
    assert "\x1b[" not in text


def test_three_files_each_with_its_lines(tmp_path: Path) -> None:
    run(
        "structlog.get_logger('pult.access').info('request', status=200)\n"
        "structlog.get_logger('pult.x').info('hello')\n"
        "structlog.get_logger('pult.x').error('broken')",
        folder=tmp_path,
        files=True,
    )
    events = {
        name: [line["event"] for line in lines((tmp_path / name).read_text())]
        for name in ("access.log", "app.log", "error.log")
    }
    assert events == {"access.log": ["request"], "app.log": ["hello", "broken"], "error.log": ["broken"]}


def test_processes_that_share_a_file_lose_no_line(tmp_path: Path) -> None:
    script = (
        "import logging, sys\n"
        "from apps.core.logs.files import SharedRotatingFileHandler\n"
        "handler = SharedRotatingFileHandler(sys.argv[1], maxBytes=20000, backupCount=50)\n"
        "logger = logging.getLogger('x'); logger.addHandler(handler); logger.setLevel('INFO')\n"
        "for number in range(1000): logger.info('%s %05d %s', sys.argv[2], number, 'x' * 30)\n"
    )
    path = tmp_path / "app.log"
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abc"]
    assert [writer.wait(timeout=90) for writer in writers] == [0, 0, 0]
    files = list(tmp_path.glob("app.log*"))
    written = [line.rsplit(" ", 1)[0] for file in files for line in file.read_text().splitlines()]
    assert sorted(written) == sorted(f"{name} {number:05d}" for name in "abc" for number in range(1000))
    assert len(files) > 5
    assert max(file.stat().st_size for file in files) <= 20000


def test_a_folder_that_can_t_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match=r"LOG_DIR"):
        logging_config(level="INFO", fmt="json", folder=tmp_path / "file" / "logs", files=True)
