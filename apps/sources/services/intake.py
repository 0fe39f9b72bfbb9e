"""Items become posts, once and only once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import transaction

from apps.core.clock import now
from apps.sources import filters, listeners
from apps.sources.language import language_of
from apps.sources.models import Post, Source
from apps.sources.parsers import markup
from apps.sources.ports import IntakeReport, Item

BATCH = 1000
TEXT_MAX = 50_000
ADDRESS_MAX = 1000
FUTURE_MAX = timedelta(minutes=10)  # clocks differ; a date further ahead is a mistake of the source
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # so is one before the web
CHANGEABLE = (
    "title",
    "text",
    "url",
    "author",
    "language",
    "content_hash",
    "dropped_by",
    "revision",
    "changed_at",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item as it will be stored."""

    external_id: str
    title: str
    text: str
    url: str
    author: str
    channel: str
    published_at: datetime | None
    language: str
    content_hash: str
    dropped_by: str


def items_prepare(items: Iterable[Item], rules: filters.Rules) -> list[Prepared]:
    """Normalise items, find their language, apply the filters; without the database, so outside transactions too."""
    prepared = (_prepare(item, rules) for item in items)
    return list({one.external_id: one for one in reversed([one for one in prepared if one])}.values())[::-1]


def posts_intake(*, source: Source, items: Iterable[Item], at: datetime | None = None) -> IntakeReport:
    """Store what is new, count changes of what is known, and tell the listeners, all in one transaction."""
    return posts_record(source=source, prepared=items_prepare(items, filters.rules_of(source)), at=at)


@transaction.atomic
def posts_record(*, source: Source, prepared: Sequence[Prepared], at: datetime | None = None) -> IntakeReport:
    """Store prepared items: a handful of queries for each thousand of them."""
    moment = at or now()
    # Two collectors of one source take turns, so "known or new" cannot go stale between the look and the write.
    Source.objects.select_for_update().only("pk").get(pk=source.pk)
    report = IntakeReport()
    for batch in _batches(prepared):
        report += _record_batch(source, batch, moment)
    return report


def _batches(prepared: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    rest = iter(prepared)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _record_batch(source: Source, batch: list[Prepared], moment: datetime) -> IntakeReport:
    known = {
        post.external_id: post
        for post in Post.objects.filter(source=source, external_id__in=[one.external_id for one in batch]).defer("text")
    }
    new = [_new_post(source, one, moment) for one in batch if one.external_id not in known]
    Post.objects.bulk_create(new, batch_size=BATCH)
    changed: list[Post] = []
    kept_before: set[int] = set()
    for one in batch:
        post = known.get(one.external_id)
        if post is not None and post.content_hash != one.content_hash:
            if not post.dropped_by:
                kept_before.add(post.pk)
            changed.append(_renewed(post, one, moment))
    if changed:
        Post.objects.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=CHANGEABLE
        )
    newly_kept = [post for post in changed if post.pk not in kept_before and not post.dropped_by]
    listeners.tell_added([*(post for post in new if not post.dropped_by), *newly_kept])
    listeners.tell_changed([post for post in changed if post.pk in kept_before])
    return IntakeReport(
        added=len(new),
        changed=len(changed),
        same=len(batch) - len(new) - len(changed),
        dropped=sum(bool(post.dropped_by) for post in new),
    )


def _new_post(source: Source, one: Prepared, moment: datetime) -> Post:
    published = one.published_at or moment
    return Post(
        workspace_id=source.workspace_id,
        source=source,
        external_id=one.external_id,
        channel=one.channel,
        title=one.title,
        text=one.text,
        url=one.url,
        author=one.author,
        language=one.language,
        published_at=published if EARLIEST <= published <= moment + FUTURE_MAX else moment,
        collected_at=moment,
        content_hash=one.content_hash,
        dropped_by=one.dropped_by,
    )


def _renewed(post: Post, one: Prepared, moment: datetime) -> Post:
    """The post with its source's new words; what editors already have is not dropped any more."""
    post.title, post.text, post.language, post.content_hash = one.title, one.text, one.language, one.content_hash
    post.url, post.author = one.url or post.url, one.author or post.author
    post.revision += 1
    post.changed_at = moment
    if post.dropped_by:
        post.dropped_by = one.dropped_by
    return post


def _prepare(item: Item, rules: filters.Rules) -> Prepared | None:
    title = markup.line_of_html(item.title)[:500]
    text = _plain(item)[:TEXT_MAX].rstrip()
    if not title and not text:
        return None
    digest = hashlib.blake2b(f"{title}\n{text}".encode(), digest_size=16).hexdigest()
    url = _address(item.url)
    return Prepared(
        external_id=_identity(item.external_id, url, digest),
        title=title,
        text=text,
        url=url,
        author=markup.tidy_line(item.author)[:200],
        channel=markup.tidy_line(item.channel)[:200],
        published_at=item.published_at,
        language=language_of(f"{title}\n{text}"),
        content_hash=digest,
        dropped_by=filters.dropped_by(rules, title=title, text=text),
    )


def _plain(item: Item) -> str:
    if item.markup == "html":
        return markup.text_of_html(item.text)
    return markup.text_of_markdown(item.text) if item.markup == "markdown" else markup.tidy(item.text)


def _address(url: str) -> str:
    """An http(s) address, or nothing: it becomes a link that an editor opens."""
    url = markup.tidy_line(url)
    return url if url.lower().startswith(("http://", "https://")) and len(url) <= ADDRESS_MAX else ""


def _identity(external_id: str, url: str, digest: str) -> str:
    """The source's own id, else the address, else the content; long ones by their hash."""
    own = markup.tidy_line(external_id)
    identity = own or url or f"text:{digest}"
    if len(identity) <= 200:
        return identity
    return "hash:" + hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
