"""Several processes group one workspace: each post once, the same stories, whoever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, connections

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.stories.models import Grouping, PostTerms, Story, StoryPost, Window
from apps.stories.tasks import groupings_group
from tests.stories.factories import WorkspaceFactory
from tests.stories.news import NEWS, Told, added, events, partition

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import os, sys
from dataclasses import replace
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from apps.core.work import drain
from apps.stories.services import batches
from apps.stories.tasks import GROUPINGS
dies_at, seen = int(sys.argv[2]), []
real = batches.rewrites_automatic
def counted(stories, *, at):
    seen.append(1)
    if len(seen) == dies_at:
        os._exit(9)
    return real(stories, at=at)
batches.rewrites_automatic = counted
drain.run_batches(replace(GROUPINGS, batch=4))
"""


def worker(*, dies_at: int = 0) -> subprocess.Popen[bytes]:
    """A process that drains groupings, four at a time, and may die inside a batch."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "CELERY_BROKER_URL": "memory://"}
    environment["LOG_FILE_ENABLED"] = "false"
    name = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, name, str(dies_at)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )


def many() -> tuple[Told, ...]:
    """The news three times over, weeks apart."""
    return tuple(
        Told(f"{one.event} {week}", one.voice, one.hours + week * 168, one.text) for week in range(3) for one in NEWS
    )


def consistent(workspace: Workspace) -> bool:
    """Every story's counts are those of its posts, and every post has one place and one set of terms."""
    return StoryPost.objects.count() == PostTerms.objects.count() == Window.objects.get(
        workspace=workspace
    ).posts and all(story.posts_count == story.memberships.count() for story in Story.objects.all())


def test_two_processes_side_by_side_place_each_post_once() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace, news=many())
    connections.close_all()
    workers = [worker(), worker()]
    assert [one.wait(timeout=60) for one in workers] == [0, 0]
    assert Grouping.objects.filter(state=Grouping.State.DONE).count() == len(posts) == 30
    assert consistent(workspace)
    assert partition(workspace) == events(posts)


def test_a_process_killed_inside_a_batch_leaves_the_same_stories_to_the_next() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace, news=many())
    connections.close_all()
    assert worker(dies_at=3).wait(timeout=60) == 9
    assert StoryPost.objects.count() == 8
    assert Grouping.objects.filter(state=Grouping.State.LEASED).count() == 4
    Grouping.objects.filter(state=Grouping.State.LEASED).update(not_before=now())
    groupings_group()
    assert consistent(workspace)
    assert StoryPost.objects.count() == len(posts)
    assert partition(workspace) == events(posts)
