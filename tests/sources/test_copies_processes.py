"""Two processes store the same text at once: one of the two posts is the original."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from apps.sources.models import CopyLock, Post, Source
from apps.sources.ports import Item
from apps.sources.services.intake import posts_intake
from tests.sources.factories import FeedFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TEXT = "Мост через реку Светлую закрыли на ремонт до весны, автобусы пойдут в объезд через Заречный посёлок."
# Stores a post and keeps its transaction open until a line comes in.
COLLECTOR = """
import sys
from datetime import datetime, UTC
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from django.db import transaction
from apps.sources.models import Source
from apps.sources.ports import Item
from apps.sources.services.intake import posts_intake
source = Source.objects.get(pk=int(sys.argv[2]))
at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
with transaction.atomic():
    posts_intake(source=source, items=[Item(external_id="1", text=sys.argv[3], published_at=at)])
    print("stored", flush=True)
    sys.stdin.readline()
print("committed", flush=True)
"""


def collector(source: Source) -> subprocess.Popen[str]:
    """A process that stores the text as a post of a source, step by step."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "CELERY_BROKER_URL": "memory://"}
    environment["LOG_FILE_ENABLED"] = "false"
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", COLLECTOR, name, str(source.pk), TEXT],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def says(process: subprocess.Popen[str], word: str) -> None:
    """Wait until the process says so; log lines between do not matter."""
    assert process.stdout
    for line in process.stdout:
        if line.strip() == word:
            return
    pytest.fail(f"the process ended without saying {word}: {process.wait()}")


@pytest.mark.parametrize("has_lock", [True, False], ids=["a workspace known", "the first posts ever"])
@pytest.mark.usefixtures("no_listeners")
def test_of_two_that_store_at_once_the_second_is_the_copy(has_lock: bool) -> None:
    first = FeedFactory.create()
    second = FeedFactory.create(workspace=first.workspace)
    if has_lock:
        CopyLock.objects.create(workspace=first.workspace)
    early, late = collector(first), collector(second)
    try:
        for process in (early, late):
            says(process, "ready")
        go(early)
        says(early, "stored")
        go(late)
        time.sleep(1)  # without the lock it would have looked by now, and seen nothing
        go(early)
        says(early, "committed")
        says(late, "stored")
        go(late)
        says(late, "committed")
    finally:
        for process in (early, late):
            process.communicate(timeout=30)
    original, copy = Post.objects.get(source=first), Post.objects.get(source=second)
    assert (original.copy_of, copy.copy_of) == (None, original)
    posts_intake(source=second, items=[Item(external_id="2", text=f"{TEXT} Снова.", published_at=AT)])
    assert Post.objects.get(external_id="2").copy_of == original
