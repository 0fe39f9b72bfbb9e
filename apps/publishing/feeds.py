"""The feeds of a channel: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from django.urls import reverse
from lxml import etree

from apps.publishing.html import plain, sanitized
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.selectors import PAGE_SIZE, preview_page

ATOM = "http://www.w3.org/2005/Atom"
# What XML 1.0 can't hold: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
Absolute = Callable[[str], str]


@dataclass(frozen=True)
class Entry:
    """One message of a feed; `files` have url, mime and size."""

    id: str
    title: str
    html: str
    url: str
    published: datetime
    updated: datetime
    files: Sequence[Mapping[str, Any]] = ()

    @property
    def content(self) -> str:
        """Its text for a reader, pictures first."""
        pictures = "".join(
            f'<img src="{one["url"]}" alt=""><br>' for one in self.files if one["mime"].startswith("image/")
        )
        return pictures + sanitized(self.html).replace("\n", "<br>")


def feed_entries(channel: Channel, absolute: Absolute) -> list[Entry]:
    """The newest messages of a channel, the newest first."""
    if channel.kind == Channel.Kind.PREVIEW:
        return [_of_message(channel, one, absolute) for one in preview_page(channel).messages[::-1]]
    rows = Publication.objects.filter(channel=channel, status=Publication.Status.SENT)
    return [_of_publication(channel, row) for row in rows.order_by("-sent_at", "-pk")[:PAGE_SIZE]]


def atom(channel: Channel, entries: Sequence[Entry], *, absolute: Absolute, own: str) -> bytes:
    """The Atom feed's bytes; `absolute` turns a path into an address, `own` is the feed's."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]
    _text(feed, "id", _urn(channel))
    _text(feed, "title", channel.name)
    if channel.about:
        _text(feed, "subtitle", channel.about)
    _text(feed, "updated", _moment(channel.page_changed_at))
    _link(feed, "self", own, "application/atom+xml")
    if page := page_of(channel, absolute):
        _link(feed, "alternate", page, "text/html")
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", channel.name)
    for one in entries:
        entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", one.id)
        _text(entry, "title", one.title)
        _text(entry, "published", _moment(one.published))
        _text(entry, "updated", _moment(one.updated))
        if one.url:
            _link(entry, "alternate", one.url, "text/html")
        content = _text(entry, "content", one.content)
        content.set("type", "html")
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def rss(channel: Channel, entries: Sequence[Entry], *, absolute: Absolute, own: str) -> bytes:
    """The RSS 2.0 feed's bytes."""
    root = etree.Element("rss", {"version": "2.0"}, nsmap={"atom": ATOM})
    feed = etree.SubElement(root, "channel")
    _plain(feed, "title", channel.name)
    _plain(feed, "link", page_of(channel, absolute) or own)
    _plain(feed, "description", channel.about or channel.name)
    _plain(feed, "lastBuildDate", format_datetime(channel.page_changed_at.astimezone(UTC), usegmt=True))
    _link(feed, "self", own, "application/rss+xml")
    for one in entries:
        item = etree.SubElement(feed, "item")
        _plain(item, "title", one.title)
        if one.url:
            _plain(item, "link", one.url)
        guid = etree.SubElement(item, "guid", isPermaLink="false")
        guid.text = one.id
        _plain(item, "pubDate", format_datetime(one.published.astimezone(UTC), usegmt=True))
        _plain(item, "description", one.content)
        # RSS knows one enclosure an item.
        for file in one.files[:1]:
            etree.SubElement(item, "enclosure", url=file["url"], type=file["mime"], length=str(file["size"]))
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def json_feed(channel: Channel, entries: Sequence[Entry], *, absolute: Absolute, own: str) -> bytes:
    """The JSON Feed's bytes (jsonfeed.org/version/1.1)."""
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.name,
        "feed_url": own,
        "language": channel.workspace.language,
        "items": [_item(one) for one in entries],
    }
    if page := page_of(channel, absolute):
        feed["home_page_url"] = page
    if channel.about:
        feed["description"] = channel.about
    return json.dumps(feed, ensure_ascii=False).encode("utf-8", "ignore")


FEEDS: dict[str, tuple[Callable[..., bytes], str]] = {
    "atom": (atom, "application/atom+xml"),
    "rss": (rss, "application/rss+xml"),
    "json": (json_feed, "application/feed+json"),
}


def page_of(channel: Channel, absolute: Absolute) -> str:
    """Where people read the channel; empty where that has no address."""
    address = channel.get_absolute_url()
    return absolute(address) if address else ""


def _item(one: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": one.id,
        "title": one.title,
        "content_html": one.content,
        "date_published": _moment(one.published),
        "date_modified": _moment(one.updated),
    }
    if one.url:
        item["url"] = one.url
    if one.files:
        item["attachments"] = [
            {"url": file["url"], "mime_type": file["mime"], "size_in_bytes": file["size"]} for file in one.files
        ]
    return item


def _of_message(channel: Channel, message: PreviewMessage, absolute: Absolute) -> Entry:
    files = [
        {**one, "url": absolute(reverse("publishing:preview_file", args=[channel.slug, message.pk, number]))}
        for number, one in enumerate(message.media)
    ]
    return Entry(
        id=_urn(channel, message.pk),
        title=(message.title if message.edited_at is None else "") or plain(message.html, 80) or f"#{message.pk}",
        html=message.html,
        url=absolute(message.get_absolute_url()),
        published=message.published_at,
        updated=message.edited_at or message.published_at,
        files=files,
    )


def _of_publication(channel: Channel, row: Publication) -> Entry:
    """Without its pictures: they are Telegram's to show."""
    at = row.sent_at or row.publish_at
    is_first_text = row.edited_at is None and row.status == Publication.Status.SENT
    return Entry(
        id=_urn(channel, row.pk),
        title=(row.title if is_first_text else "") or plain(row.html, 80) or f"#{row.pk}",
        html=row.html,
        url=row.message_url,
        published=at,
        updated=row.edited_at or at,
    )


def _urn(channel: Channel, pk: int | str = "") -> str:
    """An id that stays, whatever address the page is reached at."""
    name = f"pult/preview/{channel.pk}/{channel.created_at.isoformat()}/{pk}"
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    return _plain(parent, f"{{{ATOM}}}{name}", text)


def _plain(parent: etree._Element, name: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, name)
    child.text = _NOT_XML.sub("", text)
    return child


def _link(parent: etree._Element, relation: str, address: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}link", rel=relation, href=address, type=kind)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
