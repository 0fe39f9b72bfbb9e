"""RSS, Atom, RDF and JSON Feed: bytes in, `FeedPage` out.

fastfeedparser reads what it can (some seventy times faster); feedparser, which forgives more, gets the rest.
Document types and the entities that they define never reach a parser, so nothing is expanded or fetched.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html.entities import html5
from typing import Any
from urllib.parse import urljoin

import fastfeedparser
import feedparser
from django.utils.translation import gettext as _

from apps.sources.parsers.encoding import decode
from apps.sources.parsers.json_feed import parse_json_feed
from apps.sources.ports import FeedPage, Item, UnreadableError

DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>", re.IGNORECASE)
DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
ENTITY_DEFINITION = re.compile(r"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\b", re.IGNORECASE)
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30};)")
NUMBERED = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]+)|0*([0-9]+));?")
XML_OWN = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
HTML_HEAD = re.compile(r"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
LAST_CHARACTER = 0x10FFFF
DOCTYPE_REACH = 100_000  # characters in which a document type must end


def parse_feed(content: bytes, *, charset: str = "", base_url: str = "") -> FeedPage:
    """Read a feed of any known kind; relative addresses are completed from `base_url`.

    Raises:
        UnreadableError: it is a web page, is empty, or is no feed at all.
    """
    text = decode(content, charset=charset).lstrip("\ufeff \t\r\n")
    if not text:
        raise UnreadableError(_("The answer is empty; a feed was expected."), code="feed_empty")
    if text[0] in "{[":
        return parse_json_feed(text, base_url=base_url)
    if HTML_HEAD.match(text[:5000]):
        raise UnreadableError(
            _("This is a web page, not a feed. Look on the page for the address of its RSS."), code="feed_is_page"
        )
    safe = _disarmed(text).encode("utf-8", errors="replace")
    return _read_fast(safe, base_url) or _read_forgiving(safe, base_url)


def _disarmed(text: str) -> str:
    """The document as UTF-8 without a document type, HTML's named characters written out."""
    text = DECLARATION.sub("", text)
    start = DOCTYPE.search(text[:DOCTYPE_REACH])
    if start:
        text = text[: start.start()] + text[_doctype_end(text, start.end()) :]
    text = NAMED.sub(lambda found: found.group(0) if found.group(1) in XML_OWN else _character(found), text)
    text = NUMBERED.sub(lambda found: found.group(0) if _is_character(found) else "", text)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + text.lstrip()


def _is_character(found: re.Match[str]) -> bool:
    """Whether a numbered character is one; halves of characters break every parser."""
    hexadecimal, decimal = found.groups()
    digits = hexadecimal or decimal
    number = int(digits, 16 if hexadecimal else 10) if len(digits) <= 7 else LAST_CHARACTER + 1
    return 0 < number <= LAST_CHARACTER and not 0xD800 <= number <= 0xDFFF


def _character(found: re.Match[str]) -> str:
    known = html5.get(found.group(1))
    return found.group(0) if known is None or any(sign in known for sign in "<>&\"'") else known


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


def _read_fast(content: bytes, base_url: str) -> FeedPage | None:
    try:
        page = fastfeedparser.parse(content, include_tags=False, include_media=False, include_enclosures=False)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None  # a shape that it does not know; the forgiving one decides
    if not page.entries:
        return None
    items = (_item(entry, _fast_date(entry), base_url) for entry in page.entries)
    return FeedPage(title=str(page.feed.get("title") or ""), items=_said(items))


def _read_forgiving(content: bytes, base_url: str) -> FeedPage:
    # A stream, because given bytes it would first try to open a file of that name.
    page = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not page.entries and not page.get("version") and not page.feed.get("title"):
        raise UnreadableError(_("This is not a feed: neither RSS, Atom, RDF nor JSON Feed."), code="feed_unknown")
    items = (_item(entry, _struct_date(entry), base_url) for entry in page.entries)
    return FeedPage(title=str(page.feed.get("title") or ""), items=_said(items))


def _said(items: Iterable[Item]) -> tuple[Item, ...]:
    """Without the entries that say nothing at all."""
    return tuple(item for item in items if item.title or item.text or item.url)


def _item(entry: Mapping[str, Any], published_at: datetime | None, base_url: str) -> Item:
    link = _link(entry)
    author = entry.get("author")
    return Item(
        external_id=str(entry.get("id") or "").strip(),
        title=str(entry.get("title") or ""),
        text=_body(entry),
        url=_absolute(base_url, link),
        author=author if isinstance(author, str) else "",
        published_at=published_at,
        markup="html",
    )


def _absolute(base_url: str, link: str) -> str:
    try:
        return urljoin(base_url, link) if link else ""
    except ValueError:
        return ""


def _link(entry: Mapping[str, Any]) -> str:
    link = entry.get("link")
    if isinstance(link, str) and link.strip():
        return link.strip()
    for other in entry.get("links") or ():
        if other.get("rel") in {None, "", "alternate"} and other.get("href"):
            return str(other["href"]).strip()
    return ""


def _body(entry: Mapping[str, Any]) -> str:
    """The fuller of summary and content."""
    summary = str(entry.get("description") or entry.get("summary") or "")
    contents = [str(part.get("value") or "") for part in entry.get("content") or () if isinstance(part, Mapping)]
    return max([summary, *contents], key=len)


def _fast_date(entry: Mapping[str, Any]) -> datetime | None:
    for name in ("published", "updated"):
        value = entry.get(name)
        if isinstance(value, str) and value:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _struct_date(entry: Mapping[str, Any]) -> datetime | None:
    for name in ("published_parsed", "updated_parsed"):
        value = entry.get(name)
        if value:
            try:
                return datetime.fromtimestamp(calendar.timegm(value), tz=UTC)
            except (ValueError, OverflowError, OSError):
                continue
    return None
