"""Telethon's media as the port's attachments, and the places of their files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from telethon.tl import types

from apps.telegram.reading import Attachment
from apps.telegram.reading_refusals import refused

# What Pult can't show is told of by these words in `about`.
OTHERS: dict[str, str] = {
    "MessageMediaGeo": "place",
    "MessageMediaGeoLive": "place",
    "MessageMediaVenue": "place",
    "MessageMediaContact": "contact",
    "MessageMediaDice": "dice",
    "MessageMediaGame": "game",
    "MessageMediaInvoice": "invoice",
    "MessageMediaStory": "story",
    "MessageMediaGiveaway": "giveaway",
    "MessageMediaGiveawayResults": "giveaway",
    "MessageMediaPaidMedia": "paid",
    "MessageMediaToDo": "checklist",
}


def attachment_from(media: Any) -> Attachment | None:
    """What a message shows beside its text; a preview of a linked page is nothing of the message's own."""
    match media:
        case None | types.MessageMediaEmpty() | types.MessageMediaWebPage():
            return None
        case types.MessageMediaPhoto(photo=types.Photo()):
            return photo_from(media.photo)
        case types.MessageMediaDocument(document=types.Document()):
            return document_from(media.document)
        case types.MessageMediaPoll():
            return poll_from(media)
    return other_from(media)


def photo_from(photo: types.Photo) -> Attachment:
    """A picture, in the largest of its sizes."""
    sizes = [one for one in photo.sizes if isinstance(one, (types.PhotoSize, types.PhotoSizeProgressive))]
    if not sizes:
        return Attachment(kind="other", about={"what": "photo"})
    best = max(sizes, key=lambda one: one.w * one.h)
    size = max(best.sizes) if isinstance(best, types.PhotoSizeProgressive) else best.size
    return Attachment(
        kind="photo",
        mime="image/jpeg",
        size=size,
        remote={**place_of(photo), "what": "photo", "thumb": best.type},
        about={"width": best.w, "height": best.h},
    )


def document_from(document: types.Document) -> Attachment:
    """A file: a sticker, video, voice, audio, or just a document."""
    kind, name = "document", ""
    about: dict[str, Any] = {}
    for one in document.attributes:
        match one:
            case types.DocumentAttributeFilename():
                name = one.file_name
            case types.DocumentAttributeSticker():
                kind = "sticker"
                about |= {"emoji": one.alt}
            case types.DocumentAttributeVideo():
                kind = kind if kind == "sticker" else "video"
                about |= {"width": one.w, "height": one.h, "duration": round(one.duration)}
                about |= {"round": True} if one.round_message else {}
            case types.DocumentAttributeAudio():
                kind = "voice" if one.voice else "audio"
                told = {"duration": one.duration, "title": one.title, "performer": one.performer}
                about |= {key: value for key, value in told.items() if value is not None}
            case types.DocumentAttributeAnimated():
                about |= {"animation": True}
            case types.DocumentAttributeImageSize():
                about |= {"width": one.w, "height": one.h}
    return Attachment(
        kind=kind,
        mime=document.mime_type or "",
        size=document.size,
        name=name[:255],
        remote={**place_of(document), "what": "document"},
        about=about,
    )


def poll_from(media: types.MessageMediaPoll) -> Attachment:
    """A poll with its options and, where Telegram shows them, their votes."""
    votes = {bytes(one.option): one.voters for one in media.results.results or ()}
    options = [
        {"text": plain(one.text), **({"votes": votes[bytes(one.option)]} if bytes(one.option) in votes else {})}
        for one in media.poll.answers
    ]
    about = {
        "question": plain(media.poll.question),
        "options": options,
        "voters": media.results.total_voters,
        "closed": bool(media.poll.closed),
        "quiz": bool(media.poll.quiz),
        "multiple": bool(media.poll.multiple_choice),
    }
    return Attachment(kind="poll", about=about)


def other_from(media: Any) -> Attachment:
    """What Pult only tells of."""
    about: dict[str, Any] = {"what": OTHERS.get(type(media).__name__, "unknown")}
    match media:
        case types.MessageMediaContact():
            about["name"] = " ".join(part for part in (media.first_name, media.last_name) if part)
        case types.MessageMediaVenue():
            about |= {"title": media.title, "address": media.address}
        case types.MessageMediaDice():
            about |= {"emoji": media.emoticon, "value": media.value}
        case types.MessageMediaPhoto() | types.MessageMediaDocument():
            about["what"] = "expired"
    point = getattr(media, "geo", None)
    if isinstance(point, types.GeoPoint):
        about |= {"latitude": point.lat, "longitude": point.long}
    return Attachment(kind="other", about=about)


def plain(text: Any) -> str:
    """A text that newer layers give with entities."""
    return str(getattr(text, "text", text))


def place_of(file: Any) -> dict[str, Any]:
    """Where a photo's or document's bytes lie."""
    return {
        "id": file.id,
        "hash": file.access_hash,
        "reference": base64.b64encode(file.file_reference).decode(),
        "dc": file.dc_id,
    }


def location_of(remote: Mapping[str, Any]) -> Any:
    """The location to ask for, from an attachment's `remote`.

    Raises:
        PermanentError: "media_gone": it names no file.
    """
    try:
        told = {
            "id": int(remote["id"]),
            "access_hash": int(remote["hash"]),
            "file_reference": base64.b64decode(remote["reference"]),
        }
        if remote["what"] == "photo":
            return types.InputPhotoFileLocation(**told, thumb_size=str(remote["thumb"]))
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise refused("media_gone") from None
    return types.InputDocumentFileLocation(**told, thumb_size="")
