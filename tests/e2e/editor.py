"""An editor at work, as a process of its own: `python -m tests.e2e.editor setup|approve|retry|report|counts`.

It changes things through services only, as a screen would, and answers with one line of JSON. With `serve` it does one
thing after another, as told on its standard input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import close_old_connections  # noqa: E402 - Django must be set up first

from apps.accounts.models import Alert, User, Workspace  # noqa: E402 - Django must be set up first
from apps.core.errors import PultError  # noqa: E402
from apps.delivery.models import Delivery  # noqa: E402
from apps.delivery.services import delivery_retry  # noqa: E402
from apps.publishing.models import Channel, PreviewMessage, Publication  # noqa: E402
from apps.publishing.services import publication_schedule  # noqa: E402
from apps.sources.models import Post, Source  # noqa: E402
from apps.sources.services import source_create  # noqa: E402
from apps.stories.models import Grouping, Preset, Rewrite, Story, StoryPost, StoryVersion  # noqa: E402
from apps.stories.services import story_approve  # noqa: E402
from apps.telegram.models import Bot  # noqa: E402

SLUG = "followed"


def setup(*, feeds: list[str], chats: int, sources: int) -> dict[str, Any]:
    """Make a workspace with feeds, a bot, channels and a preset that writes by itself."""
    workspace = Workspace.objects.create(name="Followed", slug=SLUG)
    editor = User.objects.create_user("editor@example.org", telegram_id=None)
    Preset.objects.create(
        workspace=workspace, name="Short", is_default=True, drafts_from_sources=sources, drafts_max_age_hours=None
    )
    bot = Bot.objects.create(
        workspace=workspace, name="Followed", token="700:test-token", username="followed_bot", bot_id=700
    )
    for number in range(chats):
        Channel.objects.create(
            workspace=workspace, kind="telegram", name=f"Channel {number}", slug=f"channel-{number}", bot=bot,
            chat_id=f"-100{5000 + number}",
        )  # fmt: skip
    Channel.objects.create(workspace=workspace, kind="preview", name="Preview", slug="followed")
    for number, url in enumerate(feeds):
        source_create(workspace=workspace, kind="feed", name=f"Feed {number}", url=url, interval_s=60, actor=editor)
    return {"sources": Source.objects.count()}


def approve(*, most: int) -> dict[str, Any]:
    """Approve stories that have a text, the freshest first, and schedule each in a channel and on the preview page."""
    editor = User.objects.get(email="editor@example.org")
    telegram = list(Channel.objects.filter(kind="telegram").order_by("pk"))
    preview = Channel.objects.get(kind="preview")
    refused: list[str] = []
    drafts = Story.objects.filter(status__in=["draft", "review"], current_version__isnull=False).order_by(
        "-last_at", "pk"
    )
    for story in drafts[:most]:
        try:
            story_approve(story=story, editor=editor)
        except PultError as exc:
            refused.append(str(exc))
    for story in Story.objects.filter(status__in=["approved", "published"]).order_by("pk"):
        for channel in (telegram[story.pk % len(telegram)], preview):
            if not Publication.objects.filter(story=story, channel=channel).exists():
                publication_schedule(story=story, channel=channel, editor=editor)
    return {"publications": Publication.objects.count(), "refused": refused}


def retry() -> dict[str, Any]:
    """Try again what was not sent, as a person does who reads the alerts; says of each whether there was one."""
    editor = User.objects.get(email="editor@example.org")
    open_alerts = set(Alert.objects.filter(closed_at__isnull=True).values_list("key", flat=True))
    failed = list(Delivery.objects.dead())
    for delivery in failed:
        delivery_retry(delivery=delivery, by=editor)
    return {
        "retried": [
            {"pk": row.pk, "code": row.error_code, "told": f"delivery.dead:{row.pk}" in open_alerts} for row in failed
        ]
    }


def counts() -> dict[str, Any]:
    """How much there is of everything, for a run over much input."""
    return {
        "sources": Source.objects.count(),
        "sources_with_problem": Source.objects.exclude(last_error="").count(),
        "sources_untried": Source.objects.filter(kind="feed", last_tried_at__isnull=True).count(),
        "posts": Post.objects.count(),
        "kept": Post.objects.kept().count(),
        "grouped": StoryPost.objects.count(),
        "stories": Story.objects.count(),
        "stories_of_several": Story.objects.filter(sources_count__gte=2).count(),
        "waiting": Rewrite.objects.live().count() + Grouping.objects.live().count(),
        "failed_rewrites": Rewrite.objects.dead().count(),
        "drafts": StoryVersion.objects.count(),
        "publications": dict(Counter(Publication.objects.values_list("status", flat=True))),
        "preview": PreviewMessage.objects.count(),
        "alerts": Alert.objects.filter(closed_at__isnull=True).count(),
    }


def report() -> dict[str, Any]:
    """Everything that the test judges by."""
    return {
        "posts": sorted(Post.objects.values_list("external_id", flat=True)),
        "grouped": StoryPost.objects.count(),
        "stories": list(Story.objects.order_by("pk").values("pk", "status", "title")),
        "publications": [
            {
                "pk": row.pk,
                "story": row.story_id,
                "kind": row.channel.kind,
                "chat_id": row.channel.chat_id,
                "status": row.status,
                "message_id": row.message_id,
                "delivery": row.delivery_id,
            }
            for row in Publication.objects.select_related("channel").order_by("pk")
        ],
        "deliveries": list(Delivery.objects.order_by("pk").values("pk", "state", "outcome", "attempts", "error")),
        "alerts": list(Alert.objects.filter(closed_at__isnull=True).values_list("key", flat=True)),
        "preview": list(PreviewMessage.objects.values_list("publication_id", flat=True)),
        "sources": list(Source.objects.values("name", "last_error", "last_ok_at")),
    }


def serve() -> None:
    """Read one JSON list of arguments a line and answer each with one line."""
    for line in sys.stdin:
        answer(json.loads(line))
        close_old_connections()


def answer(argv: list[str]) -> None:
    """Do one thing and print its answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["setup", "approve", "retry", "report", "counts"])
    parser.add_argument("--feed", action="append", default=[])
    parser.add_argument("--chats", type=int, default=4)
    parser.add_argument("--sources", type=int, default=1, help="write drafts by itself from so many sources")
    parser.add_argument("--most", type=int, default=1_000_000)
    options = parser.parse_args(argv)
    acts: dict[str, Callable[[], dict[str, Any]]] = {
        "setup": lambda: setup(feeds=options.feed, chats=options.chats, sources=options.sources),
        "approve": lambda: approve(most=options.most),
        "retry": retry,
        "report": report,
        "counts": counts,
    }
    print("ANSWER " + json.dumps(acts[options.what](), default=str, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else answer(sys.argv[1:])
