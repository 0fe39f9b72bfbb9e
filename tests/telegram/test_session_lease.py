"""One owner an account: two processes, expiry, renewal, and a killed owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from apps.telegram.models import Session
from apps.telegram.services.session_lease import (
    session_lease_is_held,
    session_lease_release,
    session_lease_renew,
    session_lease_take,
)
from tests.telegram.factories import SessionFactory

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.fixture
def session(db: None) -> Session:
    made: Session = SessionFactory()
    return made


def test_second_owner_waits_until_the_lease_has_run_out(session: Session) -> None:
    assert session_lease_take(session_pk=session.pk, owner="a", lease_s=30, at=AT)
    assert not session_lease_take(session_pk=session.pk, owner="b", lease_s=30, at=after(29.9))
    assert not session_lease_take(session_pk=session.pk, owner="a", lease_s=30, at=after(1))  # not even itself
    assert session_lease_take(session_pk=session.pk, owner="b", lease_s=30, at=after(30))
    assert Session.objects.get().lease_owner == "b"


def test_only_the_living_owner_renews(session: Session) -> None:
    session_lease_take(session_pk=session.pk, owner="a", lease_s=30, at=AT)
    assert not session_lease_renew(session_pk=session.pk, owner="b", lease_s=30, at=after(10))
    assert session_lease_renew(session_pk=session.pk, owner="a", lease_s=30, at=after(20))
    assert not session_lease_take(session_pk=session.pk, owner="b", lease_s=30, at=after(49))
    assert not session_lease_renew(session_pk=session.pk, owner="a", lease_s=30, at=after(50))  # it has run out


def test_only_the_owner_releases(session: Session) -> None:
    session_lease_take(session_pk=session.pk, owner="a", lease_s=30)
    assert not session_lease_release(session_pk=session.pk, owner="b")
    assert session_lease_is_held(session)
    assert session_lease_release(session_pk=session.pk, owner="a")
    assert not session_lease_is_held(session)
    assert not session_lease_release(session_pk=session.pk, owner="a")


@pytest.mark.parametrize("state", ["new", "code", "password", "lost", "leaving", "out"])
def test_account_that_is_not_logged_in_is_not_owned(state: str, session: Session) -> None:
    Session.objects.update(state=state)
    assert not session_lease_take(session_pk=session.pk, owner="a")


def test_database_clock_decides_where_no_time_is_given(session: Session) -> None:
    assert session_lease_take(session_pk=session.pk, owner="a", lease_s=0.05)
    time.sleep(0.2)
    assert session_lease_take(session_pk=session.pk, owner="b", lease_s=3600)
    assert not session_lease_take(session_pk=session.pk, owner="c")
    left = Session.objects.get().lease_until
    assert left is not None
    assert 3500 < (left - datetime.now(UTC)).total_seconds() < 3700


OWNER = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from pathlib import Path
settings.TELEGRAM_READER, settings.TELEGRAM_READER_DIR = "scripted", Path(sys.argv[2])
from apps.telegram.reading_host import ReadingHost
with ReadingHost(lease_s=float(sys.argv[3]), look_every_s=0.1) as host:
    while True:
        print(*sorted(host.held()), flush=True)
        time.sleep(0.1)
"""


def owner(folder: Path, lease_s: float) -> subprocess.Popen[str]:
    """A process that hosts accounts, on this test's database."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", OWNER, name, str(folder), str(lease_s)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def waited_for(process: subprocess.Popen[str], words: str) -> float:
    """Wait until a process says that it holds this; answers when."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == words:
            return time.monotonic()
    raise AssertionError("it ended")


@pytest.mark.django_db(transaction=True)
def test_killed_owner_is_followed_after_its_lease_and_never_before(tmp_path: Path) -> None:
    from apps.telegram.adapters.fake_world import FakeWorld

    world, session = FakeWorld(tmp_path), SessionFactory()
    first = owner(tmp_path, 4.0)
    second = None
    try:
        waited_for(first, str(session.pk))
        second = owner(tmp_path, 4.0)
        waited_for(second, "")
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        waited_for(second, str(session.pk))
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.wait()
                assert process.stdout is not None
                process.stdout.close()
    opened = world.connections(session.pk)
    assert [row["pid"] for row in opened] == [first.pid, second.pid]
    assert world.asked(outcome="login_lost") == []  # they never were connected at once
    assert Session.objects.get().state == Session.State.ACTIVE
