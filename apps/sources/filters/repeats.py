"""How large a regular expression gets when it is compiled: `regex` writes a repeated part out as often as it has to be.

Compiling has no time limit, so what would take minutes and gigabytes is told from the letters of the expression alone.
Where these can be read in two ways, the larger size counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIZE_MAX = 20_000  # signs when written out; compiled in a few milliseconds
NESTED_MAX = 2  # groups with a count inside one another
# Flags that change how the rest is read: spaces and comments, and sets inside sets.
OTHER_READING = re.compile(r"\(\?[a-zA-Z01-]*[xXV][a-zA-Z01-]*[:)]")
POSIX = r"\[:\^?[A-Za-z0-9\ &_.-]*(?:[:=]\ *[A-Za-z0-9&_./-][A-Za-z0-9\ &_./-]*)?:\]"  # [:alpha:], in a set
PIECE = re.compile(
    rf"""
    (?P<comment>\(\?\#(?:\\.|[^\\)])*\))
    |(?P<open>\()
    |(?P<close>\))
    |(?P<set>\[\^?(?:\\.|{POSIX}|[^\\])(?:\\.|{POSIX}|[^\\\]])*\])
    |(?P<count>\{{(?P<least>[0-9]*)(?:,[0-9]*)?\}})
    |(?P<plus>\+)
    |(?P<other>\\.|.)
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(slots=True)
class _Part:
    """A part of an expression.

    Attributes:
        size: its signs when written out.
        last: of these, those of the sign or group that a repeat behind it would repeat.
        nested: how many groups with a count stand inside one another in it; `last_nested` in its last sign or group.
    """

    size: int = 0
    last: int = 0
    nested: int = 0
    last_nested: int = 0

    def add(self, size: int, nested: int = 0) -> None:
        """Append a sign or a group."""
        self.size += size
        self.last = size
        self.last_nested = nested
        self.nested = max(self.nested, nested)

    def repeat(self, times: int) -> None:
        """Write the last sign or group out once for each time that it has to be there, and once for more."""
        self.size += self.last * times
        self.last *= times + 1


def is_too_large(expression: str) -> bool:
    """Whether compiling an expression may take too long, or can't be told to be quick."""
    if OTHER_READING.search(expression):
        return True
    outer: list[_Part] = []
    part, after_group = _Part(), False
    for piece in PIECE.finditer(expression):
        kind, is_close = (piece.lastgroup if piece["count"] is None else "count"), False
        if kind == "open":
            outer.append(part)
            part = _Part()
        elif kind == "close":
            inner, part = part, outer.pop() if outer else _Part()
            part.add(inner.size + 1, inner.nested)
            is_close = True
        elif kind == "count":
            part.repeat(int(piece["least"] or 0))
            if after_group:
                part.last_nested += 1
                part.nested = max(part.nested, part.last_nested)
        elif kind == "plus":
            part.repeat(1)
        elif kind != "comment":
            part.add(len(piece[0]))
        # Between a group and its count may stand a comment.
        after_group = is_close or (after_group and kind in {"comment", "count", "plus"})
        if part.size > SIZE_MAX or part.nested > NESTED_MAX:
            return True
    return False
