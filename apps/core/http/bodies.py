"""Reading a body piece by piece, so that neither its length nor its compression can fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterator, Mapping

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, RetryableError

# What is asked for is what can be unpacked in bounded steps with the standard library; anything else is refused.
ACCEPT_ENCODING = "gzip, deflate"
STEP = 65_536


class Inflater:
    """Unpacks gzip or deflate, never more than `STEP` bytes at a time."""

    def __init__(self, encoding: str) -> None:
        self._wbits = zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS
        self._raw_possible = encoding == "deflate"
        self._engine = zlib.decompressobj(self._wbits)
        self._started = False

    @property
    def finished(self) -> bool:
        """Whether the packed stream came to its own end, or never began."""
        return self._engine.eof or not self._started

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """Unpack what a packed piece holds.

        Raises:
            zlib.error: it is not what the header says.
        """
        while packed:
            piece = self._step(packed)
            packed = self._engine.unconsumed_tail
            if piece:
                yield piece
            if self._engine.eof:
                packed = self._engine.unused_data
                if packed and self._wbits != zlib.MAX_WBITS | 16:
                    return
                if packed:  # gzip members may follow one another
                    self._engine = zlib.decompressobj(self._wbits)

    def _step(self, packed: bytes) -> bytes:
        try:
            piece = self._engine.decompress(packed, STEP)
        except zlib.error:
            if self._started or not self._raw_possible:
                raise
            # Some servers send deflate without zlib's wrapping.
            self._wbits, self._raw_possible = -zlib.MAX_WBITS, False
            self._engine = zlib.decompressobj(self._wbits)
            piece = self._engine.decompress(packed, STEP)
        self._started = True
        return piece


async def read_body(chunks: AsyncIterable[bytes], headers: Mapping[str, str], *, max_bytes: int) -> bytes:
    """Read and unpack a body, stopping at the first byte too many, packed or unpacked.

    Raises:
        PermanentError: codes too_large, bad_encoding.
        RetryableError: the packed stream is broken or cut, code bad_answer.
    """
    announced = headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise too_large(max_bytes)
    encoding = headers.get("Content-Encoding", "").strip().lower().removeprefix("x-")
    if encoding not in {"", "identity", "gzip", "deflate"}:
        raise PermanentError(
            _("The answer is packed as “%(encoding)s”, which was not asked for.") % {"encoding": encoding[:40]},
            code="bad_encoding",
        )
    inflater = Inflater(encoding) if encoding in {"gzip", "deflate"} else None
    body = bytearray()
    received = 0
    try:
        async for chunk in chunks:
            received += len(chunk)
            if received > max_bytes:
                raise too_large(max_bytes)
            for piece in inflater.pieces(chunk) if inflater else (chunk,):
                if len(body) + len(piece) > max_bytes:
                    raise too_large(max_bytes)
                body += piece
    except zlib.error as exc:
        raise RetryableError(_("The packed answer can't be unpacked."), code="bad_answer") from exc
    if inflater and not inflater.finished:
        raise RetryableError(_("The packed answer ends before its end."), code="bad_answer")
    return bytes(body)


def too_large(max_bytes: int) -> PermanentError:
    """The failure of an answer over the limit."""
    return PermanentError(
        _("The answer is larger than the limit of %(limit)d bytes.") % {"limit": max_bytes}, code="too_large"
    )
