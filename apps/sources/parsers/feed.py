"""RSS, Atom, RDF and JSON Feed: bytes in, `FeedPage` out.

fastfeedparser reads what it can (some seventy times faster); feedparser, which forgives more, gets the rest.
Document types and entities never reach a parser (`doctype.py`), so no parser expands or fetches anything.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import fastfeedparser
import feedparser
from django.utils.translation import gettext as _

from apps.sources.parsers.doctype import disarmed
from apps.sources.parsers.encoding import decode
from apps.sources.parsers.feed_head import read_head
from apps.sources.parsers.feed_media import media_of
from apps.sources.parsers.json_feed import parse_json_feed
from apps.sources.parsers.shape import html_checked, xml_checked
from apps.sources.parsers.web_page import is_page, page_words, read_page
from apps.sources.ports import FeedPage, Item, UnreadableError

ROOT = re.compile(r"<(?:feed|rss|rdf:RDF)[\s>]")  # some feeds come wrapped in a page
FORGIVING_MAX = 3 * 1024 * 1024  # bytes; feedparser takes seconds for each million
ENTRY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)


def parse_feed(content: bytes, *, charset: str = "", base_url: str = "") -> FeedPage:
    """Read a feed of any known kind; relative addresses are completed from `base_url`.

    Raises:
        UnreadableError: it is a web page, is empty, broken, or no feed at all.
    """
    text = decode(content, charset=charset).lstrip("\ufeff \t\r\n")
    if not text:
        raise UnreadableError(_("The answer is empty; a feed was expected."), code="feed_empty")
    if text[0] in "{[":
        return parse_json_feed(text, base_url=base_url)
    if is_page(text) and not ROOT.search(text):
        raise UnreadableError(page_words(read_page(text, base_url=base_url)), code="feed_is_page")
    safe = html_checked(xml_checked(disarmed(text)))  # one of the parsers reads what is no XML as HTML
    content = safe.encode("utf-8", errors="replace")
    page = _read_fast(content, base_url) or _read_forgiving(content, base_url)
    if not page.items and ENTRY.search(safe):
        raise UnreadableError(_("The feed is broken: it has entries, but they can't be read."), code="feed_broken")
    head = read_head(safe, base_url=base_url)
    return replace(page, ttl_s=head.ttl_s, period_s=head.period_s, hub=head.hub, topic=head.topic)


def _read_fast(content: bytes, base_url: str) -> FeedPage | None:
    try:
        page = fastfeedparser.parse(content, include_tags=False)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None  # a shape that it does not know; the forgiving one decides
    if not page.entries:
        return None
    items = (_item(entry, _fast_date(entry), base_url) for entry in page.entries)
    return FeedPage(title=str(page.feed.get("title") or ""), items=_said(items))


def _read_forgiving(content: bytes, base_url: str) -> FeedPage:
    if len(content) > FORGIVING_MAX:
        raise UnreadableError(_("The feed is broken, and too large to be mended."), code="feed_broken")
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
    text = _body(entry)
    url = _absolute(base_url, link)
    return Item(
        external_id=str(entry.get("id") or "").strip(),
        title=str(entry.get("title") or ""),
        text=text,
        url=url,
        author=author if isinstance(author, str) else "",
        published_at=published_at,
        markup="html",
        media=media_of(entry, text, base_url=url or base_url),
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
