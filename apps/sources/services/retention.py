"""A round through a workspace that removes what it keeps no longer: posts, files without users, raw answers.

Every step is a short transaction of its own and finds its work by what is there, so a round that is killed, repeated or
put off goes on where it was. After `ROUND_S` a round makes way for other work.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.work import drain, stopping
from apps.core.work.models import WorkRow
from apps.sources.media_parts import parts_forget
from apps.sources.models import (
    ChannelFetch,
    ChannelRead,
    CopyCheck,
    HubPush,
    ImportFile,
    KinshipReview,
    MediaFetch,
    MediaFile,
    Poll,
    Post,
    Retention,
    Source,
    Tombstone,
)
from apps.sources.services.media_store import media_files_hold
from apps.sources.services.removing import posts_retire
from apps.sources.services.upkeep import RETENTION_EVERY, round_forget, round_next

POSTS_AT_ONCE = 200
ROWS_AT_ONCE = 1000
FILES_AT_ONCE = 50
ROUND_S = 20.0
ANSWERS_KEPT = timedelta(days=7)  # finished collections, readings, fetches; the files of finished imports
FAILURES_KEPT = timedelta(days=30)  # uploads of failed imports, failed pushes, beginnings of files: a person may look
FILES_SPARED = timedelta(days=1)  # a file that was just stored may be about to be shown
STONES_KEPT = timedelta(days=365)  # since its source last offered the item
ANSWERS: tuple[type[WorkRow], ...] = (
    *(Poll, ChannelRead, MediaFetch, ChannelFetch),
    *(HubPush, CopyCheck, KinshipReview),
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a time of keeping would remove: how many posts now, older than so many days."""

    posts: int
    days: int


def kept_days(source: Source, workspace: Workspace) -> int:
    """How many days a source's posts are kept; 0 is for ever."""
    return workspace.retention_days if source.retention_days is None else source.retention_days


def workspace_forecast(workspace: Workspace, days: int) -> Forecast:
    """What would go at once if the workspace kept posts for so many days; sources with a time of their own apart."""
    return _forecast(Source.objects.filter(workspace=workspace, retention_days=None), days)


def workspace_removal(workspace: Workspace, days: int) -> int:
    """How many posts that would be, for the form of the workspace."""
    return workspace_forecast(workspace, days).posts


def source_forecast(source: Source, days: int) -> Forecast:
    """What would go at once if the source's posts were kept for so many days."""
    return _forecast(Source.objects.filter(pk=source.pk), days)


def _forecast(sources: models.QuerySet[Source], days: int) -> Forecast:
    if days == 0:
        return Forecast(0, 0)
    rows = _old(now() - timedelta(days=days)).filter(source__in=sources)
    return Forecast(rows.order_by().count(), days)


def _old(cut: datetime) -> models.QuerySet[Post]:
    return Post.objects.filter(collected_at__lt=cut, is_used=False)


def retention_clear(row: Retention) -> None:
    """Remove what is old, step by step; counts stand on the row."""
    round_ = _Round(row)
    round_.files()
    for source in Source.objects.filter(workspace_id=row.workspace_id).order_by("pk"):
        days = kept_days(source, row.workspace)
        if days:
            round_.posts(source, at=now(), cut=now() - timedelta(days=days))
    round_.media(before=now() - FILES_SPARED)
    round_.uploads(WorkRow.State.DONE, before=now() - ANSWERS_KEPT)
    round_.uploads(WorkRow.State.DEAD, before=now() - FAILURES_KEPT)
    for kind in ANSWERS:
        round_.rows(
            kind._base_manager.filter(
                workspace_id=row.workspace_id, state=WorkRow.State.DONE, finished_at__lt=now() - ANSWERS_KEPT
            )
        )
    failed = HubPush.objects.filter(workspace_id=row.workspace_id, state=WorkRow.State.DEAD)
    round_.rows(failed.filter(finished_at__lt=now() - FAILURES_KEPT))
    parts_forget(before=now() - FAILURES_KEPT)
    round_.rows(Tombstone.objects.filter(source__workspace_id=row.workspace_id, at__lt=now() - STONES_KEPT))


def retention_record(row: Retention, _cleared: None) -> None:
    """Say in the audit what was removed, and make the next round."""
    done = Retention.objects.get(pk=row.pk)
    if done.posts or done.media:
        details = {"posts": done.posts, "media": done.media, "payloads": done.payloads}
        audit_record(verb="workspace.cleared", target=row.workspace, workspace=row.workspace, details=details)
    round_forget(row)
    if Source.objects.filter(workspace_id=row.workspace_id).exists():
        round_next(Retention, workspace_id=row.workspace_id, at=now() + RETENTION_EVERY)


