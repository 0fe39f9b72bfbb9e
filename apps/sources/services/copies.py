"""Near-copies: each new text looks for an earlier one that says the same.

The original is the post that was stored first (of one batch, the one published first): what editors have seen never
turns into a copy of what came later. Only originals have keys, and every copy is compared with its original itself, so
a copy of a copy points to the original and no chain drifts from text to text.

Whoever looks holds the workspace's lock until its transaction ends, so of two that store at once the second sees what
the first stored. The lock comes after those of sources and before posts are written: docs/collection.md tells the order
of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from apps.core.bulk import rows_update, values_put
from apps.core.work import bells
from apps.sources.models import CopyCheck, CopyKeys, CopyLock, Post, Source
from apps.sources.near.shingles import BANDS, keys_of
from apps.sources.near.verdict import Text, alike
from apps.sources.services.kinships import kinship_review_later

KEYS = tuple(f"key{band}" for band in range(BANDS))
CANDIDATES = 12  # texts compared exactly, a post
BATCH = 1000
FIELDS = (
    "workspace_id",
    "source_id",
    "channel",
    "title",
    "text",
    "boilerplate",
    "published_at",
    "copy_of_id",
    "revision",
)


@dataclass(slots=True)
class Sought:
    """A post that looks for its original.

    Attributes:
        keys: under which it is looked up, a number a band; empty where it says too little.
        near: posts that share keys with it, by how many.
    """

    post: Post
    text: Text
    keys: tuple[int, ...]
    near: Counter[int] = field(default_factory=Counter)


def text_of(post: Post) -> Text:
    """A post as it is compared."""
    told, title = post.told, post.title
    if title and not told.startswith(title):
        told = f"{title}\n{told}"
    return Text(told, voice=post.voice, at=post.published_at.timestamp())


@transaction.atomic
def copies_find(posts: Iterable[Post]) -> list[Post]:
    """Set `copy_of` of stored, kept posts that are new or say something else now; the answer is those that are copies.

    Call it in the transaction that stores them, before listeners are told: with a handful of queries for each thousand.
    """
    by_workspace: dict[int, list[Post]] = {}
    for post in posts:
        by_workspace.setdefault(post.workspace_id, []).append(post)
    return [copy for workspace_id in sorted(by_workspace) for copy in _find(workspace_id, by_workspace[workspace_id])]


def copies_hold(workspace_id: int) -> None:
    """Take the workspace's turn in looking for near-copies, until the transaction ends."""
    if not CopyLock.objects.select_for_update().filter(workspace=workspace_id):
        CopyLock.objects.get_or_create(workspace_id=workspace_id)
        CopyLock.objects.select_for_update().get(workspace=workspace_id)


@transaction.atomic
def originals_leave(*, workspace_id: int, posts: Collection[int]) -> int:
    """Have the copies of these posts find another original; the answer is how many copies there are.

    Call it in the transaction that deletes the posts, before they are deleted. The keys go with their posts. Nobody can
    choose one of the leaving posts meanwhile.
    """
    copies_hold(workspace_id)
    return _check_copies_of(posts)


def _check_copies_of(originals: Collection[int]) -> int:
    if not originals:
        return 0
    copies = Post.objects.filter(copy_of__in=originals).exclude(pk__in=originals).order_by("pk")
    rows = [CopyCheck(workspace_id=owner, post_id=pk) for pk, owner in copies.values_list("pk", "workspace_id")]
    CopyCheck.objects.bulk_create(rows, batch_size=BATCH)
    if rows:
        bells.ring_on_commit("copy_check")
    return len(rows)


def copies_recheck(rows: Sequence[CopyCheck]) -> None:
    """Find the originals of these rows' posts anew; runs in the transaction that finishes the rows."""
    wanted = {row.post_id for row in rows}
    sources = set(Post.objects.filter(pk__in=wanted).values_list("source", flat=True))
    # A source's posts are changed under its lock, which comes before the lock of near-copies everywhere.
    list(Source.objects.select_for_update().filter(pk__in=sources).order_by("pk").values_list("pk"))
    posts = Post.objects.filter(pk__in=wanted).only(*FIELDS, "dropped_by")
    copies_find(post for post in posts if not post.dropped_by)


def _find(workspace_id: int, posts: Sequence[Post]) -> list[Post]:
    hours = settings.COPY_HOURS
    if not hours:
        return []
    # Of one batch the first published is the original, in whatever order its source gave them.
    sought = [_sought(post) for post in sorted(posts, key=lambda post: (post.published_at, post.pk))]
    copies_hold(workspace_id)
    keys_look_up([one for one in sought if one.keys], timedelta(hours=hours))
    texts = _texts_of_candidates(workspace_id, sought)
    originals = _Originals(timedelta(hours=hours))
    changed = []
    for one in sought:
        before, after = one.post.copy_of_id, originals.original_of(one, texts)
        if before != after:
            one.post.copy_of_id = after
            changed.append(one.post)
    _store(workspace_id, sought, changed)
    return [one.post for one in sought if one.post.copy_of_id is not None]


