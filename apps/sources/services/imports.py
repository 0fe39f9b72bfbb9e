"""Uploaded exports: kept, imported by a worker, repeatable without doubles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import IO

from django.core.files import File
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert, User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.uploads import upload_max_bytes
from apps.core.work import bells, drain, stopping
from apps.core.work.models import WorkRow
from apps.sources.models import ImportFile, Source
from apps.sources.parsers.archives import zip_opened
from apps.sources.ports import IntakeReport
from apps.sources.services.importing import ImportReport, export_import, refuse_unknown

RENEWED_EVERY_S = 20.0
TAKE_FILES = frozenset({Source.Kind.EXPORT, Source.Kind.TELEGRAM})  # a channel takes its own export


def import_request(*, source: Source, file: File[bytes], name: str, actor: User | None = None) -> ImportFile:
    """Keep an uploaded export and have it imported; call it outside any transaction.

    Raises:
        TransitionError: the source takes no files, or the file is empty.
    """
    upload = upload_keep(file=file, name=name)
    try:
        return upload_import(upload=upload, source=source, actor=actor)
    finally:
        upload_settle(upload)


def upload_keep(*, file: File[bytes], name: str) -> ImportFile:
    """Store an uploaded file, which may go over the network; no row is made yet. `upload_settle` must follow.

    Raises:
        TransitionError: the file is empty.
    """
    if not file.size:
        raise TransitionError(_("The file is empty."))
    upload = ImportFile(original_name=name[-255:], size=file.size)
    is_zip = PurePosixPath(name.lower()).suffix == ".zip"
    upload.file.save("export.zip" if is_zip else "export.json", file, save=False)
    return upload


@transaction.atomic
def upload_import(*, upload: ImportFile, source: Source, actor: User | None = None) -> ImportFile:
    """Have a stored file imported.

    Raises:
        TransitionError: the source takes no files, or is a channel that was not read yet.
    """
    if source.kind not in TAKE_FILES:
        raise TransitionError(_("Feeds and web pages take no files; make a source of the kind “Telegram export”."))
    refuse_unknown(source)
    upload.workspace_id, upload.source = source.workspace_id, source
    upload.save(force_insert=True)
    details = {"source": source.name, "size": upload.size}
    audit_record(verb="import.requested", target=upload, actor=actor, details=details)
    bells.ring_on_commit("import_file")
    return upload


def upload_settle(upload: ImportFile) -> None:
    """Delete a stored file that no row came to own; call it after the transaction of `upload_import`."""
    name = str(upload.file)
    if not ImportFile.objects.filter(file=name).exists():
        upload.file.storage.delete(name)


def import_store(row: ImportFile) -> ImportReport:
    """Store the file's posts by the thousand, with the lease renewed and the counts shown after each.

    A worker that is asked to stop puts the import back after the thousand in hand.
    """
    # A second attempt finds known what the first one added, so its counts go on from there.
    before = ImportReport(
        intake=IntakeReport(added=row.added, changed=row.changed, dropped=row.dropped), media=row.media
    )

    def progress(report: ImportReport) -> None:
        drain.current().renew()
        _count(row, report)
        if stopping.is_asked():
            raise drain.Defer(until=now())

    try:
        with row.file.open("rb") as stream:
            return _imported(row, stream, before=before, progress=progress)
    except FileNotFoundError as exc:
        raise PermanentError(_("The uploaded file is gone. Upload it again."), code="file_gone") from exc


def _imported(
    row: ImportFile, stream: IO[bytes], *, before: ImportReport, progress: Callable[[ImportReport], None]
) -> ImportReport:
    if not str(row.file).endswith(".zip"):
        return export_import(source=row.source, file=stream, progress=progress, before=before)
    with zip_opened(stream, longest=upload_max_bytes()) as folder, folder.result() as result:
        whole = max(folder.json_size, 1)
        return export_import(
            source=row.source,
            file=result,
            folder=folder,
            progress=lambda report: progress(replace(report, consumed=row.size * report.consumed // whole)),
            alive=_kept_alive(),
            before=before,
        )


def _kept_alive() -> Callable[[], None]:
    """Renews the lease between files, not at every one of them."""
    last = time.monotonic()

    def alive() -> None:
        nonlocal last
        if time.monotonic() - last > RENEWED_EVERY_S:
            drain.current().renew()
            last = time.monotonic()

    return alive


def import_record(row: ImportFile, report: ImportReport) -> None:
    """Note the end of an import."""
    _count(row, replace(report, consumed=row.size))
    moment = now()
    Source.objects.filter(pk=row.source_id).update(last_ok_at=moment, last_tried_at=moment, last_error="", failures=0)
    alert_close(workspace=row.workspace, key=failed_key(row))
    audit_record(verb="import.done", target=row, details={"read": report.read, "added": report.intake.added})


def import_dead(row: WorkRow) -> None:
    """An import ended badly: say so on the source, and to a person."""
    failed = ImportFile.objects.select_related("source", "workspace").get(pk=row.pk)
    Source.objects.filter(pk=failed.source_id).update(last_tried_at=now(), last_error=row.error)
    alert_raise(
        workspace=failed.workspace,
        key=failed_key(failed),
        message=_("The import of “%(file)s” stopped: %(problem)s")
        % {"file": failed.original_name, "problem": row.error},
        level=Alert.Level.ERROR,
        url=reverse("admin:sources_importfile_change", args=[failed.pk]),
    )


def failed_key(row: ImportFile) -> str:
    """The key of the alert that an import stopped."""
    return f"import.failed:{row.pk}"


def _count(row: ImportFile, report: ImportReport) -> None:
    done = report.intake
    ImportFile.objects.filter(pk=row.pk).update(
        bytes_read=report.consumed,
        read=report.read,
        skipped=report.skipped,
        added=done.added,
        changed=done.changed,
        dropped=done.dropped,
        media=report.media,
    )
