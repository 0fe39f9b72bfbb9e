"""Posts that their sources have deleted stay here, marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db import transaction

from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.sources import listeners
from apps.sources.models import Post, Source

BATCH = 1000


@transaction.atomic
def posts_mark_deleted(*, source: Source, external_ids: Iterable[str], at: datetime | None = None) -> int:
    """Note that the source has deleted these posts, and tell the listeners; the answer is how many it was news of.

    A post that the source shows again later loses the mark at intake.
    """
    moment = at or now()
    Source.objects.select_for_update().only("pk").get(pk=source.pk)  # intake takes turns by this lock
    deleted: list[Post] = []
    for names in _batches(external_ids):
        deleted += Post.objects.filter(source=source, external_id__in=names, deleted_at=None).defer("text")
    listeners.tell_changing([post.pk for post in deleted])
    for start in range(0, len(deleted), BATCH):
        Post.objects.filter(pk__in=[post.pk for post in deleted[start : start + BATCH]]).update(deleted_at=moment)
    for post in deleted:
        post.deleted_at = moment
    if deleted:
        listeners.tell_deleted([post for post in deleted if not post.dropped_by])
        details = {"posts": len(deleted), "ids": [post.external_id for post in deleted[:20]]}
        audit_record(verb="source.posts_deleted", target=source, details=details)
    return len(deleted)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, BATCH)):
        yield batch
