"""Files of exported posts: read as a stream, stored by the thousand, repeatable without doubles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from apps.sources.models import Source
from apps.sources.parsers.export import read_export
from apps.sources.ports import IntakeReport, Item
from apps.sources.services.intake import BATCH, posts_intake


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far an import has come; `skipped` counts messages without words and messages about the chat itself."""

    read: int = 0
    skipped: int = 0
    intake: IntakeReport = IntakeReport()


def export_import(
    *, source: Source, file: BinaryIO, progress: Callable[[ImportReport], None] | None = None
) -> ImportReport:
    """Store the posts of an export file, each thousand in a transaction of its own.

    `progress` is called after each of them, outside the transaction.

    Raises:
        UnreadableError: the file is broken or of another kind; what came before the trouble is stored.
    """
    skipped: list[None] = []
    report = ImportReport()
    items = read_export(file, zone=source.workspace.zone, skipped=lambda: skipped.append(None))
    for chunk in _chunks(items):
        done = posts_intake(source=source, items=chunk)
        report = ImportReport(read=report.read + len(chunk), skipped=len(skipped), intake=report.intake + done)
        if progress is not None:
            progress(report)
    return replace(report, skipped=len(skipped))


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    while chunk := list(islice(items, BATCH)):
        yield chunk
