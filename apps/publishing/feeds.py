"""The Atom feed of a preview channel (RFC 4287)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from django.urls import reverse
from lxml import etree

from apps.publishing.html import plain, sanitized
from apps.publishing.models import Channel, PreviewMessage

ATOM = "http://www.w3.org/2005/Atom"
# What XML 1.0 can't hold: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def atom(channel: Channel, messages: Sequence[PreviewMessage], *, absolute: Callable[[str], str]) -> bytes:
    """The feed's bytes, newest message first; `absolute` turns a path into an address."""
    page = absolute(channel.get_absolute_url())
    own = absolute(reverse("publishing:preview_feed", args=[channel.slug]))
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})  # type: ignore[dict-item]
    _text(feed, "id", _urn(channel))
    _text(feed, "title", channel.name)
    if channel.about:
        _text(feed, "subtitle", channel.about)
    _text(feed, "updated", _moment(channel.page_changed_at))
    _link(feed, "self", own, "application/atom+xml")
    _link(feed, "alternate", page, "text/html")
    author = etree.SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", channel.name)
    for message in messages:
        entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", _urn(channel, message))
        _text(entry, "title", message.title or plain(message.html, 80) or f"#{message.pk}")
        _text(entry, "published", _moment(message.published_at))
        _text(entry, "updated", _moment(message.published_at))
        _link(entry, "alternate", absolute(message.get_absolute_url()), "text/html")
        content = _text(entry, "content", sanitized(message.html).replace("\n", "<br>"))
        content.set("type", "html")
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def _urn(channel: Channel, message: PreviewMessage | None = None) -> str:
    """An id that stays, whatever address the page is reached at."""
    name = f"pult/preview/{channel.pk}/{channel.created_at.isoformat()}/{message.pk if message else ''}"
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = _NOT_XML.sub("", text)
    return child


def _link(parent: etree._Element, relation: str, address: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}link", rel=relation, href=address, type=kind)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