def _sought(post: Post) -> Sought:
    text = text_of(post)
    return Sought(post, text, keys_of(text.runs, workspace_id=post.workspace_id) if text.is_comparable else ())


def keys_look_up(sought: Sequence[Sought], window: timedelta) -> None:
    """Note in `near` who shares keys with whom: one query, a part a band, so that each part reads its own index.

    Written as SQL: building so wide a union out of querysets takes longer than the database takes to answer it.
    """
    if not sought:
        return
    table = connection.ops.quote_name(CopyKeys._meta.db_table)
    moment = connection.ops.adapt_datetimefield_value
    first = moment(min(one.post.published_at for one in sought) - window)
    last = moment(max(one.post.published_at for one in sought) + window)
    parts: list[str] = []
    params: list[Any] = []
    for band, name in enumerate(KEYS):
        among, keys = _among({one.keys[band] for one in sought})
        parts.append(
            f"SELECT {name}, post_id, published_at FROM {table} "  # noqa: S608 - names of our own
            f"WHERE {name} {among} AND published_at BETWEEN %s AND %s"
        )
        params += [*keys, first, last]
    found: dict[int, list[tuple[int, datetime]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        # A key says which band it is of: bands are hashed apart.
        for key, post_id, at in cursor.fetchall():
            found.setdefault(key, []).append((post_id, _moment(at)))
    for one in sought:
        for key in one.keys:
            for post_id, at in found.get(key, ()):
                if post_id != one.post.pk and abs(at - one.post.published_at) <= window:
                    one.near[post_id] += 1


def _among(keys: Collection[int]) -> tuple[str, list[Any]]:
    """The condition that a column is one of these; as one array where there are arrays, which is read sooner."""
    if connection.vendor == "postgresql":
        return "= ANY(%s::bigint[])", ["{" + ",".join(map(str, keys)) + "}"]
    return f"IN ({', '.join(['%s'] * len(keys))})", list(keys)


def _moment(stored: datetime | str) -> datetime:
    """A time as raw SQL gives it: SQLite's have no zone, which is UTC."""
    at = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _texts_of_candidates(workspace_id: int, sought: Sequence[Sought]) -> dict[int, Text]:
    """The texts of the most promising candidates, of this workspace and kept, and of present originals."""
    own = {one.post.pk for one in sought}
    wanted = {post_id for one in sought for post_id in ranked(one.near)}
    wanted |= {one.post.copy_of_id for one in sought if one.post.copy_of_id is not None}
    posts = Post.objects.filter(pk__among=wanted - own, workspace=workspace_id, dropped_by="", copy_of=None).only(
        *FIELDS
    )
    return {post.pk: text_of(post) for post in posts}


def ranked(near: Counter[int]) -> list[int]:
    """Candidates by how many keys they share, the one stored first among equals; the few that are worth comparing."""
    return sorted(near, key=lambda post_id: (-near[post_id], post_id))[:CANDIDATES]


class _Originals:
    """The originals of a batch, found like those of the database."""

    def __init__(self, window: timedelta) -> None:
        self.window = window
        self.texts: dict[int, Text] = {}
        self._by_key: dict[int, list[int]] = {}

    def original_of(self, one: Sought, stored: dict[int, Text]) -> int | None:
        """The original of a post; without one it is an original for those that follow."""
        if not one.keys:
            return None
        near: Counter[int] = Counter()
        for key in one.keys:
            if found := self._by_key.get(key):
                near.update(found)
        candidates = [pk for pk in ranked(one.near) if pk in stored] + ranked(near)
        if one.post.copy_of_id in stored:
            candidates.append(one.post.copy_of_id)
        best, original = 0.0, None
        for pk in candidates:
            text = stored.get(pk) or self.texts[pk]
            if abs(text.at - one.text.at) <= self.window.total_seconds():
                score = alike(text, one.text)
                if score > best:
                    best, original = score, pk
        if original is None:
            self.texts[one.post.pk] = one.text
            for key in one.keys:
                self._by_key.setdefault(key, []).append(one.post.pk)
        return original


def _store(workspace_id: int, sought: Sequence[Sought], changed: list[Post]) -> None:
    """Write who is whose copy, keep the keys of originals, and have those look again that lost theirs."""
    stale = [one.post.pk for one in sought if one.post.copy_of_id is not None or not one.keys]
    CopyKeys.objects.filter(post__among=stale).delete()
    originals = [one for one in sought if one.post.copy_of_id is None and one.keys]
    values_put(
        CopyKeys,
        ("post", "published_at", *KEYS),
        [(one.post.pk, one.post.published_at, *one.keys) for one in originals],
        unique=["post"],
    )
    rows_update(sorted(changed, key=lambda post: post.pk), ["copy_of"])
    _check_copies_of([one.post.pk for one in sought if one.post.revision > 1])
    if any(post.copy_of_id is not None for post in changed):
        kinship_review_later(workspace_id)
