"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from apps.sources.parsers.feed_media import attachments_of
from apps.sources.ports import FeedPage, Item, UnreadableError


def parse_json_feed(text: str, *, base_url: str = "") -> FeedPage:
    """Read a JSON Feed.

    Raises:
        UnreadableError: it is broken JSON, or JSON of another kind.
    """
    try:
        page = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise UnreadableError(_("The answer is broken JSON; a JSON Feed was expected."), code="feed_json") from exc
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise UnreadableError(_("This JSON is not a JSON Feed: it has no list of items."), code="feed_json")
    items = (_item(entry, base_url) for entry in page["items"] if isinstance(entry, dict))
    return FeedPage(
        title=_words(page.get("title")),
        items=tuple(item for item in items if item.title or item.text or item.url),
        hub=_hub(page.get("hubs")),
        topic=_web_address(page.get("feed_url")),
    )


def _hub(hubs: object) -> str:
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and _words(hub.get("type")).lower() == "websub":
            return _web_address(hub.get("url"))
    return ""


def _web_address(value: object) -> str:
    address = _words(value)
    return address if address.startswith(("http://", "https://")) and len(address) <= 1000 else ""


def _item(entry: Mapping[str, Any], base_url: str) -> Item:
    rich = _words(entry.get("content_html"))
    link = _words(entry.get("url")) or _words(entry.get("external_url"))
    return Item(
        external_id=_identity(entry.get("id")),
        title=_words(entry.get("title")),
        text=rich or _words(entry.get("content_text")) or _words(entry.get("summary")),
        url=_absolute(base_url, link),
        author=_author(entry),
        published_at=_date(entry.get("date_published")) or _date(entry.get("date_modified")),
        markup="html" if rich else "plain",
        media=attachments_of(entry, rich, base_url=_absolute(base_url, link) or base_url),
    )


def _absolute(base_url: str, link: str) -> str:
    try:
        return urljoin(base_url, link) if link else ""
    except ValueError:
        return ""


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _identity(value: object) -> str:
    # The specification asks readers to take numbers for the strings they should have been.
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _author(entry: Mapping[str, Any]) -> str:
    authors = entry.get("authors") or [entry.get("author")]
    names = [_words(one.get("name")) for one in authors if isinstance(one, dict)] if isinstance(authors, list) else []
    return ", ".join(name for name in names if name)


def _date(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
