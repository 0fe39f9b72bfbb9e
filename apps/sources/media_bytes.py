"""The bytes of pictures and files: hashed while they come, typed by what they are, stored under their hash."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, Self

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.sources.parsers.pictures import picture_of
from apps.sources.parsers.sniff import EXTENSIONS, HEAD, PICTURES, type_of

IN_MEMORY = 1024 * 1024
PIECE = 256 * 1024


class Incoming:
    """A file on its way in: small ones in memory, others in a temporary file; never larger than the limit."""

    def __init__(self, *, longest: int | None = None) -> None:
        self._longest = media_max_bytes() if longest is None else longest
        self._spool: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._spool.close()

    def write(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            PermanentError: it is too large, code too_large.
        """
        self.size += len(piece)
        if self.size > self._longest:
            raise too_large(self._longest)
        self._hash.update(piece)
        self._spool.write(piece)

    def take(self, stream: IO[bytes]) -> None:
        """Take all of a stream.

        Raises:
            PermanentError: it is too large, code too_large.
        """
        while piece := stream.read(PIECE):
            self.write(piece)

    @property
    def sha256(self) -> str:
        """The hash of what has come."""
        return self._hash.hexdigest()

    def whole(self) -> IO[bytes]:
        """The file from its first byte."""
        self._spool.seek(0)
        return self._spool


def media_max_bytes() -> int:
    """The largest picture or file that is kept."""
    return int(settings.MEDIA_MAX_MB) * 1024 * 1024


def too_large(longest: int) -> PermanentError:
    """The failure of a file over the limit."""
    return PermanentError(
        _("The file is larger than %(limit)s.") % {"limit": filesizeformat(longest)}, code="too_large"
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file that no row may tell of yet; the fields are those of `MediaFile`."""

    workspace_id: int
    sha256: str
    file: str
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    thumbnail: str = ""


def bytes_keep(*, workspace_id: int, incoming: Incoming) -> Kept:
    """Store a file and its small copy, without the database; `media_file_of` must follow.

    Its name is its hash, so that a worker that dies before the row leaves nothing that the next would double.

    Raises:
        PermanentError: it is empty, code empty.
    """
    if not incoming.size:
        raise PermanentError(_("The file is empty."), code="empty")
    mime = type_of(incoming.whole().read(HEAD))
    place = f"{workspace_id}/{incoming.sha256[:2]}/{incoming.sha256}"
    name = _stored(f"media/{place}{EXTENSIONS.get(mime, '')}", File(incoming.whole()), incoming.size)
    picture = picture_of(incoming.whole()) if mime in PICTURES else None
    kept = Kept(workspace_id, incoming.sha256, name, mime, incoming.size)
    if picture is None:
        return kept
    small = picture.small
    thumbnail = _stored(f"thumbnails/{place}.webp", ContentFile(small), len(small)) if small else ""
    return replace(kept, width=picture.width, height=picture.height, thumbnail=thumbnail)


def _stored(name: str, content: File[bytes], size: int) -> str:
    """The file under exactly this name: one of another length, from a lost disk or an old release, makes way."""
    if default_storage.exists(name):
        if default_storage.size(name) == size:
            return name
        default_storage.delete(name)
    stored = default_storage.save(name, content)
    if stored != name:  # another worker stored the same content in between
        default_storage.delete(stored)
    return name
