"""The folder of an export, unpacked or as a zip: its result.json and the files beside it, read without unpacking.

Names inside never become paths: members are looked up, and what lies outside the folder does not exist.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from django.utils.translation import gettext as _

from apps.sources.ports import UnreadableError

RESULT = "result.json"
DIRECTORY_MAX = 64 * 1024 * 1024  # bytes of a zip's list of members: about 600,000 of them
JSON_RATIO_MAX = 200  # words packed tighter than this are no words
FILE_RATIO_MAX = 100
END = b"PK\x05\x06"
END_BYTES, END_REACH = 22, 22 + 65_535
# What zipfile raises where bytes are not what the list of members says.
FAULTS = (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError)
LOCATOR, LOCATOR_BYTES = b"PK\x06\x07", 20
END_64, END_64_BYTES = b"PK\x06\x06", 56


class Folder(Protocol):
    """The files of an export."""

    def open(self, path: str, *, longest: int) -> IO[bytes] | None:
        """A file by the name that result.json gives it; None where there is none of at most `longest` bytes."""
        ...


def path_within(name: str) -> str:
    """A relative path in one spelling; empty for what would lead out of its folder."""
    if "\\" in name or "\x00" in name or ":" in name.split("/")[0]:
        return ""
    path = PurePosixPath(name)
    return "" if path.is_absolute() or ".." in path.parts else str(path)


class PlainFolder:
    """A folder of the file system."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def open(self, path: str, *, longest: int) -> IO[bytes] | None:
        """A file of the folder; links that lead out of it do not count."""
        within = path_within(path)
        found = (self._root / within).resolve() if within else self._root
        if not found.is_relative_to(self._root) or not found.is_file() or found.stat().st_size > longest:
            return None
        return found.open("rb")


class ZipFolder:
    """A zipped folder; `open` reads one member at a time.

    Attributes:
        json_size: the size of result.json, unpacked.
    """

    def __init__(self, archive: zipfile.ZipFile, result: zipfile.ZipInfo) -> None:
        self._archive = archive
        self._result = result
        self._base = str(PurePosixPath(result.filename).parent)
        self.json_size = result.file_size

    @contextmanager
    def result(self) -> Iterator[IO[bytes]]:
        """The messages; reading them raises what `zip_opened` raises."""
        try:
            words = self._archive.open(self._result)
        except FAULTS as exc:
            raise _broken() from exc
        with words, io.BufferedReader(_Words(words)) as whole:
            yield whole

    def open(self, path: str, *, longest: int) -> IO[bytes] | None:
        """A member by its path beside result.json."""
        within = path_within(path)
        try:
            info = self._archive.getinfo(within if self._base == "." else f"{self._base}/{within}")
        except KeyError:
            return None
        if not within or info.is_dir() or info.flag_bits & 1 or info.file_size > longest:
            return None
        if info.file_size > FILE_RATIO_MAX * max(info.compress_size, 1024):
            return None
        try:
            return self._archive.open(info)
        except FAULTS:
            return None


class _Words(io.RawIOBase):
    """A member whose faults are told as what they are."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._member.read(len(buffer))
        except FAULTS as exc:
            raise _broken() from exc
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def zip_opened(file: IO[bytes], *, longest: int) -> Iterator[ZipFolder]:
    """A zipped export; `longest` is how many bytes its result.json may unpack to.

    Raises:
        UnreadableError: it is broken, locked by a password, holds no export, or unpacks to more than it should.
    """
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except FAULTS as exc:
        raise _broken() from exc
    with archive:
        results = [info for info in archive.infolist() if PurePosixPath(info.filename).name == RESULT]
        if not results:
            raise UnreadableError(
                _("The zip holds no result.json. Zip the whole folder that Telegram Desktop made, in the JSON format."),
                code="zip_no_export",
            )
        result = min(results, key=lambda info: (info.filename.count("/"), info.filename))
        if result.flag_bits & 1:
            raise UnreadableError(_("The zip is locked by a password. Zip the folder without one."), code="zip_locked")
        if result.file_size > longest or result.file_size > JSON_RATIO_MAX * max(result.compress_size, 1024):
            raise UnreadableError(_("What is in the zip unpacks to more than an export can be."), code="zip_bomb")
        yield ZipFolder(archive, result)


def _broken() -> UnreadableError:
    return UnreadableError(_("The zip is broken or cut off. Make it again and upload it whole."), code="zip_broken")


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a list of members that would fill the memory, before it is read (APPNOTE.TXT, 4.3.14 to 4.3.16)."""
    whole = file.seek(0, 2)
    start = max(0, whole - END_REACH - LOCATOR_BYTES - END_64_BYTES)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) - place < END_BYTES:
        raise _broken()
    (size,) = struct.unpack_from("<I", tail, place + 12)
    locator = place - LOCATOR_BYTES
    if locator >= 0 and tail[locator : locator + 4] == LOCATOR:
        # zipfile reads what stands right before the locator, others what it points to: it has to be one and the same.
        record = locator - END_64_BYTES
        (told,) = struct.unpack_from("<Q", tail, locator + 8)
        if record < 0 or told != start + record or tail[record : record + 4] != END_64:
            raise _broken()
        (size,) = struct.unpack_from("<Q", tail, record + 40)
    if size > DIRECTORY_MAX:
        raise UnreadableError(_("What is in the zip unpacks to more than an export can be."), code="zip_bomb")
    file.seek(0)
