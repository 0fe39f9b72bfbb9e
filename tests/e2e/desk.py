"""What a test of the desk needs besides its screens: `Stack.served("desk", act, more)`, stories of its own above all.

It answers each act with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import close_old_connections  # noqa: E402 - Django must be set up first

from apps.accounts.models import Membership, User  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.desk.services.demo import demo_workspace  # noqa: E402
from apps.sources.models import Post, Source  # noqa: E402
from apps.stories.models import Illustration, LegalEntry, LegalList, Story, StoryPost  # noqa: E402
from apps.stories.services import version_save  # noqa: E402
from apps.stories.services.approvals import approval_ask, people_to_ask  # noqa: E402
from apps.stories.services.by_hand import POSTS_MOST, story_from_posts  # noqa: E402

numbers = count(1)


def story(*, title: str, posts: list[str], lead: str = "", body: str = "") -> dict[str, Any]:
    """A story of the demo's workspace: invented posts, each of a source of its own, and a text where one is given."""
    workspace = demo_workspace()
    assert workspace is not None
    editor = Membership.objects.filter(workspace=workspace).select_related("user").order_by("pk")[0].user
    made = []
    for text in posts:
        number = next(numbers)
        source = Source.objects.create(workspace=workspace, kind=Source.Kind.EXPORT, name=f"Выдуманный канал {number}")
        made.append(
            Post.objects.create(
                workspace=workspace, source=source, external_id=f"m{number}", text=text, language="ru",
                published_at=now() - timedelta(hours=2) + timedelta(minutes=number), content_hash=f"{number:032x}",
            )
        )  # fmt: skip
    keys = [post.pk for post in made]
    begun = story_from_posts(workspace=workspace, posts=keys[:POSTS_MOST], title=title, editor=editor)
    StoryPost.objects.bulk_create([StoryPost(story=begun, post_id=key, placed_by=editor) for key in keys[POSTS_MOST:]])
    if body:
        version_save(story=begun, title=title, lead=lead, body=body, tags=[], editor=editor, based_on=0)
    return {"pk": begun.pk, "posts": keys}


def place(*, posts: list[int]) -> dict[str, Any]:
    """Where these posts stand, and how."""
    found = {one.post_id: one for one in StoryPost.objects.filter(post__in=posts).select_related("story")}
    return {
        "stories": [found[post].story_id if post in found else None for post in posts],
        "pinned": [post for post in posts if found[post].is_pinned],
        "locked": sorted({one.story_id for one in found.values() if one.story.is_locked}),
    }


def pictures(*, story: int) -> dict[str, Any]:
    """The pictures of a story, the oldest first."""
    rows = Illustration.objects.filter(story=story).order_by("pk")
    return {"pictures": [{"kind": one.kind, "alt": one.alt, "crop": one.crop, "chosen": one.is_chosen} for one in rows]}


def status(*, story: int) -> dict[str, Any]:
    """Where a story stands."""
    return {"status": Story.objects.get(pk=story).status}


def asked(*, story: int) -> dict[str, Any]:
    """Ask a colleague to approve a story; the link that they get."""
    row = Story.objects.get(pk=story)
    person = people_to_ask(row.workspace)[0]
    return {"path": urlsplit(approval_ask(story=row, asked=person, editor=person)).path}


def session() -> dict[str, Any]:
    """The log-in of another editor of the demo's workspace."""
    user, _ = User.objects.get_or_create(email="second@example.org", defaults={"name": "Вторая", "is_staff": True})
    Membership.objects.get_or_create(workspace=demo_workspace(), user=user, defaults={"role": "editor"})
    kept = import_module(settings.SESSION_ENGINE).SessionStore()
    kept[SESSION_KEY], kept[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    kept[HASH_SESSION_KEY] = user.get_session_auth_hash()
    kept.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": kept.session_key}


def listed(*, name: str) -> dict[str, Any]:
    """Put somebody on a legal list of the demo's workspace."""
    workspace = demo_workspace()
    made, _ = LegalList.objects.get_or_create(
        workspace=workspace, name="Выдуманные", defaults={"kind": "agents", "footnote": "{name}: выдуман."}
    )
    LegalEntry.objects.get_or_create(list=made, name=name)
    return {}


ACTS: dict[str, Callable[..., dict[str, Any]]] = {
    "story": story, "place": place, "pictures": pictures, "status": status, "listed": listed,
    "asked": asked, "session": session,
}  # fmt: skip


def serve() -> None:
    """Read one JSON list of an act and its JSON a line, and answer each with one line."""
    for line in sys.stdin:
        act, *more = json.loads(line)
        print("ANSWER " + json.dumps(ACTS[act](**json.loads(more[0]) if more else {}), default=str), flush=True)
        close_old_connections()


if __name__ == "__main__":
    serve()
