"""Items become posts, once and only once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import transaction

from apps.core.bulk import rows_insert
from apps.core.clock import now
from apps.sources import filters, listeners
from apps.sources.models import Post, Source
from apps.sources.parsers.entities import written
from apps.sources.ports import IntakeReport, Item
from apps.sources.services.copies import copies_find, copies_hold
from apps.sources.services.fetching import media_fetch_by_rule
from apps.sources.services.filters import slow_rules_tell
from apps.sources.services.known import CHANGEABLE, Known, known_of, quietly_updated, renewed, revisions_keep
from apps.sources.services.preparing import Prepared, items_prepare
from apps.sources.services.removing import stones_among
from apps.sources.services.showing import media_keep
from apps.sources.services.signatures import boilerplate_cut
from apps.sources.services.topics import topics_note

__all__ = ["BATCH", "Prepared", "items_prepare", "posts_intake", "posts_record"]

BATCH = 1000
FUTURE_MAX = timedelta(minutes=10)  # clocks differ; a date further ahead is a mistake of the source
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # so is one before the web


@dataclass(slots=True)
class Stored:
    """What a batch came to.

    Attributes:
        new: posts that were not known.
        changed: known posts whose words the source changed.
        worded: known posts that had no words before (the caption of an album came with a later part).
        told_before: those of the changed ones that listeners know of.
        same: how many known items brought no other words.
    """

    new: list[Post] = field(default_factory=list)
    changed: list[Post] = field(default_factory=list)
    worded: list[Post] = field(default_factory=list)
    told_before: set[int] = field(default_factory=set)
    same: int = 0

    @property
    def added(self) -> list[Post]:
        """Kept posts with words that listeners do not know of yet."""
        later = [post for post in (*self.changed, *self.worded) if post.pk not in self.told_before]
        return [post for post in (*self.new, *later) if not post.dropped_by and (post.title or post.text)]


def posts_intake(
    *, source: Source, items: Iterable[Item], at: datetime | None = None, is_past: bool = False
) -> IntakeReport:
    """Store what is new, count changes of what is known, and tell the listeners, all in one transaction.

    `is_past`: the items come from a file, which may be older than what is stored; what is newer here stays.
    """
    return posts_record(source=source, prepared=items_prepare(items, filters.rules_of(source)), at=at, is_past=is_past)


@transaction.atomic
def posts_record(
    *,
    source: Source,
    prepared: Sequence[Prepared],
    at: datetime | None = None,
    is_past: bool = False,
    gone: Collection[str] = (),
) -> IntakeReport:
    """Store prepared items: a handful of queries for each thousand of them.

    `gone`: ids of posts that the caller will mark as deleted in the same transaction.
    """
    moment = at or now()
    # Two collectors of one source take turns, so "known or new" cannot go stale between the look and the write.
    Source.objects.select_for_update().only("pk").get(pk=source.pk)
    report = IntakeReport()
    batches = [_without_removed(source, batch, moment) for batch in _batches(prepared)]
    stored = [known_of(source, batch, is_past=is_past) for batch in batches]
    _hold(source, batches, stored, gone)
    for batch, known in zip(batches, stored, strict=True):
        report += _record_batch(source, batch, known, moment)
    if slow := {key for one in prepared for key in one.slow_rules}:
        slow_rules_tell(workspace=source.workspace, keys=slow)
    return report


def _batches(prepared: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    rest = iter(prepared)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _hold(source: Source, batches: list[list[Prepared]], stored: list[Known], gone: Collection[str]) -> None:
    """Take what else will be needed before the first post is written, in the order that docs/collection.md tells."""
    leaving = Post.objects.filter(source=source, external_id__in=gone, deleted_at=None).values_list("pk", flat=True)
    changed = set(leaving) if gone else set()
    has_new = False
    for batch, known in zip(batches, stored, strict=True):
        for one in batch:
            post = known.find(one)
            has_new = has_new or post is None
            if post is not None and known.has_other_words(post, one):
                changed.add(post.pk)
    if has_new or changed:
        copies_hold(source.workspace_id)
    listeners.tell_changing(changed)


def _record_batch(source: Source, batch: list[Prepared], known: Known, moment: datetime) -> IntakeReport:
    stored = _stored(source, batch, known, moment)
    media_fetch_by_rule(source, media_keep(known, moment))
    topics_note(workspace_id=source.workspace_id, new=stored.new, changed=[*stored.changed, *stored.worded])
    copies_find(post for post in (*stored.new, *stored.changed, *stored.worded) if not post.dropped_by)
    listeners.tell_added(stored.added)
    listeners.tell_changed([post for post in stored.changed if post.pk in stored.told_before])
    return IntakeReport(
        added=len(stored.new),
        changed=len(stored.changed),
        same=stored.same + len(stored.worded),
        dropped=sum(bool(post.dropped_by) for post in stored.new),
    )


def _without_removed(source: Source, batch: list[Prepared], moment: datetime) -> list[Prepared]:
    """Leave out what was removed here and must not come back."""
    gone = stones_among(source, batch, moment)
    return [one for one in batch if one.external_id not in gone] if gone else batch


def _stored(source: Source, batch: list[Prepared], known: Known, moment: datetime) -> Stored:
    stored = Stored()
    for one in batch:
        post = known.post(one)
        if post is None:
            stored.new.append(known.remember(one, _new_post(source, one, moment)))
        elif known.has_other_words(post, one):
            had_words = known.has_words(post)
            if had_words and not post.dropped_by:
                stored.told_before.add(post.pk)
            post = renewed(post, one, moment, is_change=had_words, is_past=known.is_past)
            (stored.changed if had_words else stored.worded).append(post)
        else:
            stored.same += 1
    # Feeds give the newest first; the first report is to be stored first, since it founds the story.
    stored.new.sort(key=lambda post: (post.published_at, post.message_id or 0))
    boilerplate_cut(source=source, new=stored.new, changed=[*stored.changed, *stored.worded])
    rows_insert(stored.new)
    revisions_keep(stored.changed, moment)
    rewritten = [*stored.changed, *stored.worded]
    if rewritten:
        Post.objects.bulk_create(
            rewritten, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=CHANGEABLE
        )
    quietly_updated(known, rewritten, moment)
    return stored


def _new_post(source: Source, one: Prepared, moment: datetime) -> Post:
    counts = one.counts
    return Post(
        workspace_id=source.workspace_id,
        source=source,
        external_id=one.external_id,
        channel=one.channel,
        kind=one.kind,
        title=one.title,
        text=one.text,
        entities=written(one.entities),
        url=one.url,
        author=one.author,
        forwarded_from=one.forwarded_from,
        forwarded_url=one.forwarded_url,
        language=one.language,
        message_id=one.message_id,
        album_id=one.album_id,
        reply_to=one.reply_to,
        views=counts.views if counts else None,
        forwards=counts.forwards if counts else None,
        reactions=dict(counts.reactions) if counts else {},
        counted_at=moment if counts else None,
        published_at=_possible(one.published_at, moment) or moment,
        collected_at=moment,
        changed_at=_possible(one.edited_at, moment),
        content_hash=one.content_hash,
        dropped_by=one.dropped_by,
        dropped_rule_id=one.dropped_rule,
    )


def _possible(at: datetime | None, moment: datetime) -> datetime | None:
    """A date of the source, where it can be true."""
    return at if at is not None and EARLIEST <= at <= moment + FUTURE_MAX else None
