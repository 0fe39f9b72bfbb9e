"""Pictures and files of a feed's entry: enclosures, Media RSS, attachments, else the first picture of its text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from apps.sources.ports import Media

MOST = 20
IMG = re.compile(r"""<img\b[^>]{0,2000}?\bsrc\s*=\s*["']([^"'<>]{1,2000})["'][^>]{0,2000}>""", re.IGNORECASE)
TINY = re.compile(r"""\b(?:width|height)\s*=\s*["']?[01]["'\s>/]""", re.IGNORECASE)  # counters of readers
SORTS = {"image": "photo", "video": "video", "audio": "audio"}
ENDINGS = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"), "photo"),
    **dict.fromkeys((".mp4", ".webm", ".mov"), "video"),
    **dict.fromkeys((".mp3", ".m4a", ".ogg", ".oga", ".opus"), "audio"),
}


def media_of(entry: Mapping[str, Any], text: str, *, base_url: str) -> tuple[Media, ...]:
    """What an entry of RSS or Atom shows; `text` is its HTML."""
    named = _several(_enclosures(entry, base_url))
    if any(one.kind == "photo" for one in named):
        return named
    return _several([*named, *_first_picture(text, base_url)])


def attachments_of(entry: Mapping[str, Any], text: str, *, base_url: str) -> tuple[Media, ...]:
    """What an item of a JSON Feed shows."""
    listed = entry.get("attachments")
    found = [
        one
        for part in (listed if isinstance(listed, list) else [])
        if isinstance(part, Mapping)
        for one in _one(part, part.get("url"), part.get("mime_type"), part.get("size_in_bytes"), base_url)
    ]
    found += _one({}, entry.get("image"), "image/", None, base_url)
    if not any(one.kind == "photo" for one in found):
        found += _first_picture(text, base_url)
    return _several(found)


def _enclosures(entry: Mapping[str, Any], base_url: str) -> Iterator[Media]:
    for name in ("media_content", "enclosures"):
        parts = entry.get(name)
        for part in parts if isinstance(parts, Sequence) and not isinstance(parts, str) else ():
            if isinstance(part, Mapping):
                sort = part.get("type") or (f"{part['medium']}/" if part.get("medium") else "")
                size = part.get("length") or part.get("filesize") or part.get("fileSize")
                yield from _one(part, part.get("url") or part.get("href"), sort, size, base_url)


def _first_picture(text: str, base_url: str) -> list[Media]:
    for found in IMG.finditer(text):
        if not TINY.search(found.group()):
            return _one({}, html.unescape(found.group(1)), "image/", None, base_url)
    return []


def _one(part: Mapping[str, Any], url: object, sort: object, size: object, base_url: str) -> list[Media]:
    address = _absolute(base_url, url) if isinstance(url, str) else ""
    if not address:
        return []
    mime = sort.strip().lower() if isinstance(sort, str) else ""
    path = urlsplit(address).path
    kind = SORTS.get(mime.split("/")[0]) or ENDINGS.get(path[path.rfind(".") :].lower()) or "document"
    about = {name: number for name in ("width", "height", "duration") if (number := _number(part.get(name)))}
    seconds = _number(part.get("duration_in_seconds"))
    if seconds:
        about["duration"] = seconds
    return [
        Media(
            kind,
            address,
            mime="" if mime.endswith("/") else mime,
            size=_number(size),
            name=path.rsplit("/", 1)[-1] if kind == "document" else "",
            remote={"url": address},
            about=about,
        )
    ]


def _several(found: Iterator[Media] | list[Media]) -> tuple[Media, ...]:
    return tuple({one.key: one for one in found}.values())[:MOST]


def _absolute(base_url: str, url: str) -> str:
    try:
        address = urljoin(base_url, url.strip())
        return address if urlsplit(address).scheme in {"http", "https"} and len(address) <= 2000 else ""
    except ValueError:
        return ""


def _number(value: object) -> int | None:
    try:
        number = int(float(str(value)))
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < 2**53 else None
