"""The demo's invented media and posts, as the files in `apps/desk/demo` tell them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "demo"


@dataclass(frozen=True, slots=True)
class DemoPost:
    """One invented post; `ago` is minutes before the demo was loaded, below zero for one that appears later."""

    key: str
    medium: str
    ago: int
    title: str
    text: str

    def published_at(self, loaded_at: datetime) -> datetime:
        """When it came out, for a demo loaded then."""
        return loaded_at - timedelta(minutes=self.ago)


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """One invented feed, served by the project itself."""

    slug: str
    title: str
    format: str
    unwanted: str


@dataclass(frozen=True, slots=True)
class DemoContent:
    """Everything that is invented; `channels` are the chats of the export: title and id by slug."""

    feeds: Mapping[str, DemoFeed]
    export_title: str
    channels: Mapping[str, tuple[str, int]]
    posts: tuple[DemoPost, ...]

    def posts_of(self, medium: str) -> list[DemoPost]:
        """One medium's posts, newest first."""
        return sorted((post for post in self.posts if post.medium == medium), key=lambda post: post.ago)

    def post(self, medium: str, key: str) -> DemoPost | None:
        """One post of a feed, by the last part of its address."""
        return next((post for post in self.posts if post.medium == medium and post.key == key), None)


@cache
def demo_content() -> DemoContent:
    """Read the files, once."""
    media = tomllib.loads((FOLDER / "feeds.toml").read_text(encoding="utf-8"))
    stories = tomllib.loads((FOLDER / "posts.toml").read_text(encoding="utf-8"))["story"]
    return DemoContent(
        feeds={
            slug: DemoFeed(slug, feed["title"], feed["format"], feed.get("unwanted", ""))
            for slug, feed in media["feeds"].items()
        },
        export_title=media["export"]["title"],
        channels={slug: (channel["title"], channel["id"]) for slug, channel in media["export"]["channels"].items()},
        posts=tuple(_posts(stories)),
    )


def _posts(stories: list[dict[str, Any]]) -> list[DemoPost]:
    return [
        DemoPost(f"{story['key']}-{number}", post["in"], post["ago"], post.get("title", ""), post["text"])
        for story in stories
        for number, post in enumerate(story["post"], start=1)
    ]


def demo_export(loaded_at: datetime) -> bytes:
    """The demo's channels as Telegram Desktop writes an export of several chats."""
    content = demo_content()
    chats = [
        {
            "name": title,
            "type": "public_channel",
            "id": number,
            "messages": [_created(title), *_messages(content.posts_of(slug), title, loaded_at)],
        }
        for slug, (title, number) in content.channels.items()
    ]
    export = {"about": "Выдуманные каналы выдуманного города.", "chats": {"about": "", "list": chats}}
    return json.dumps(export, ensure_ascii=False, indent=1).encode()


def _created(title: str) -> dict[str, Any]:
    return {"id": 1, "type": "service", "actor": title, "action": "create_channel", "title": title, "text": ""}


def _messages(posts: list[DemoPost], title: str, loaded_at: datetime) -> list[dict[str, Any]]:
    ordered = [post for post in reversed(posts) if post.ago >= 0]
    return [_message(number, post, title, loaded_at) for number, post in enumerate(ordered, start=2)]


def _message(number: int, post: DemoPost, title: str, loaded_at: datetime) -> dict[str, Any]:
    moment = post.published_at(loaded_at)
    first, dot, rest = post.text.partition(". ")
    return {
        "id": number,
        "type": "message",
        "date": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(int(moment.timestamp())),
        "from": title,
        "text": [{"type": "bold", "text": f"{first}."}, f" {rest}"] if dot else post.text,
    }
