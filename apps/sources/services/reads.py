"""Readings of Telegram channels: what each one is to ask, what came of it, and when the next one is."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.accounts.services import alert_close
from apps.core.clock import now
from apps.core.work.models import WorkQuerySet, WorkRow
from apps.sources import filters
from apps.sources.collectors.channel import PAGE, Again, Back, BackStep, ReadPlan, ReadResult
from apps.sources.models import ChannelRead, Poll, Post, PostMedia, Source
from apps.sources.ports import IntakeReport
from apps.sources.services.channel_states import (
    channel_failed,
    channel_named,
    trouble_told,
    twin_of,
    twin_stopped,
)
from apps.sources.services.gone import posts_mark_deleted
from apps.sources.services.intake import posts_record
from apps.sources.services.read_schedule import BACK_WAIT, MORE_WAIT, read_next, read_wait
from apps.sources.services.schedule import failing_key, wait_after
from apps.telegram.models import Peer
from apps.telegram.reading import ChannelInfo
from apps.telegram.services.session_budget import channel_ref, peer_keep

# Posts are read again at these ages: most edits, deletions and views come early.
AGES = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
)
AGE_MAX = timedelta(days=7)  # after an outage the last look may be late, but not later than this
DESCRIBED_EVERY = timedelta(days=1)
FIRST_POSTS = 20  # taken of a channel that nobody asked to read back
BACK_PAGES = 2
KEPT = timedelta(days=7)  # finished readings are kept for looking at so long
OVERDUE_LOOKED_AT = 50


def read_plan(row: ChannelRead) -> ReadPlan:
    """Read from the rows what the reading is to ask."""
    source = row.source
    if not source.is_active or source.kind != Source.Kind.TELEGRAM or source.session_id is None:
        return ReadPlan(0, is_wanted=False)
    at = now()
    chat_id = source.chat_id
    read_to = source.read_to_id or _imported_to(source)
    return ReadPlan(
        session_pk=source.session_id,
        username=source.username,
        chat_id=chat_id,
        channel=channel_ref(session_pk=source.session_id, chat_id=chat_id) if chat_id is not None else None,
        read_to_id=read_to,
        again=due_again(source, at),
        back=_back(source, row, at, is_first=not read_to),
        title=_title(source),
        rules=filters.rules_of(source),
        describes=source.described_at is None or source.described_at < at - DESCRIBED_EVERY,
    )


def _title(source: Source) -> str:
    if source.chat_id is None:
        return ""
    known = Peer.objects.filter(session=source.session_id, chat_id=source.chat_id)
    return known.values_list("title", flat=True).first() or ""


def _imported_to(source: Source) -> int:
    """The newest message that an export has brought: reading goes on from there."""
    known = Post.objects.filter(source=source, message_id__isnull=False).order_by("-message_id")
    return known.values_list("message_id", flat=True).first() or 0


def due_again(source: Source, at: datetime) -> tuple[Again, ...]:
    """Posts whose next look is due, the oldest first, as many as one request can read."""
    due = Q(counted_at__isnull=True, published_at__lte=at - AGES[0])
    for age in AGES:
        due |= Q(published_at__lte=at - age, counted_at__lt=F("published_at") + age)
    posts = list(
        Post.objects.filter(
            due, source=source, message_id__isnull=False, deleted_at__isnull=True, published_at__gte=at - AGE_MAX
        )
        .order_by("published_at", "id")
        .only("pk", "external_id", "message_id", "album_id")[:PAGE]
    )
    parts: dict[int, list[int]] = {}
    albums = [post.pk for post in posts if post.album_id is not None]
    for pk, key in PostMedia.objects.filter(post__in=albums).values_list("post_id", "key"):
        if key.isdigit():
            parts.setdefault(pk, []).append(int(key))
    due_posts: list[Again] = []
    room = PAGE
    for post in posts:
        ids = sorted({*parts.get(post.pk, ()), *((post.message_id,) if post.message_id is not None else ())})
        room -= len(ids)
        if room < 0:
            break
        due_posts.append(Again(post.pk, post.external_id, tuple(ids), post.album_id))
    return tuple(due_posts)


def _back(source: Source, row: ChannelRead, at: datetime, *, is_first: bool) -> Back | None:
    """The next step back, where one is wanted and no other channel of the account waits for its reading."""
    if not (is_first or source.reads_back):
        return None
    posts: int | None = None
    if source.backfill_posts:
        posts = max(source.backfill_posts - source.backfilled_posts, 0)
    elif source.backfill_from is None:
        posts = FIRST_POSTS
    if is_first:
        return Back(0, posts, source.backfill_from)
    if source.backfill_id is None or _others_wait(source, row, at):
        return None
    return Back(source.backfill_id, posts, source.backfill_from, BACK_PAGES)


def _others_wait(source: Source, row: ChannelRead, at: datetime) -> bool:
    due: WorkQuerySet[ChannelRead] = WorkQuerySet(ChannelRead)
    others = due.due(at).filter(source__session=source.session_id).exclude(pk=row.pk).order_by("not_before")
    waiting = others.values_list("source__last_ok_at", "source__interval_s")[:OVERDUE_LOOKED_AT]
    return any(last is None or last + timedelta(seconds=interval) <= at for last, interval in waiting)


def read_record(row: ChannelRead, result: ReadResult) -> None:
    """Store what came, note how it went on the source, and make the next reading."""
    source = Source.objects.select_for_update(of=("self",)).get(pk=row.source_id)
    if not result.outcome:
        read_next(source)  # resumed meanwhile, or without an account: the row waits for one; a paused one gets none
        return
    if result.outcome == Poll.Outcome.FAILED:
        wait = channel_failed(source, result)
        _noted(row, result, problem=source.last_error)
        if wait is not None:
            read_next(source, wait=wait)
    elif channel_named(source, result):
        report = posts_record(source=source, prepared=result.prepared, gone=result.gone)
        deleted = posts_mark_deleted(source=source, external_ids=result.gone)
        Post.objects.filter(source=source, pk__in=result.seen).update(counted_at=now())
        _succeeded(source, result)
        _noted(row, result, report=report, deleted=deleted)
        read_next(source, wait=_wait(source, result))
    else:
        _noted(row, result, problem=source.last_error)
    old = ChannelRead.objects.filter(source=source, state=WorkRow.State.DONE, finished_at__lt=now() - KEPT)
    old.delete()


def _noted(
    row: ChannelRead, result: ReadResult, *, report: IntakeReport | None = None, deleted: int = 0, problem: str = ""
) -> None:
    done = report or IntakeReport()
    ChannelRead.objects.filter(pk=row.pk).update(
        outcome=Poll.Outcome.FAILED if problem else result.outcome,
        added=done.added,
        changed=done.changed,
        dropped=done.dropped,
        deleted=deleted,
        problem=problem,
    )


def _succeeded(source: Source, result: ReadResult) -> None:
    """Note a reading that went well, and follow a basic group that became a supergroup.

    Telegram gives such a group a new id and numbers its messages anew; the old one's last message names it. Where
    another source reads the supergroup already, this one is paused where it stands, so that a resume sees the message
    again.
    """
    at, failures = now(), source.failures
    moved = result.migrated_to
    moved_to = moved.chat_id if moved is not None and moved.chat_id != source.chat_id else None
    twin = twin_of(source, moved_to) if moved_to is not None else None
    if twin is None:
        source.read_to_id = max(source.read_to_id, result.read_to_id)
    source.last_ok_at = source.last_tried_at = at
    source.last_error, source.failures = "", 0
    fields = ["read_to_id", "last_ok_at", "last_tried_at", "last_error", "failures"]
    if result.back is not None:
        fields += _stepped_back(source, result.back)
    if moved_to is not None and twin is None:
        # The first of the new numbers is the message that tells of the move.
        source.chat_id, source.read_to_id, source.backfill_id, source.described_at = moved_to, 1, 0, None
        fields += ["chat_id", "backfill_id", "described_at"]
        if moved is not None and moved.access_hash:
            new = ChannelInfo(moved.chat_id, moved.access_hash, result.title or source.name, kind="supergroup")
            peer_keep(session_pk=result.session_pk, channel=new)
    source.save(update_fields=fields)
    if twin is not None:
        twin_stopped(source, twin)
    if failures:
        alert_close(workspace=source.workspace, key=failing_key(source))


def _stepped_back(source: Source, step: BackStep) -> list[str]:
    source.backfill_id = step.edge
    source.backfilled_posts += step.posts
    if step.oldest is not None:
        source.backfilled_to = min(step.oldest, source.backfilled_to or step.oldest)
    return ["backfill_id", "backfilled_posts", "backfilled_to"]


def _wait(source: Source, result: ReadResult) -> timedelta:
    """At once where more is there; soon while the channel is read back; else after the interval."""
    if not result.is_whole or result.migrated_to is not None:
        return MORE_WAIT
    if source.reads_back or len(result.seen) + len(result.gone) >= PAGE:
        return min(BACK_WAIT, source.interval)
    return read_wait(source)


def read_dead(row: WorkRow) -> None:
    """A reading died (a bug, a lost process): say so on the source and read again later all the same."""
    pk = ChannelRead.objects.values_list("source_id", flat=True).get(pk=row.pk)
    source = Source.objects.select_for_update(of=("self",)).get(pk=pk)
    failures = trouble_told(source, _("The reading broke off because of a fault in Pult. It will be tried again."))
    read_next(source, wait=wait_after(source, failures=failures))
