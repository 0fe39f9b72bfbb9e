"""XML made harmless before any parser sees it: no document type, no entities but XML's own five.

Simple entities that the document itself defines (`<!ENTITY company "Chaika">`) are written out, once and not within one
another, up to a limit; those that name files or addresses are left out. Nothing can be expanded into anything large.
"""

from __future__ import annotations

import re
from html import escape, unescape
from html.entities import html5

from django.utils.translation import gettext as _

from apps.sources.ports import UnreadableError

DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>", re.IGNORECASE)
DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
DEFINITION = re.compile(r"""<!ENTITY\s+([A-Za-z_][\w.\-]{0,60})\s+(?:"([^"]*)"|'([^']*)')\s*>""")
ELSEWHERE = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.\-]{0,60})\s+(?:SYSTEM|PUBLIC)\b")
NAMED = re.compile(r"&([A-Za-z_][\w.\-]{0,60});")
NUMBERED = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]+)|0*([0-9]+));?")
XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
LAST_CHARACTER = 0x10FFFF
DOCTYPE_REACH = 100_000  # characters in which a document type must end
WRITTEN_OUT_MAX = 200_000  # characters that a document's own entities may come to


def disarmed(text: str) -> str:
    """The document as UTF-8 without a document type, all named characters and own entities written out.

    Raises:
        UnreadableError: the document type has no end, or its entities come to too much text.
    """
    text = DECLARATION.sub("", text)
    own: dict[str, str] = {}
    start = DOCTYPE.search(text[:DOCTYPE_REACH])
    if start:
        end = _doctype_end(text, start.end())
        own = _definitions(text[start.end() : end])
        text = text[: start.start()] + text[end:]
    text = NAMED.sub(_Names(own), text)
    text = NUMBERED.sub(lambda found: found.group(0) if _is_character(found) else "", text)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text.lstrip()


class _Names:
    """What a named reference is replaced by."""

    def __init__(self, own: dict[str, str]) -> None:
        self._own = own
        self._written = 0

    def __call__(self, found: re.Match[str]) -> str:
        name = found.group(1)
        if name in XML_OWN:
            return found.group(0)
        if name in self._own:
            value = self._own[name]
            self._written += len(value)
            if self._written > WRITTEN_OUT_MAX:
                raise UnreadableError(
                    _("The feed's document type makes it longer than a feed is; it is not read."), code="feed_doctype"
                )
            return value
        known = html5.get(f"{name};")
        if known is None:
            return f"&amp;{name};"  # not a character: left as the words that it is
        return found.group(0) if any(sign in known for sign in "<>&\"'") else known


def _definitions(subset: str) -> dict[str, str]:
    """The entities that a document type defines, as text that is safe in XML; what lies elsewhere is empty."""
    own = dict.fromkeys(ELSEWHERE.findall(subset), "")
    for name, double, single in DEFINITION.findall(subset):
        own.setdefault(name, escape(unescape(double or single), quote=True))
    return own


def _is_character(found: re.Match[str]) -> bool:
    """Whether a numbered character is one; halves of characters break every parser."""
    hexadecimal, decimal = found.groups()
    digits = hexadecimal or decimal
    number = int(digits, 16 if hexadecimal else 10) if len(digits) <= 7 else LAST_CHARACTER + 1
    return 0 < number <= LAST_CHARACTER and not 0xD800 <= number <= 0xDFFF


def _doctype_end(text: str, start: int) -> int:
    depth, quote = 0, ""
    for place in range(start, min(len(text), start + DOCTYPE_REACH)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "[":
            depth += 1
        elif sign == "]":
            depth -= 1
        elif sign == ">" and depth <= 0:
            return place + 1
    raise UnreadableError(_("The feed's document type does not end; it is not read."), code="feed_doctype")
