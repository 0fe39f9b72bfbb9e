"""A text as Telegram keeps it, without tags and trimmed, so that what was sent is known among what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
# What Telegram drops or turns into spaces: controls, marks of direction, joiners of zero width, some combining marks.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u030a\u0333\u033f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


@dataclass(frozen=True)
class Plain:
    """The words of a text, and where its links lead, in their order."""

    text: str = ""
    links: tuple[str, ...] = ()


def plain(html: str) -> Plain:
    """A text in Telegram's HTML as it is compared."""
    return said(unescape(_TAG.sub("", html)), (unescape(one[1] or one[2] or "") for one in _HREF.finditer(html)))


def said(text: str, links: Iterable[str]) -> Plain:
    """Words and links as they are compared; a link that is written out says no more than the words."""
    words = settled(text)
    written = words.lower()
    found = (settled(address(link)) for link in links if not link.startswith("tg://"))
    return Plain(words, tuple(link for link in found if link not in written))


def settled(text: str) -> str:
    """The words alone: no spaces, for Telegram moves and drops them as it likes, and nothing that is not seen."""
    return "".join(_UNSEEN.sub("", text).split())


def address(url: str) -> str:
    """An address as it is compared; Telegram writes the same ones a little differently."""
    bare = url.strip().lower()
    for scheme in ("https://", "http://", "mailto:"):
        bare = bare.removeprefix(scheme)
    return bare.rstrip("/")
