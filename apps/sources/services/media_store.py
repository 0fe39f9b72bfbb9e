"""Rows of stored pictures and files, once a workspace, and what posts show of them."""

from __future__ import annotations

from django.db import transaction

from apps.sources.media_bytes import Incoming, Kept, bytes_keep
from apps.sources.models import MediaFile, PostMedia


def media_file_keep(*, workspace_id: int, incoming: Incoming) -> MediaFile:
    """The one file of these bytes in the workspace, stored now if it was not; call it outside any transaction.

    Raises:
        PermanentError: it is empty, code empty.
    """
    known = MediaFile.objects.filter(workspace=workspace_id, sha256=incoming.sha256).first()
    return known or media_file_of(bytes_keep(workspace_id=workspace_id, incoming=incoming))


def media_file_of(kept: Kept) -> MediaFile:
    """The row of a stored file, made now if there is none."""
    row = MediaFile(
        workspace_id=kept.workspace_id,
        sha256=kept.sha256,
        file=kept.file,
        mime=kept.mime,
        size=kept.size,
        width=kept.width,
        height=kept.height,
        thumbnail=kept.thumbnail,
    )
    MediaFile.objects.bulk_create([row], ignore_conflicts=True)
    return MediaFile.objects.get(workspace=kept.workspace_id, sha256=kept.sha256)


@transaction.atomic
def media_stored(*, media_id: int, file: MediaFile) -> bool:
    """Note that a post's picture or file is here; whether it was not before."""
    waiting = PostMedia.objects.filter(pk=media_id, state__in=[PostMedia.State.REMOTE, PostMedia.State.FAILED])
    return waiting.update(state=PostMedia.State.STORED, stored=file, problem="") == 1


@transaction.atomic
def media_failed(*, media_id: int, problem: str) -> bool:
    """Note in words why a picture or file can't be had; whether it was waited for."""
    waiting = PostMedia.objects.filter(pk=media_id, state__in=[PostMedia.State.REMOTE, PostMedia.State.FAILED])
    return waiting.update(state=PostMedia.State.FAILED, problem=problem) == 1
