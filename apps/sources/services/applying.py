"""The present filters, applied to posts that are here already: a deliberate act, with a rehearsal and a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError
from apps.sources import filters, listeners
from apps.sources.filters.chains import Owner
from apps.sources.models import CopyKeys, FilterSet, Post, Source
from apps.sources.services.copies import copies_find, copies_hold, originals_leave
from apps.sources.services.topics import topics_keep
from apps.sources.trying import candidate_of, media_of

BATCH = 1000
POSTS_MAX = 20_000


class TooManyError(PermanentError):
    """More posts than one request may go over."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What it came to.

    Attributes:
        looked: posts asked about.
        dropped: kept posts that are dropped now; they have left the stories that nobody works on.
        kept: dropped posts that are kept now, and find a story like new ones.
        held: posts that the filters would drop and that stay, because a story that is worked on uses them.
        slow: posts on which an expression took too long and so decided nothing.
    """

    looked: int = 0
    dropped: int = 0
    kept: int = 0
    held: int = 0
    slow: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.looked + other.looked,
            self.dropped + other.dropped,
            self.kept + other.kept,
            self.held + other.held,
            self.slow + other.slow,
        )


def filters_apply(*, owner: Owner, since: datetime, actor: User | None = None, is_rehearsal: bool = False) -> Applied:
    """Judge the posts collected since then by the rules that their sources have now.

    Posts that a person took back are left alone. Each thousand posts is a transaction of its own, so that collecting
    goes on meanwhile. A rehearsal reads and changes nothing.

    Raises:
        TooManyError: there are more than `POSTS_MAX` of them.
    """
    sources = list(sources_concerned(owner))
    posts = Post.objects.filter(source__in=sources, collected_at__gte=since)
    if posts[: POSTS_MAX + 1].count() > POSTS_MAX:
        raise TooManyError(
            _("There are more than %(max)d posts in that time. Choose fewer days, or one source.") % {"max": POSTS_MAX}
        )
    report = Applied()
    try:
        for source in sources:
            for part in _parts(source, since, is_rehearsal=is_rehearsal):
                report += part
    finally:
        if not is_rehearsal and report.looked:
            details = {"since": since.isoformat(timespec="minutes"), "dropped": report.dropped, "kept": report.kept}
            audit_record(verb="filters.applied", target=owner, actor=actor, details=details)
    return report


def sources_concerned(owner: Owner) -> Iterable[Source]:
    """The sources that a source's, a set's or a workspace's rules are for, in the order in which they are locked."""
    if isinstance(owner, Source):
        return [owner]
    if isinstance(owner, FilterSet):
        return Source.objects.filter(filter_sets=owner).order_by("pk")
    return Source.objects.filter(workspace=owner).order_by("pk")


def _parts(source: Source, since: datetime, *, is_rehearsal: bool) -> Iterator[Applied]:
    """What becomes of a source's posts, a thousand at a time."""
    judge = filters.Judge(filters.rules_of(source))
    rows = Post.objects.filter(source=source, collected_at__gte=since, is_taken_back=False).order_by("pk")
    last = 0
    while posts := list(rows.filter(pk__gt=last).select_related("source")[:BATCH]):
        if is_rehearsal:
            changes = _judged(judge, posts)
            held = sum(post.is_used for post in changes.dropped)
            yield Applied(len(posts), len(changes.dropped) - held, len(changes.kept), held)
        else:
            yield _apply(source, judge, [post.pk for post in posts])
        last = posts[-1].pk
    yield Applied(slow=sum(judge.slow.values()))


@transaction.atomic
def _apply(source: Source, judge: filters.Judge, keys: Sequence[int]) -> Applied:
    Source.objects.select_for_update().only("pk").get(pk=source.pk)  # intake takes turns by this lock
    posts = list(Post.objects.filter(pk__in=keys, is_taken_back=False).select_related("source").order_by("pk"))
    changes = _judged(judge, posts)
    if changes.dropped or changes.kept:
        copies_hold(source.workspace_id)  # before the stories: docs/collection.md tells the order of all locks
    gone = _let_go(source.workspace_id, changes.dropped)
    _store(gone, copy_of=None)
    _store(changes.renamed)
    _store(changes.kept)
    topics_keep([post.pk for post in gone], kept=False)
    topics_keep([post.pk for post in changes.kept])
    if changes.kept:
        copies_find(changes.kept)
        listeners.tell_added([post for post in changes.kept if post.title or post.text])
    return Applied(len(posts), len(gone), len(changes.kept), len(changes.dropped) - len(gone))


@dataclass(frozen=True, slots=True)
class Changes:
    """Posts that fare otherwise than they did: kept ones to drop, dropped ones to keep, and other reasons to drop."""

    dropped: list[Post]
    kept: list[Post]
    renamed: list[Post]


def _judged(judge: filters.Judge, posts: Sequence[Post]) -> Changes:
    media = media_of(posts)
    changes = Changes([], [], [])
    for post in posts:
        verdict = judge.verdict(candidate_of(post, media.get(post.pk, ())))
        if (verdict.dropped_by, verdict.rule) == (post.dropped_by, post.dropped_rule_id):
            continue
        was_dropped = bool(post.dropped_by)
        post.dropped_by, post.dropped_rule_id = verdict.dropped_by, verdict.rule if verdict.dropped_by else None
        if verdict.dropped_by and was_dropped:
            changes.renamed.append(post)
        elif verdict.dropped_by:
            changes.dropped.append(post)
        elif was_dropped:
            changes.kept.append(post)
    return changes


def _let_go(workspace_id: int, posts: Sequence[Post]) -> list[Post]:
    """Those of the posts that nobody works with; whatever was made of them is let go of."""
    free = [post for post in posts if not post.is_used]
    held = listeners.tell_retiring([post.pk for post in free])
    gone = [post for post in free if post.pk not in held]
    if gone:
        keys = [post.pk for post in gone]
        originals_leave(workspace_id=workspace_id, posts=keys)
        CopyKeys.objects.filter(post__in=keys).delete()
    return gone


def _store(posts: Sequence[Post], **fields: None) -> None:
    """Write what the filters say now, an update for each reason: there are few reasons and many posts."""
    by_reason: dict[tuple[str, int | None], list[int]] = {}
    for post in posts:
        by_reason.setdefault((post.dropped_by, post.dropped_rule_id), []).append(post.pk)
    for (reason, rule), keys in by_reason.items():
        Post.objects.filter(pk__in=keys).update(dropped_by=reason, dropped_rule=rule, **fields)
