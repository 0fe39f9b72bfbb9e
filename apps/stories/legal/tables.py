"""Legal lists as tables: CSV in the encodings and with the delimiters that offices use. Pure: bytes in, rows out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "название", "наименование", "имя", "фио", "полное наименование"),
    "also": ("also", "also known as", "также", "другие названия", "псевдоним", "псевдонимы"),
    "since": ("since", "from", "с", "дата включения", "дата принятия решения"),
    "until": ("until", "to", "по", "до", "дата исключения"),
}
DELIMITERS = (";", ",", "\t", "|")
NAME_LENGTH, ALSO_LENGTH = 300, 5_000
ISO, DOTTED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
SEPARATORS = re.compile(r"[;|\n]")


@dataclass(frozen=True)
class Row:
    """One entry of a table; `line` is where in the file it stands."""

    line: int
    name: str
    also: tuple[str, ...]
    since: date | None
    until: date | None


@dataclass(frozen=True)
class Problem:
    """A line that could not be read, and why, in words; the name where the line has one."""

    line: int
    words: str
    name: str = ""


class TableError(ValueError):
    """The file is no table with the columns that are needed; its text says what to do."""


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or windows-1251.

    Raises:
        TableError: it is none of them.
    """
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ("utf-16",) if is_wide else ("utf-8-sig", "windows-1251")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise TableError(_("This is not a text table. Save it as CSV, in UTF-8 or Windows-1251."))


def table_rows(content: bytes) -> Iterator[Row | Problem]:
    """The entries of a file one after another, and the lines that could not be read.

    Raises:
        TableError: the file is no text, or its first line does not name the columns.
    """
    text = decoded(content)
    head = text.lstrip("\r\n").partition("\n")[0].strip("\r")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    columns: dict[str, int] = {}
    seen: dict[str, int] = {}
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            yield Problem(
                reader.line_num, _("This line can't be read: a quotation mark is open or a cell is too long.")
            )
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = columns_of(cells)
            continue
        yield unrepeated(row_of(reader.line_num, cells, columns), seen)
    if not columns:
        raise TableError(_("The file is empty."))


def unrepeated(row: Row | Problem, seen: dict[str, int]) -> Row | Problem:
    """The row, or what is wrong where its name has stood in the file before."""
    if isinstance(row, Problem):
        return row
    earlier = seen.setdefault(row.name.casefold(), row.line)
    if earlier == row.line:
        return row
    return Problem(
        row.line, _("“%(name)s” stands in line %(line)d already.") % {"name": row.name[:80], "line": earlier}
    )


def columns_of(cells: list[str]) -> dict[str, int]:
    """Which column is which.

    Raises:
        TableError: none is the name.
    """
    titles = [" ".join(cell.split()).casefold() for cell in cells]
    found = {
        column: titles.index(title) for column, names in COLUMNS.items() for title in reversed(names) if title in titles
    }
    if "name" not in found:
        raise TableError(_("The first line has to name the columns: name, also, since, until. Only “name” is a must."))
    return found


def row_of(line: int, cells: list[str], columns: dict[str, int]) -> Row | Problem:
    """One line as an entry, or what is wrong with it."""
    values = {column: cells[at].strip() if at < len(cells) else "" for column, at in columns.items()}
    name = " ".join(values["name"].split())
    also = tuple(
        dict.fromkeys(one for part in SEPARATORS.split(values.get("also", "")) if (one := " ".join(part.split())))
    )
    if not name:
        return Problem(line, _("The name is empty."))
    if len(name) > NAME_LENGTH:
        return Problem(line, _("The name is longer than %(limit)d characters.") % {"limit": NAME_LENGTH})
    if sum(map(len, also)) > ALSO_LENGTH:
        return Problem(line, _("The other names are longer than %(limit)d characters.") % {"limit": ALSO_LENGTH}, name)
    days: dict[str, date | None] = {}
    for column in ("since", "until"):
        typed = values.get(column, "")
        days[column] = day_of(typed)
        if typed and days[column] is None:
            return Problem(
                line, _("“%(typed)s” is not a date; write it like 31.01.2030.") % {"typed": typed[:40]}, name
            )
    since, until = days["since"], days["until"]
    if since and until and since > until:
        return Problem(line, _("The last day is before the first."), name)
    return Row(line, name, also, since, until)


def day_of(typed: str) -> date | None:
    """A day written as 2030-01-31 or 31.01.2030, with or without a time; None where it is none."""
    typed = typed.strip().split(" ")[0].split("T")[0]
    if found := ISO.fullmatch(typed):
        year, month, day = map(int, found.groups())
    elif found := DOTTED.fullmatch(typed):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
