"""Rows of stored pictures and files, once a workspace, and what posts show of them."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.errors import RetryableError
from apps.sources.media_bytes import Incoming, Kept, bytes_keep
from apps.sources.models import MediaFile, PostMedia


def media_file_keep(*, workspace_id: int, incoming: Incoming) -> MediaFile:
    """The one file of these bytes in the workspace, stored now if it was not; call it outside any transaction.

    Raises:
        PermanentError: it is empty, code empty.
    """
    known = MediaFile.objects.filter(workspace=workspace_id, sha256=incoming.sha256).first()
    if known is not None and _is_there(known):
        return known
    try:
        return media_file_of(bytes_keep(workspace_id=workspace_id, incoming=incoming))
    except RetryableError:  # the bytes are still in hand
        return media_file_of(bytes_keep(workspace_id=workspace_id, incoming=incoming))


def media_files_hold(workspace_id: int) -> None:
    """Take turns, until the transaction ends, with whoever gives a stored file its row, or deletes one without.

    New rows of the workspace do not wait for it.
    """
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace_id)


@transaction.atomic
def media_file_of(kept: Kept) -> MediaFile:
    """The row of a stored file, made now if there is none.

    Raises:
        RetryableError: the bytes were deleted since they were stored, as those of a file that nothing showed.
    """
    media_files_hold(kept.workspace_id)
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
    file = MediaFile.objects.get(workspace=kept.workspace_id, sha256=kept.sha256)
    if not _is_there(file):
        raise RetryableError(_("The stored file was removed meanwhile; it is fetched again."), code="file_gone")
    return file


def _is_there(file: MediaFile) -> bool:
    return all(default_storage.exists(name) for name in (str(file.file), str(file.thumbnail)) if name)


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
