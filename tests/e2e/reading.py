"""What a test of reading channels needs besides the process itself: `python -m tests.e2e.reading seed|due|report`.

It answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.accounts.models import Workspace  # noqa: E402 - Django must be set up first
from apps.core.clock import now  # noqa: E402
from apps.sources.models import ChannelRead, Post, Source  # noqa: E402
from apps.sources.services import source_create  # noqa: E402
from apps.telegram.models import Session  # noqa: E402

CHANNELS = ("harbour", "market", "weather")


def seed() -> dict[str, Any]:
    """A workspace with two accounts and three channels, one of them to be read back."""
    workspace = Workspace.objects.create(name="Harbour", slug="harbour")
    for number in (1, 2):
        Session.objects.create(
            workspace=workspace, name=f"Reader {number}", state="active", user_id=number, string=f"made up {number}"
        )
    for name in CHANNELS:
        source_create(workspace=workspace, kind="telegram", name=name, username=name, interval_s=60, backfill_posts=400)
    return {"accounts": list(Session.objects.values_list("pk", flat=True))}


def due() -> dict[str, Any]:
    """Bring every reading forward."""
    return {"rows": ChannelRead.objects.filter(state="ready", not_before__gt=now()).update(not_before=now())}


def report() -> dict[str, Any]:
    """Everything that the test judges by."""
    return {
        "read_to": dict(Source.objects.values_list("username", "read_to_id")),
        "reads_back": [source.username for source in Source.objects.all() if source.reads_back],
        "posts": [
            [post.source.username, post.external_id, post.text, post.revision, post.media.count()]
            for post in Post.objects.select_related("source").prefetch_related("media").order_by("pk")
        ],
        "live": list(ChannelRead.objects.live().values_list("source__username", flat=True)),
        "dead": ChannelRead.objects.dead().count(),
        "faults": sum(ChannelRead.objects.values_list("faults", flat=True)),
        "accounts": list(Session.objects.values_list("state", flat=True)),
        "errors": list(Source.objects.exclude(last_error="").values_list("last_error", flat=True)),
    }


if __name__ == "__main__":
    acts: dict[str, Callable[[], dict[str, Any]]] = {"seed": seed, "due": due, "report": report}
    print(json.dumps(acts[sys.argv[1]](), default=str))
