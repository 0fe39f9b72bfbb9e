"""The limit of uploads: what is larger is read past without being kept; the form gets an empty file that says so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MEGABYTE = 1024 * 1024


def upload_max_bytes() -> int:
    """The largest file that may be uploaded."""
    return int(settings.IMPORT_MAX_MB) * MEGABYTE


class RefusedUpload(SimpleUploadedFile):
    """An upload over the limit; it holds nothing."""


class Limit(FileUploadHandler):
    """Stands before the handlers that keep files; lets nothing through to them from the first byte too many on."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._limit = 0
        self._received = 0

    def new_file(self, *args: Any, **options: Any) -> None:
        """Begin with the next file."""
        super().new_file(*args, **options)
        self._limit = upload_max_bytes()
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:  # noqa: ARG002
        """Pass a piece on, or let it go."""
        self._received += len(raw_data)
        return None if self._received > self._limit else raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:  # noqa: ARG002
        """The refusal of a file that was too large; other handlers give what they kept."""
        if self._received <= self._limit:
            return None
        for other in self.request.upload_handlers if self.request is not None else ():
            kept = getattr(other, "file", None)
            if kept is not None and other is not self:
                kept.close()  # what a handler had kept of it goes now, not when memory is tidied
        return RefusedUpload(self.file_name or "", b"", self.content_type or "application/octet-stream")