class _Round:
    """The steps of one round, with its time and its counts."""

    def __init__(self, row: Retention) -> None:
        self.row = row
        self.ends = time.monotonic() + ROUND_S

    def turn(self) -> None:
        """Between two steps: keep the lease, or make way."""
        if stopping.is_asked() or time.monotonic() > self.ends:
            raise drain.Defer(until=now() + timedelta(seconds=1), reason="makes way")
        drain.current().renew()

    def count(self, **more: int) -> None:
        """Add to the row's counts."""
        Retention.objects.filter(pk=self.row.pk).update(**{name: models.F(name) + n for name, n in more.items()})

    def posts(self, source: Source, *, at: datetime, cut: datetime) -> None:
        """Remove a source's posts that were collected before `cut`."""
        old = _old(cut).filter(source=source).order_by("collected_at").values_list("pk", flat=True)
        while batch := list(old[:POSTS_AT_ONCE]):
            with transaction.atomic():
                self.count(posts=posts_retire(source=source, posts=batch, at=at))
            self.turn()

    def media(self, *, before: datetime) -> None:
        """Remove files that no post shows any more: the rows first, then the bytes."""
        unused = MediaFile.objects.filter(~_has_users(), workspace_id=self.row.workspace_id, created_at__lt=before)
        while True:
            with transaction.atomic():
                media_files_hold(self.row.workspace_id)
                batch = list(unused.select_for_update(of=("self",)).order_by("pk")[:FILES_AT_ONCE])
                if not batch:
                    return
                MediaFile.objects.filter(pk__in=[media.pk for media in batch]).delete()
                self._leave([name for media in batch for name in _files_of(media)])
                self.count(media=len(batch))
            self.files()
            self.turn()

    def uploads(self, state: WorkRow.State, *, before: datetime) -> None:
        """Delete the files of imports that ended so; what they brought and how it went stays."""
        ended = ImportFile.objects.filter(
            ~Q(file=""), workspace_id=self.row.workspace_id, state=state, finished_at__lt=before
        )
        while True:
            with transaction.atomic():
                # Locked, since a person may have a failed one tried again at this moment.
                batch = list(ended.select_for_update(of=("self",)).order_by("pk")[:FILES_AT_ONCE])
                if not batch:
                    return
                ImportFile.objects.filter(pk__in=[upload.pk for upload in batch]).update(file="")
                self._leave([str(upload.file) for upload in batch])
                self.count(payloads=len(batch))
            self.files()
            self.turn()

    def rows(self, old: models.QuerySet[Any]) -> None:
        """Delete rows that nobody reads any more."""
        while batch := list(old.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE]):
            with transaction.atomic():
                old.model._base_manager.filter(pk__in=batch).delete()
                self.count(payloads=len(batch))
            self.turn()

    def _leave(self, names: Iterable[str]) -> None:
        """Note the files to delete, in the transaction that took them from their rows."""
        self.row.files = [*self.row.files, *names]
        Retention.objects.filter(pk=self.row.pk).update(files=self.row.files)

    def files(self) -> None:
        """Delete the noted files; one that a row came to own meanwhile stays, and none comes to until they are gone."""
        if self.row.files:
            with transaction.atomic():
                media_files_hold(self.row.workspace_id)
                self._files_delete()

    def _files_delete(self) -> None:
        names = self.row.files
        owned = set(MediaFile.objects.filter(file__in=names).values_list("file", flat=True))
        owned |= set(MediaFile.objects.filter(thumbnail__in=names).values_list("thumbnail", flat=True))
        owned |= set(ImportFile.objects.filter(file__in=names).values_list("file", flat=True))
        for name in names:
            if name not in owned:
                default_storage.delete(name)
        self.row.files = []
        Retention.objects.filter(pk=self.row.pk).update(files=[])


def _has_users() -> Q:
    """Whether any row anywhere refers to the file."""
    used = Q(pk__in=[])
    for relation in MediaFile._meta.related_objects:
        users = relation.related_model._base_manager.filter(**{f"{relation.field.name}": OuterRef("pk")})
        used |= Q(Exists(users))
    return used


def _files_of(media: MediaFile) -> list[str]:
    fields = (field for field in media._meta.get_fields() if isinstance(field, models.FileField))
    return [name for field in fields if (name := str(getattr(media, field.name)))]
