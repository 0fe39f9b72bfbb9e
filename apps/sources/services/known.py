"""What is known of the items of a batch, and what they change in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import F

from apps.sources.models import Post, Revision, Source
from apps.sources.parsers.entities import written
from apps.sources.services.preparing import Prepared, digest_of

REVISIONS_MAX = 50  # the first wording and the latest ones are kept
QUIET_BATCH = 200
QUIET = (
    *("entities", "kind", "forwarded_from", "forwarded_url", "message_id", "album_id", "reply_to"),
    *("views", "forwards", "reactions", "counted_at", "deleted_at"),
)
CHANGEABLE = (
    *("title", "text", "boilerplate", "url", "author", "language", "content_hash", "revision", "changed_at"),
    *("dropped_by", "dropped_rule"),
    *QUIET,
)


@cache
def wordless() -> str:
    """The hash of a post without title and text."""
    return digest_of("", "")


@dataclass(slots=True)
class Known:
    """The stored posts of a batch, their texts left in the database.

    Attributes:
        pairs: each item with its post, new ones too.
        updated: what quiet updates are due, by post.
        is_past: the items tell how things were once, not how they are: a file does, its source does not.
        outdated: ids of such items that are older than what is stored.
    """

    by_id: dict[str, Post] = field(default_factory=dict)
    by_album: dict[tuple[str, int], Post] = field(default_factory=dict)
    pairs: list[tuple[Prepared, Post]] = field(default_factory=list)
    updated: dict[int, tuple[Post, set[str]]] = field(default_factory=dict)
    is_past: bool = False
    outdated: set[str] = field(default_factory=set)

    def find(self, one: Prepared) -> Post | None:
        """The post of an item: by its own id, else by one of its album's."""
        found = next((self.by_id[name] for name in _names(one) if name in self.by_id), None)
        if found is None and one.album_id is not None:
            found = self.by_album.get((one.channel, one.album_id))
        return found

    def post(self, one: Prepared) -> Post | None:
        """The same, and what is quietly new in it is noted."""
        found = self.find(one)
        if found is not None:
            self.pairs.append((one, found))
            if self.is_past and is_older(one, found):
                self.outdated.add(one.external_id)
        return found

    def remember(self, one: Prepared, post: Post) -> Post:
        """A new post, for its media."""
        self.pairs.append((one, post))
        return post

    @staticmethod
    def has_words(post: Post) -> bool:
        """Whether a stored post says anything."""
        return post.content_hash != wordless()

    def has_other_words(self, post: Post, one: Prepared) -> bool:
        """Whether the item says something else; a part of an album speaks for the album only where that is mute."""
        if post.content_hash == one.content_hash or one.external_id in self.outdated:
            return False
        if one.album_id is not None and not one.has_words:
            return False
        return speaks_for(one, post) or not self.has_words(post)


def speaks_for(one: Prepared, post: Post) -> bool:
    """Whether an item is the whole post, under its id or a former one, and not a late part of its album."""
    return post.external_id == one.external_id or post.external_id in one.also_known


def is_older(one: Prepared, post: Post) -> bool:
    """Whether an item was written down before the last change of its post; one that tells no change is the first."""
    return post.changed_at is not None and (one.edited_at is None or one.edited_at < post.changed_at)


def known_of(source: Source, batch: Sequence[Prepared], *, is_past: bool = False) -> Known:
    """The posts that a batch is about, in one query, and one more where there are albums."""
    names = {name for one in batch for name in _names(one)}
    posts = Post.objects.filter(source=source, external_id__among=names).defer("text")
    known = Known({post.external_id: post for post in posts}, is_past=is_past)
    strange = {one.album_id for one in batch if one.album_id is not None and known.by_id.keys().isdisjoint(_names(one))}
    if strange:
        parts = Post.objects.filter(source=source, album_id__in=strange).order_by("-id").defer("text")
        known.by_album = {(post.channel, post.album_id): post for post in parts if post.album_id is not None}
    return known


def _names(one: Prepared) -> Iterator[str]:
    yield one.external_id
    yield from one.also_known


def renewed(post: Post, one: Prepared, moment: datetime, *, is_change: bool, is_past: bool = False) -> Post:
    """The post with its source's new words; what editors already have is not dropped any more.

    Words that come to a post that had none are no change: nobody has read it otherwise.
    """
    post.title, post.text, post.language, post.content_hash = one.title, one.text, one.language, one.content_hash
    post.entities = written(one.entities)
    post.url, post.author = one.url or post.url, one.author or post.author
    if is_change:
        post.revision += 1
        post.changed_at = one.edited_at if one.edited_at and one.edited_at <= moment else moment
    if post.dropped_by:
        post.dropped_by, post.dropped_rule_id = one.dropped_by, one.dropped_rule
    _assign(post, one, moment, is_past=is_past)
    return post


def quietly_updated(known: Known, rewritten: Iterable[Post], moment: datetime) -> None:
    """Store what is new in posts whose words are the same: counts, formatting, whom they forward."""
    done = {post.pk for post in rewritten}
    fields: set[str] = set()
    posts: dict[int, Post] = {}
    for one, post in known.pairs:
        if (
            post.pk not in done
            and post.collected_at != moment
            and (names := _assign(post, one, moment, is_past=known.is_past))
        ):
            fields |= names
            posts[post.pk] = post
    if posts:
        Post.objects.bulk_update(posts.values(), sorted(fields), batch_size=QUIET_BATCH)


def _assign(post: Post, one: Prepared, moment: datetime, *, is_past: bool) -> set[str]:
    """Take over what is no matter of words; the answer is which fields are different now.

    A file of the past knows neither the latest counts (nor any views), nor what was deleted since.
    """
    names: set[str] = set()

    def put(name: str, value: Any) -> None:
        if getattr(post, name) != value:
            setattr(post, name, value)
            names.add(name)

    is_own = speaks_for(one, post)
    if not is_own or (one.album_id is not None and len(one.media) > 1):
        put("kind", Post.Kind.ALBUM)
    elif post.kind != Post.Kind.ALBUM:
        put("kind", one.kind)
    for name in ("message_id", "album_id", "reply_to"):
        if getattr(post, name) is None:
            put(name, getattr(one, name))
    for name in ("forwarded_from", "forwarded_url"):
        put(name, getattr(one, name) or getattr(post, name))
    if is_own and post.content_hash == one.content_hash:
        put("entities", written(one.entities))
    if is_own and one.counts is not None and not (is_past and post.views is not None):
        put("views", one.counts.views)
        put("forwards", one.counts.forwards)
        put("reactions", dict(one.counts.reactions))
        if names & {"views", "forwards", "reactions"} or post.counted_at is None:
            put("counted_at", moment)
    if not is_past:
        put("deleted_at", None)
    return names


def revisions_keep(posts: Sequence[Post], moment: datetime) -> None:
    """Keep what changed posts said until now; call it before their new words are stored."""
    if not posts:
        return
    numbers = {post.pk: post.revision - 1 for post in posts}
    said = Post.objects.filter(pk__in=numbers).values_list("pk", "title", "text", "entities")
    Revision.objects.bulk_create(
        [
            Revision(post_id=pk, number=numbers[pk], title=title, text=text, entities=entities, at=moment)
            for pk, title, text, entities in said
        ],
        ignore_conflicts=True,
    )
    if long_histories := [post.pk for post in posts if post.revision > REVISIONS_MAX]:
        old = Revision.objects.filter(post__in=long_histories, number__gt=1)
        old.filter(number__lt=F("post__revision") - REVISIONS_MAX + 2).delete()
