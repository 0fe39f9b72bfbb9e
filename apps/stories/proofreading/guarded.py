"""What proofreading never touches: links, addresses, @names, #tags, code, tags of HTML, and what others said."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

# Possessive quantifiers throughout: a hostile text must not make these go back and forth.
FIXED = re.compile(
    r"""
      ```.*?(?:```|\Z)                                   # blocks of code
    | `[^`\n]++`                                         # code in a line
    | \]\([^()\s]*+\)                                    # where a Markdown link leads
    | </?[A-Za-z][^<>\n]{0,500}+>                        # tags of HTML
    | &(?:[A-Za-z]{2,8}|\#\d{1,6});                      # characters of HTML
    | \b(?:[a-z]{2,10}://|www\.|mailto:)[^\s<>«»"“”„]++  # links
    | (?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++       # e-mail
    | (?<!\w)[@\#]\w++(?:[.-]\w++)*+                     # names and tags
    | (?<![\w.-])(?=[\w.-]{0,100}[A-Za-z])[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++(?:[/?][^\s<>«»"“”„]*+)?  # sites, files
    | (?<![\w.-])[\w-]++(?:\.[\w-]++)*+\.(?:рф|РФ|рус|РУС)\b(?:/[^\s<>«»"“”„]*+)?
    | (?<!\S)(?:/[\w.-]++){2,}+                          # paths
    """,
    re.VERBOSE | re.DOTALL,
)


class Spans:
    """Stretches of a text, and whether an edit would touch one of them."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(spans):
            if self.ends and start < self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            elif start < end:
                self.starts.append(start)
                self.ends.append(end)

    def touch(self, start: int, end: int) -> bool:
        """Whether the stretch from start to end, or the place where they are the same, is inside one of them."""
        at = bisect_right(self.starts, start)
        if at and self.ends[at - 1] > start and (start < end or self.starts[at - 1] < start):
            return True
        return at < len(self.starts) and self.starts[at] < end


def fixed_spans(text: str) -> list[tuple[int, int]]:
    """Links, addresses, names, tags and code."""
    return [found.span() for found in FIXED.finditer(text)]
