"""Lists of feeds, OPML 1 and 2 (opml.org/spec2.opml): read without trust, written plainly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from django.utils.translation import gettext as _
from lxml import etree

from apps.sources.parsers.doctype import disarmed
from apps.sources.parsers.encoding import decode
from apps.sources.parsers.markup import tidy_line
from apps.sources.parsers.shape import xml_checked
from apps.sources.ports import UnreadableError

OUTLINES_MAX = 10_000
FOLDERS_MAX = 5  # deeper ones are left out of names
BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list; `folders` from the outermost."""

    title: str
    url: str
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedList:
    """The feeds of a file, in its order; `is_cut` where it holds more than are read."""

    outlines: tuple[Outline, ...]
    is_cut: bool = False


def read_opml(content: bytes) -> FeedList:
    """Read a list of feeds.

    Raises:
        UnreadableError: it is too large, has entities of its own, or is no OPML.
    """
    if len(content) > BYTES_MAX:
        raise UnreadableError(_("The list is larger than 8 MB; split it."), code="opml_large")
    text = decode(content).lstrip("\ufeff \t\r\n")
    if "<!ENTITY" in text.upper():
        raise UnreadableError(
            _("The list has a document type with entities; such files are not read."), code="opml_dtd"
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(xml_checked(disarmed(text)).encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise UnreadableError(_("This is no list of feeds: an OPML file was expected."), code="opml_unknown")
    return _read(root)


def write_opml(outlines: Iterable[Outline], *, title: str, at: datetime) -> bytes:
    """A list of feeds as OPML 2.0; feeds of one folder stand together."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _sound(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(at)
    body = etree.SubElement(root, "body")
    folders: dict[tuple[str, ...], etree._Element] = {(): body}
    for outline in outlines:
        place = _folder(folders, outline.folders)
        title = _sound(outline.title)
        etree.SubElement(place, "outline", type="rss", text=title, title=title, xmlUrl=_sound(outline.url))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _read(root: etree._Element) -> FeedList:
    found: list[Outline] = []
    # By hand, because a list may be nested deeper than functions may call themselves
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(child, ()) for child in reversed(root)]
    while waiting:
        element, folders = waiting.pop()
        if callable(element.tag):  # a comment or an instruction
            continue
        own = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        title = tidy_line(own.get("text") or own.get("title") or "")
        url = (own.get("xmlurl") or "").strip()
        if url:
            if len(found) == OUTLINES_MAX:
                return FeedList(tuple(found), is_cut=True)
            found.append(Outline(title, url, folders))
        inner = (*folders, title)[:FOLDERS_MAX] if title and not url and element.tag == "outline" else folders
        waiting.extend((child, inner) for child in reversed(element))
    return FeedList(tuple(found))


def _folder(folders: dict[tuple[str, ...], etree._Element], path: Sequence[str]) -> etree._Element:
    key = tuple(path)
    if key not in folders:
        name = _sound(key[-1])
        folders[key] = etree.SubElement(_folder(folders, key[:-1]), "outline", text=name, title=name)
    return folders[key]


def _sound(text: str) -> str:
    """The text without what XML can't hold."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n\r")
