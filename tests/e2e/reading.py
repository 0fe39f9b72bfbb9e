"""What a test of reading channels needs besides the process itself: `Stack.served("reading", act)`.

It answers each act with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import close_old_connections  # noqa: E402 - Django must be set up first

from apps.accounts.models import Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.sources.models import ChannelFetch, ChannelRead, Post, PostMedia, Source  # noqa: E402
from apps.sources.services import media_fetch_ask, source_create  # noqa: E402
from apps.telegram.models import Budget, Session  # noqa: E402

CHANNELS = ("harbour", "market", "weather")
FETCHED = ("harbour", "market")  # whose files are fetched by rule


def seed() -> dict[str, Any]:
    """A workspace with two accounts and three channels, to be read back."""
    workspace = Workspace.objects.create(name="Harbour", slug="harbour")
    for number in (1, 2):
        Session.objects.create(
            workspace=workspace, name=f"Reader {number}", state="active", user_id=number, string=f"made up {number}"
        )
    for name in CHANNELS:
        source_create(
            workspace=workspace,
            kind="telegram",
            name=name,
            username=name,
            interval_s=60,
            backfill_posts=400,
            fetch_media=name in FETCHED,
        )
    return {"accounts": list(Session.objects.values_list("pk", flat=True))}


def due() -> dict[str, Any]:
    """Bring every reading forward."""
    return {"rows": ChannelRead.objects.filter(state="ready", not_before__gt=now()).update(not_before=now())}


def later() -> dict[str, Any]:
    """Let it be as if hours had passed: all posts are due again, and the accounts' own limits have room."""
    Post.objects.filter(deleted_at=None).update(counted_at=None)
    Budget.objects.update(arrives_at=None)
    return due() | state()


def again() -> dict[str, Any]:
    """Ask again for files that were given up because their process died three times, as an editor does."""
    failed = PostMedia.objects.filter(state="failed", post__deleted_at=None).select_related("post__source")
    lost = list(failed)
    for media in lost:
        media_fetch_ask(media=media)
    return {"asked": len(lost)}


def state() -> dict[str, Any]:
    """How far everything is."""
    return {
        "read_to": dict(Source.objects.values_list("username", "read_to_id")),
        "reads_back": [source.username for source in Source.objects.all() if source.reads_back],
        "unseen": Post.objects.filter(deleted_at=None, counted_at=None).count(),
        "fetches": ChannelFetch.objects.live().count(),
        "stored": list(Post.objects.values_list("external_id", flat=True)),
    }


def report() -> dict[str, Any]:
    """Everything that the test judges by."""
    posts = Post.objects.select_related("source").prefetch_related("media__stored", "revisions").order_by("pk")
    return state() | {
        "posts": [told(post) for post in posts],
        "live": list(ChannelRead.objects.live().values_list("source__username", flat=True)),
        "dead": ChannelRead.objects.dead().count(),
        "faults": sum(ChannelRead.objects.values_list("faults", flat=True)),
        "fetch_faults": sum(ChannelFetch.objects.values_list("faults", flat=True)),
        "accounts": list(Session.objects.values_list("state", flat=True)),
        "errors": list(Source.objects.exclude(last_error="").values_list("last_error", flat=True)),
    }


def told(post: Post) -> dict[str, Any]:
    """One post with all that belongs to it."""
    return {
        "channel": post.source.username,
        "external_id": post.external_id,
        "text": post.text,
        "revision": post.revision,
        "revisions": [one.text for one in sorted(post.revisions.all(), key=lambda one: one.number)],
        "is_deleted": post.deleted_at is not None,
        "media": [media_told(media) for media in post.media.all()],
    }


def media_told(media: PostMedia) -> dict[str, Any]:
    """One file: what is known of it, and the hash of what lies in the storage."""
    stored = media.stored
    on_disk = ""
    if stored is not None:
        with stored.file.open("rb") as file:
            on_disk = sha256(file.read()).hexdigest()
    return {
        "key": media.key,
        "state": media.state,
        "problem": media.problem,
        "sha256": stored.sha256 if stored else "",
        "on_disk": on_disk,
    }


ACTS: dict[str, Callable[[], dict[str, Any]]] = {
    "seed": seed,
    "due": due,
    "later": later,
    "again": again,
    "state": state,
    "report": report,
}


def serve() -> None:
    """Read one JSON list of arguments a line and answer each with one line."""
    for line in sys.stdin:
        (act,) = json.loads(line)
        print("ANSWER " + json.dumps(ACTS[act](), default=str), flush=True)
        close_old_connections()


if __name__ == "__main__":
    serve()
