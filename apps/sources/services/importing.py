"""Exported posts, read as a stream and stored by the thousand, with the files that lie beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, TransitionError
from apps.sources.media_bytes import Incoming, media_max_bytes
from apps.sources.models import PostMedia, Source
from apps.sources.parsers.archives import FAULTS, Folder
from apps.sources.parsers.export import read_export
from apps.sources.parsers.json_repair import Repaired
from apps.sources.ports import IntakeReport, Item
from apps.sources.services.intake import BATCH, posts_intake
from apps.sources.services.media_store import media_failed, media_file_keep, media_stored

WAITING = (PostMedia.State.REMOTE, PostMedia.State.FAILED)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far an import has come.

    Attributes:
        read: posts, of which an album is one.
        skipped: messages that show and say nothing, and messages about the chat itself.
        consumed: bytes of result.json.
        media: pictures and files stored.
    """

    read: int = 0
    skipped: int = 0
    intake: IntakeReport = field(default_factory=IntakeReport)
    consumed: int = 0
    media: int = 0

    def __add__(self, other: ImportReport) -> ImportReport:
        return ImportReport(
            self.read + other.read,
            self.skipped + other.skipped,
            self.intake + other.intake,
            self.consumed + other.consumed,
            self.media + other.media,
        )


def export_import(
    *,
    source: Source,
    file: IO[bytes],
    folder: Folder | None = None,
    progress: Callable[[ImportReport], None] | None = None,
    alive: Callable[[], None] | None = None,
    before: ImportReport | None = None,
) -> ImportReport:
    """Store the posts of an export file, each thousand in a transaction of its own, and the files of its folder.

    `progress` is called after each thousand, outside the transaction, `alive` between files; counts of posts and files
    go on from `before`.

    Raises:
        UnreadableError: the file is broken or of another kind; what came before the trouble is stored.
    """
    skipped: list[None] = []
    start = before or ImportReport()
    report = ImportReport(intake=start.intake, media=start.media)
    stream = Repaired(file)
    items = read_export(stream, zone=source.workspace.zone, skipped=lambda: skipped.append(None))
    if source.kind == Source.Kind.TELEGRAM:
        refuse_unknown(source)
        items = _of_channel(items, source, skipped)
    for chunk in _chunks(items):
        done = posts_intake(source=source, items=chunk, is_past=True)
        stored = _files_keep(source, chunk, folder, alive) if folder is not None else 0
        report = ImportReport(
            read=report.read + len(chunk),
            skipped=len(skipped),
            intake=report.intake + done,
            consumed=stream.consumed,
            media=report.media + stored,
        )
        if progress is not None:
            progress(report)
    return replace(report, skipped=len(skipped), consumed=stream.consumed)


def _files_keep(source: Source, items: Sequence[Item], folder: Folder, alive: Callable[[], None] | None) -> int:
    """Store the files of kept posts that are not here yet; those that are broken or too large say so on their post."""
    paths = {
        (name, media.key): path
        for item in items
        for media in item.media
        if isinstance(path := media.remote.get("export"), str)
        for name in (item.external_id, *item.also_known)
    }
    if not paths:
        return 0
    names = list({name for name, _key in paths})
    waiting = PostMedia.objects.filter(
        post__source=source, post__external_id__in=names, post__dropped_by="", state__in=WAITING
    )
    stored = 0
    absent: list[int] = []
    for pk, name, key in list(waiting.order_by("pk").values_list("pk", "post__external_id", "key")):
        path = paths.get((name, key))
        if path is not None:
            stream = folder.open(path, longest=media_max_bytes())
            if stream is None:
                absent.append(pk)
            else:
                stored += _file_keep(source, pk, stream)
            if alive is not None:
                alive()
    PostMedia.objects.filter(pk__in=absent, state__in=WAITING).update(
        state=PostMedia.State.FAILED, problem=_("The export does not hold this file, or it is over the limit.")
    )
    return stored


def _file_keep(source: Source, media_id: int, stream: IO[bytes]) -> bool:
    try:
        with stream, Incoming() as incoming:
            incoming.take(stream)
            file = media_file_keep(workspace_id=source.workspace_id, incoming=incoming)
    except PermanentError as exc:
        media_failed(media_id=media_id, problem=str(exc))
        return False
    except FAULTS:
        media_failed(media_id=media_id, problem=_("This file is broken in the export."))
        return False
    return media_stored(media_id=media_id, file=file)


def refuse_unknown(source: Source) -> None:
    """Take exports of a channel only once its id is known.

    Raises:
        TransitionError: it is not.
    """
    if source.kind == Source.Kind.TELEGRAM and source.chat_id is None:
        raise TransitionError(_("The channel was not read yet. Upload its export once it has been."))


def _of_channel(items: Iterator[Item], source: Source, skipped: list[None]) -> Iterator[Item]:
    """The posts of the channel itself, named as its reader names them; those of other chats are left out."""
    for item in items:
        if item.external_id.startswith(f"{source.chat_id}:"):
            yield replace(item, channel="")
        else:
            skipped.append(None)


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    while chunk := list(islice(items, BATCH)):
        yield chunk
