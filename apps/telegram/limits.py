"""What Telegram takes in one message, each limit once and in words; pure.

From the Bot API's pages of the methods (core.telegram.org/bots/api), for files uploaded to Telegram's own server. Texts
are counted after their formatting was read, in UTF-16 units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from apps.telegram.ports import Media

TEXT_MAX: Final = 4096
CAPTION_MAX: Final = 1024
ALBUM_MIN: Final = 2
ALBUM_MAX: Final = 10
TOPIC_NAME_MAX: Final = 128
DELETED_AT_ONCE_MAX: Final = 100
WORD_MAX_BYTES: Final = 64
MB: Final = 1024 * 1024
PHOTO_MAX_MB: Final = 10
FILE_MAX_MB: Final = 50
# A photo's width and height together, and the longer side against the shorter one.
PHOTO_SIDES_MAX: Final = 10_000
PHOTO_RATIO_MAX: Final = 20
PHOTO_MIMES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
# What may stand in an album together; animations stand alone.
# What an upload is given at least, besides the wait for the answer: 50 MB have 100 s.
UPLOAD_BYTES_S: Final = 512 * 1024
ALBUM_SETS: Final = (frozenset({"photo", "video"}), frozenset({"document"}), frozenset({"audio"}))


def utf16_length(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def size_max_mb(kind: str) -> int:
    """How large a file of a kind may be, in MB."""
    return PHOTO_MAX_MB if kind == "photo" else FILE_MAX_MB


def upload_s(media: Sequence[Media]) -> float:
    """How much longer a request with these files may take than one without; a lease must outlast it."""
    return sum(one.size for one in media if not one.file_id) / UPLOAD_BYTES_S


def media_refusal(media: Media) -> str:
    """Why Telegram would not take a file, in words; empty where it would, as far as can be told without reading it."""
    if media.file_id:
        return ""
    if media.size <= 0:
        return _("The file “%(name)s” is empty.") % {"name": media.name}
    if media.kind == "photo" and (refusal := _picture_refusal(media)):
        return refusal
    most = size_max_mb(media.kind)
    if media.size <= most * MB:
        return ""
    words = (
        _("The picture “%(name)s” has %(size)s MB; Telegram takes %(most)s. Make it smaller, or send it as a document.")
        if media.kind == "photo"
        else _("The file “%(name)s” has %(size)s MB; Telegram takes %(most)s from a bot.")
    )
    return words % {"name": media.name, "size": f"{media.size / MB:.1f}", "most": most}


def _picture_refusal(media: Media) -> str:
    """Why Telegram would not take a picture for its format or its sides, where they are known."""
    if media.mime and media.mime not in PHOTO_MIMES:
        return _("The picture “%(name)s” is neither JPEG, PNG nor WebP. Choose another, or send it as a document.") % {
            "name": media.name
        }
    if not (media.width and media.height):
        return ""
    words = photo_refusal(media.width, media.height)
    return f"{words} {_('Cut it, or choose another.')} ({media.name})" if words else ""


def album_refusal(media: Sequence[Media]) -> str:
    """Why Telegram would not take these files as one album, in words; empty where it would."""
    if not ALBUM_MIN <= len(media) <= ALBUM_MAX:
        return _("An album has %(least)s to %(most)s files; this one has %(count)s.") % {
            "least": ALBUM_MIN,
            "most": ALBUM_MAX,
            "count": len(media),
        }
    kinds = {one.kind for one in media}
    if not any(kinds <= together for together in ALBUM_SETS):
        return _(
            "These files do not go into one album: pictures and videos may be mixed, documents and audio only with "
            "their like, animations go alone."
        )
    return next(filter(None, map(media_refusal, media)), "")


def photo_refusal(width: int, height: int) -> str:
    """Why Telegram would not take a picture of this size as a photo, in words; empty where it would."""
    if width + height > PHOTO_SIDES_MAX:
        return _("The picture is too large: width and height together may be %(most)s pixels.") % {
            "most": PHOTO_SIDES_MAX
        }
    if max(width, height) > PHOTO_RATIO_MAX * max(1, min(width, height)):
        return _("The picture is too narrow: one side may be %(most)s times the other at most.") % {
            "most": PHOTO_RATIO_MAX
        }
    return ""
