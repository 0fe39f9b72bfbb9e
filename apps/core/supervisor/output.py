"""The merged log: every line of every program, with the program's name before it."""

from __future__ import annotations

from typing import BinaryIO

COLOURS = (36, 32, 33, 35, 34)
OWN_NAME = "pult"


class Output:
    """Writes whole lines to one stream, in the order in which they come.

    Attributes:
        closed: nobody reads the stream any longer.
    """

    def __init__(self, stream: BinaryIO, *, names: tuple[str, ...], colour: bool, prefixed: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._prefixed = prefixed
        self._width = max(len(name) for name in (*names, OWN_NAME))
        self._colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
        self.closed = False

    def line(self, name: str, text: bytes) -> None:
        """Write one line of a program."""
        self._write(self._prefix(name) + text + b"\n")

    def say(self, text: str) -> None:
        """Write one line of the group's own; where lines are JSON it stays out of their way."""
        if self._prefixed:
            self.line(OWN_NAME, text.encode())

    def show(self, lines: tuple[str, ...]) -> None:
        """Write lines for the person at the terminal, without a prefix."""
        self._write("".join(f"{line}\n" for line in lines).encode())

    def _prefix(self, name: str) -> bytes:
        if not self._prefixed:
            return b""
        label = f"{name:<{self._width}} |"
        if self._colour:
            label = f"\x1b[{self._colours.get(name, 1)}m{label}\x1b[0m"
        return f"{label} ".encode()

    def _write(self, text: bytes) -> None:
        if self.closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.closed = True


class Lines:
    """Cuts a program's bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return [line.rstrip(b"\r") for line in whole]

    def end(self) -> list[bytes]:
        """The last line where it has no end."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []
