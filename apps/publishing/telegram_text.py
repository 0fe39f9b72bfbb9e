"""Composes a publication as Telegram's HTML. Pure: texts in, text out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape

from apps.publishing.markup import well_formed

# https://core.telegram.org/bots/api#sendmessage: 1-4096 characters after entities parsing, counted in UTF-16 units.
MESSAGE_LIMIT = 4096
CAPTION_LIMIT = 1024
_TAG = re.compile(r"<[^<>]*>")
_BLANK_LINES = re.compile(r"\n{3,}")
# What Telegram would draw as nothing or not take at all: control characters, but for tab and line feed.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ufeff]")


@dataclass(frozen=True)
class Sections:
    """A text in its parts, as Telegram's HTML; any of them may be empty."""

    head: str = ""
    lead: str = ""
    body: str = ""
    tail: str = ""

    @property
    def html(self) -> str:
        """All of it, a blank line between."""
        return joined(self.head, self.lead, self.body, self.tail)


def sections(*, title: str, lead: str, body: str, credit: str = "", signature: str = "", footer: str = "") -> Sections:
    """Title in bold, lead and body; at the end the picture's credit, the channel's signature and its footer.

    Title, lead, body and credit are plain texts and escaped whole; signature and footer may have Telegram's markup,
    which is mended. A lead that the body begins with is not said twice.
    """
    title, lead, body, credit = (tidy(part) for part in (title, lead, body, credit))
    if lead and body.startswith(lead):
        lead = ""
    ends = (well_formed(tidy(part)) for part in (signature, footer))
    return Sections(
        head=f"<b>{_escape(' '.join(title.split()))}</b>" if title else "",
        lead=_escape(lead),
        body=_escape(body),
        tail=joined(f"<i>{_escape(credit)}</i>" if credit else "", *ends),
    )


def compose(*, title: str, lead: str, body: str, footer: str = "", signature: str = "") -> str:
    """The text of one message: what `sections` makes, a blank line between."""
    return sections(title=title, lead=lead, body=body, signature=signature, footer=footer).html


def joined(*parts: str) -> str:
    """Those that are not empty, a blank line between."""
    return "\n\n".join(part for part in parts if part)


def length(html: str) -> int:
    """How long Telegram takes a text to be: UTF-16 units after tags and entities are read."""
    return utf16_units(unescape(_TAG.sub("", html)))


def utf16_units(text: str) -> int:
    """The number of UTF-16 units: an emoji outside the basic plane counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _escape(text: str) -> str:
    return escape(text, quote=False)


def tidy(text: str) -> str:
    """The text without what Telegram would not take, and without blank lines in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", text.encode("utf-8", "ignore").decode())
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()
