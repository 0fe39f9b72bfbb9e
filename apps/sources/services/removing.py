"""Posts leave for good: by age in batches, or one by a person's decision. What a story uses stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources import listeners
from apps.sources.models import CopyCheck, PastCount, Post, Source, Tombstone
from apps.sources.parsers.same_address import address_key
from apps.sources.services.copies import copies_hold, originals_leave
from apps.sources.services.preparing import Prepared, digest_of, shortened
from apps.sources.services.topics import topics_use

BATCH = 1000
COUNTED = ("hour", "language", "kind", "posts", "kept")


def posts_mark_used(posts: Iterable[int], *, used: bool = True) -> int:
    """Note that a worked story holds these posts, or no longer does; how many were otherwise before."""
    keys = list(posts)
    marked = Post.objects.filter(pk__among=keys, is_used=not used).update(is_used=used)
    if marked:
        topics_use(keys, used=used)
    return marked


@transaction.atomic
def posts_retire(*, source: Source, posts: Collection[int], at: datetime) -> int:
    """Remove posts that are kept no longer, a few hundred at a time; how many went.

    Their hours keep their counts, and a stone is left for each, so that its source can't bring it back.
    """
    _held(source, posts)
    rows = list(
        Post.objects.filter(source=source, pk__in=posts, is_used=False).defer("text", "entities", "boilerplate")
    )
    held = listeners.tell_retiring([row.pk for row in rows])
    posts_mark_used(held)
    gone = [row for row in rows if row.pk not in held]
    _counts_keep(source, gone)
    _remove(source, gone, at=at)
    return len(gone)


@transaction.atomic
def post_remove(*, post: Post, reason: str, actor: User | None = None) -> None:
    """Remove one post by a person's decision; it does not come back.

    Raises:
        TransitionError: a story that is worked on uses it, it is gone already, or no reason is given.
    """
    if not reason.strip():
        raise TransitionError(_("Say why: the reason stays in the audit."))
    _held(post.source, [post.pk])
    fresh = Post.objects.filter(pk=post.pk).first()
    if fresh is None:
        raise TransitionError(_("This post is removed already."))
    if fresh.is_used or listeners.tell_retiring([fresh.pk]):
        raise TransitionError(
            _("A story that is worked on uses “%(post)s”. Take it out of the story first.") % {"post": str(fresh)[:80]}
        )
    audit_record(verb="post.removed", target=fresh, actor=actor, details={"reason": reason.strip()[:300]})
    _remove(fresh.source, [fresh], at=now(), reason=reason.strip()[:300])


def stones_among(source: Source, items: Iterable[Prepared], at: datetime) -> set[str]:
    """The ids of those of these items that were removed here and must not come back, late parts of albums too.

    Notes that their source still offers them.
    """
    items = list(items)
    names = {name for one in items for name in (one.external_id, *one.also_known)}
    albums = {one.album_id for one in items if one.album_id is not None}
    said = Q(external_id__among=names) | Q(album_id__in=albums) if albums else Q(external_id__among=names)
    stones = list(Tombstone.objects.filter(said, source=source))
    worn = [stone.pk for stone in stones if (at - stone.at).days >= 1]
    if worn:
        Tombstone.objects.filter(pk__in=worn).update(at=at)
    gone = {stone.external_id for stone in stones}
    gone_albums = {(stone.channel, stone.album_id) for stone in stones if stone.album_id is not None}
    return {
        one.external_id
        for one in items
        if (one.channel, one.album_id) in gone_albums or not gone.isdisjoint((one.external_id, *one.also_known))
    }


def stone_address(external_id: str, url: str) -> str:
    """Under which address an item that was removed is found again: its id where that is one, else its link."""
    return shortened(address_key(external_id) or address_key(url))


def _held(source: Source, posts: Collection[int]) -> None:
    """Take turns with collectors of the source, who hold the same locks while they store.

    Checks of copies that are worked now come first: they hold their row when they ask for the source.
    """
    list(CopyCheck.objects.select_for_update().filter(post__in=posts).order_by("pk").values_list("pk"))
    Source.objects.select_for_update().only("pk").get(pk=source.pk)
    copies_hold(source.workspace_id)


def _remove(source: Source, posts: Sequence[Post], *, at: datetime, reason: str = "") -> None:
    stones = [
        Tombstone(
            source=source,
            external_id=post.external_id,
            address=stone_address(post.external_id, post.url),
            title_hash=digest_of(post.title, ""),
            channel=post.channel,
            album_id=post.album_id,
            at=at,
            reason=reason,
        )
        for post in posts
    ]
    Tombstone.objects.bulk_create(stones, batch_size=BATCH, ignore_conflicts=True)
    originals_leave(workspace_id=source.workspace_id, posts=[post.pk for post in posts])
    Post.objects.filter(pk__in=[post.pk for post in posts]).delete()


def _counts_keep(source: Source, posts: Sequence[Post]) -> None:
    """Add the posts to the counts of their hours; the source's lock keeps others from adding at the same time."""
    sums: dict[tuple[datetime, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for post in posts:
        hour = post.published_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        counted = sums[hour, post.language, post.kind]
        counted[0] += 1
        counted[1] += not post.dropped_by
    known = {
        (row.hour, row.language, row.kind): row
        for row in PastCount.objects.filter(source=source, hour__in={hour for hour, _language, _kind in sums})
    }
    rows = []
    for (hour, language, kind), (number, kept) in sums.items():
        row = known.get((hour, language, kind)) or PastCount(source=source, hour=hour, language=language, kind=kind)
        row.posts, row.kept = row.posts + number, row.kept + kept
        rows.append(row)
    PastCount.objects.bulk_create(
        [PastCount(source=source, **{name: getattr(row, name) for name in COUNTED}) for row in rows],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["source", "hour", "language", "kind"],
        update_fields=["posts", "kept"],
    )
