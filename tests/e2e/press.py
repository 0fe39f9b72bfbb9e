"""Whoever writes the scripted channels while the process that reads them comes and goes, and what must come of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from apps.telegram.adapters.fake_world import FakeWorld
from apps.telegram.reading import Attachment
from tests.e2e.reading import CHANNELS, FETCHED

ALBUMS, PHOTOS = 0.12, 0.2
BYTES_MOST = 20_000


@dataclass
class Written:
    """A post as its channel has it.

    Attributes:
        said: its texts in order, the present one last.
        files: the hash of each message's file.
        was_stored: it was known here when it was deleted.
    """

    channel: str
    chat_id: int
    ids: list[int]
    said: list[str]
    files: dict[str, str] = field(default_factory=dict)
    is_deleted: bool = False
    was_stored: bool = False

    @property
    def key(self) -> str:
        """Its identity here."""
        return f"{self.chat_id}:{self.ids[0]}"


class Press:
    """Writes, edits and deletes posts, and knows what must be found in the end."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.world, self.dice = FakeWorld(folder), dice
        self.chats = {name: self.world.channel(name, title=name.title()) for name in CHANNELS}
        self.written: list[Written] = []
        self.last = dict.fromkeys(CHANNELS, 0)
        # Old enough to be read again, young enough not to be left alone.
        self.began = datetime.now(UTC) - timedelta(hours=3)

    def write(self, posts: int) -> None:
        """Some posts in each channel: words, pictures, albums."""
        for name in CHANNELS:
            for _each in range(posts):
                chance = self.dice.random()
                parts = self.dice.randint(2, 6) if chance < ALBUMS else 1
                self.publish(name, parts, has_file=chance < ALBUMS + PHOTOS)

    def publish(self, name: str, parts: int, *, has_file: bool) -> None:
        """One post of so many messages."""
        number = len(self.written)
        made = Written(name, self.chats[name], [], [f"{name} post {number}"])
        for part in range(parts):
            content = self.dice.randbytes(self.dice.randint(1, BYTES_MOST)) if has_file else b""
            photo = Attachment(kind="photo", mime="image/jpeg", size=len(content))
            message = self.last[name] + 1
            self.world.post(
                made.chat_id,
                made.said[0] if part == 0 else "",
                message_id=message,
                date=self.began + timedelta(seconds=message),
                content=content,
                attachment=photo if has_file else None,
                album_id=9000 + number if parts > 1 else None,
            )
            made.ids.append(message)
            self.last[name] = message
            if has_file:
                made.files[str(message)] = sha256(content).hexdigest()
        self.written.append(made)

    def meddle(self, stored: set[str], *, edits: int, deletions: int) -> None:
        """Change and delete posts that are there, read or not."""
        living = [one for one in self.written if not one.is_deleted]
        for one in self.dice.sample(living, min(edits, len(living))):
            one.said.append(f"{one.said[0]}, wording {len(one.said) + 1}")
            self.world.edit(one.chat_id, one.ids[0], one.said[-1])
        for one in self.dice.sample(living, min(deletions, len(living))):
            one.is_deleted, one.was_stored = True, one.key in stored
            self.world.delete(one.chat_id, one.ids)

    def judge(self, posts: list[dict[str, Any]]) -> None:
        """Hold what was stored against what was written."""
        found = {post["external_id"]: post for post in posts}
        assert len(found) == len(posts)
        assert not found.keys() - {one.key for one in self.written}
        for one in self.written:
            if one.key not in found:
                assert one.is_deleted, f"{one.key} is lost"
                assert not one.was_stored, f"{one.key} was there"
            else:
                judge_one(one, found[one.key])


def judge_one(one: Written, post: Mapping[str, Any]) -> None:
    """One post: its texts in their order and none twice, its deletion, its files."""
    texts = [*post["revisions"], post["text"]]
    places = [one.said.index(text) for text in texts]
    assert places == sorted(set(places)), (one.key, texts)
    assert post["revision"] == len(texts), (one.key, texts)
    assert post["is_deleted"] == one.is_deleted, one.key
    media = {each["key"]: each for each in post["media"]}
    assert media.keys() == one.files.keys(), one.key
    if one.is_deleted:
        return
    assert texts[-1] == one.said[-1], one.key
    for key, each in media.items():
        if one.channel in FETCHED:
            assert (each["state"], each["sha256"], each["on_disk"]) == ("stored", one.files[key], one.files[key]), each
        else:
            assert each["state"] == "remote", each
