"""A picture's file, stored before the transaction, and the row that shows it to a story."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from apps.accounts.models import User
from apps.core.clock import now
from apps.stories.models import Illustration, Story
from apps.stories.services.keeping import stories_keep
from apps.stories.services.pictures import ENDINGS, Kept


@dataclass(frozen=True)
class Filed:
    """A stored file that no row shows yet."""

    name: str
    mime: str
    width: int
    height: int
    content_hash: str


def file_put(read: Kept) -> Filed:
    """Store a picture's bytes, outside any transaction."""
    made = Illustration(content_hash=read.content_hash)
    made.file.save(f"{read.content_hash[:32]}.{ENDINGS[read.mime]}", ContentFile(read.content), save=False)
    return Filed(str(made.file.name), read.mime, read.width, read.height, read.content_hash)


@contextmanager
def put_away(read: Kept) -> Iterator[Filed]:
    """A picture's file, stored before the transaction that makes its row, and deleted again where none was made."""
    filed = file_put(read)
    try:
        yield filed
    finally:
        if not Illustration.objects.filter(file=filed.name).exists():
            Illustration(file=filed.name).file.storage.delete(filed.name)


def candidate_add(story: Story, filed: Filed, *, kind: str, editor: User | None, **more: Any) -> Illustration:
    """A picture of a story, once by its bytes; title, description and tags as they may be to begin with.

    The caller has locked the story and stored the file.
    """
    known = Illustration.objects.filter(story=story, content_hash=filed.content_hash).first()
    if known is not None:
        if str(known.file.name) != filed.name:
            transaction.on_commit(partial(known.file.storage.delete, filed.name), robust=True)
        return known
    version = story.current_version
    title = (version.title if version else "") or story.title
    made = Illustration.objects.create(
        story=story,
        kind=kind,
        file=filed.name,
        mime=filed.mime,
        width=filed.width,
        height=filed.height,
        content_hash=filed.content_hash,
        title=title[:200],
        alt=title[:500],
        tags=list(version.tags) if version else [],
        editor=editor,
        created_at=now(),
        **more,
    )
    stories_keep([story.pk])
    return made
