"""Composes a publication as Telegram's HTML. Pure: texts in, text out."""

from __future__ import annotations

import re
from html import escape, unescape

# https://core.telegram.org/bots/api#sendmessage: 1-4096 characters after entities parsing, counted in UTF-16 units.
MESSAGE_LIMIT = 4096
_TAG = re.compile(r"<[^<>]*>")
_BLANK_LINES = re.compile(r"\n{3,}")
# What Telegram would draw as nothing or not take at all: control characters, but for tab and line feed.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ufeff]")


def compose(*, title: str, lead: str, body: str, footer: str = "") -> str:
    """Title in bold, lead, body, footer, a blank line between; everything escaped, no markup is taken over.

    A lead that the body begins with is not said twice.
    """
    title, lead, body, footer = (_tidy(part) for part in (title, lead, body, footer))
    if lead and body.startswith(lead):
        lead = ""
    head = f"<b>{_escape(' '.join(title.split()))}</b>" if title else ""
    return "\n\n".join(part for part in (head, _escape(lead), _escape(body), _escape(footer)) if part)


def length(html: str) -> int:
    """How long Telegram takes a text to be: UTF-16 units after tags and entities are read."""
    return utf16_units(unescape(_TAG.sub("", html)))


def utf16_units(text: str) -> int:
    """The number of UTF-16 units: an emoji outside the basic plane counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _escape(text: str) -> str:
    return escape(text, quote=False)


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", text.encode("utf-8", "ignore").decode())
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()
