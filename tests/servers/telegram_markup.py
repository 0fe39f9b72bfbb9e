"""Telegram's HTML, as the Bot API reads it: tags become entities, faults are answered in its words.

After the Bot API's page, "HTML style", and TDLib's `MessageEntity.cpp`. Offsets and lengths are UTF-16 units.
"""

from __future__ import annotations

import html
import re
from typing import Any

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*/?>")
HREF = re.compile(r"href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))")
KNOWN_NAMES = re.compile(r"&(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
# The only URLs that need no test of reachability: what a link may begin with.
LINK = re.compile(r"^(https?|tg|mailto|tel|ton|ftp)://|^(mailto|tel):|^[\w.-]+\.[a-z]{2,}", re.IGNORECASE)


class MarkupError(Exception):
    """The text can't be parsed; its text is Telegram's."""


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the plain text and its entities.

    Raises:
        MarkupError: a tag is unknown, unclosed or out of order.
    """
    text = ""
    stack: list[tuple[str, int, str]] = []
    entities: list[dict[str, Any]] = []
    place = 0
    while place < len(source):
        if source[place] != "<":
            end = source.find("<", place)
            end = len(source) if end < 0 else end
            text += unescape(source[place:end])
            place = end
            continue
        offset = len(source[:place].encode())
        match = TAG.match(source, place)
        if match is None:
            raise MarkupError(f'can\'t parse entities: Unsupported start tag "" at byte offset {offset}')
        closing, name, attributes = match[1], match[2].lower(), match[3]
        if not closing:
            if name not in TAGS:
                raise MarkupError(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
            stack.append((name, utf16_length(text), attributes))
        else:
            entities += close_tag(stack, name, offset, utf16_length(text))
        place = match.end()
    if stack:
        raise MarkupError(f"can't parse entities: Can't find end tag corresponding to start tag \"{stack[-1][0]}\"")
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, entities


def close_tag(stack: list[tuple[str, int, str]], name: str, offset: int, at: int) -> list[dict[str, Any]]:
    """The entities, none or one, that an end tag makes."""
    if not stack:
        raise MarkupError(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    opened, start, attributes = stack.pop()
    if opened != name:
        raise MarkupError(
            f"can't parse entities: Unmatched end tag at byte offset {offset}, "
            f'expected "</{opened}>", found "</{name}>"'
        )
    if at == start:
        return []
    entity: dict[str, Any] = {"type": TAGS[name], "offset": start, "length": at - start}
    if name == "a":
        href = HREF.search(attributes)
        url = html.unescape(next(filter(None, href.groups()), "")) if href else ""
        if not LINK.match(url):
            return []
        entity["url"] = url
    return [entity]


def unescape(text: str) -> str:
    """Replace the few names that Telegram knows; others stay as they are."""
    return KNOWN_NAMES.sub(lambda match: html.unescape(match[0]), text)


def trimmed(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Drop outer white space as Telegram does, and fit the entities to it."""
    lead = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    length = utf16_length(text)
    fitted = []
    for entity in entities:
        start = max(0, entity["offset"] - lead)
        end = min(length, entity["offset"] + entity["length"] - lead)
        if end > start:
            fitted.append({**entity, "offset": start, "length": end - start})
    return text, fitted
