"""Tables as files for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def file_of(lines: Iterable[Sequence[str]]) -> bytes:
    """Lines as CSV; what a spreadsheet would take for a formula is made text."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerows([[harmless(cell) for cell in line] for line in lines])
    return ("\ufeff" + written.getvalue()).encode()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet calculates."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
