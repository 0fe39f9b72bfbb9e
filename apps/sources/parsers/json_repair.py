"""A JSON file read past its scratches: half characters and bytes that are no UTF-8 spoil nothing but themselves."""

from __future__ import annotations

import codecs
import re
from typing import IO

# A whole pair, a half, any other whole escape; read from left to right, so that an escaped backslash hides nothing.
ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\u[0-9a-fA-F]{4}|\\[^u]"
)
FIRST_HALF = re.compile(rb"\\u[dD][89abAB]")
SECOND_HALF_BEGUN = re.compile(rb"(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?\Z")
ESCAPE_LONGEST = 6
DIGITS_MAX = 1000  # in a row; the JSON reader crashes at numbers of more than 4,300
DIGITS = b"0123456789"
MANY_DIGITS = re.compile(rb"([0-9]{%d})[0-9]++" % DIGITS_MAX)


class Repaired:
    """A binary file whose JSON escapes stand for whole characters, in UTF-8 without faults.

    Attributes:
        consumed: how many bytes of the file have been read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._kept = b""
        self._digits = 0
        self.consumed = 0

    def read(self, size: int = -1) -> bytes:
        """About so many bytes; none only at the end."""
        if size == 0:
            return b""
        while True:
            piece = self._file.read(size)
            first = self.consumed == 0
            self.consumed += len(piece)
            if first:
                piece = piece.removeprefix(codecs.BOM_UTF8)
            whole = self._whole_escapes(self._decoder.decode(piece, final=not piece).encode(), is_last=not piece)
            whole = self._shortened(whole)
            if whole or not piece:
                return whole

    def _shortened(self, data: bytes) -> bytes:
        """The same with no more digits in a row than any number has."""
        begun = len(data) - len(data.lstrip(DIGITS))
        over = min(begun, max(0, self._digits + begun - DIGITS_MAX))
        data = MANY_DIGITS.sub(rb"\1", data[over:])
        ended = len(data) - len(data.rstrip(DIGITS))
        self._digits = ended + (self._digits if ended == len(data) else 0)
        return data

    def _whole_escapes(self, piece: bytes, *, is_last: bool) -> bytes:
        data = self._kept + piece
        self._kept = b""
        if b"\\u" not in data and not data.endswith(b"\\"):
            return data
        parts: list[bytes] = []
        place = seen = 0
        end = len(data)
        for found in ESCAPE.finditer(data):
            seen = found.end()
            if found.group(1) is None:
                continue
            if not is_last and FIRST_HALF.match(data, found.start()) and SECOND_HALF_BEGUN.match(data, seen):
                end = found.start()  # the next piece tells whether its other half follows
                break
            parts.append(data[place : found.start()])
            place = seen
        else:
            cut = data.find(b"\\", seen)
            if not is_last and cut >= 0 and len(data) - cut < ESCAPE_LONGEST:
                end = cut
        self._kept = data[end:]
        return b"".join([*parts, data[place:end]])
