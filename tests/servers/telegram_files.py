"""The Bot API stand-in's methods for files: send one, send an album, replace one."""

from __future__ import annotations

import io
import json
from hashlib import sha256
from typing import Any

from PIL import Image, UnidentifiedImageError

from tests.servers.telegram_calls import Upload, caption_of, flag, markup_of
from tests.servers.telegram_chats import RefusedError
from tests.servers.telegram_state import Call, Telegram, Verb, topic_of
from tests.servers.telegram_stored import StoredFile

KINDS = ("photo", "video", "document", "animation", "audio")
PHOTO_MAX, FILE_MAX = 10 * 1024 * 1024, 50 * 1024 * 1024
SIDES_MAX, RATIO_MAX = 10_000, 20
SPOILED = frozenset({"photo", "video", "animation"})
ALBUMS = (frozenset({"photo", "video"}), frozenset({"document"}), frozenset({"audio"}))
WRONG = "Bad Request: wrong file identifier/HTTP URL specified"


def send_file(kind: str) -> Verb:
    """The method that sends one file of a kind: sendPhoto and so on."""

    def verb(telegram: Telegram, call: Call) -> dict[str, Any]:
        chat = telegram.chats.writable(call.params)
        if chat.refuse == "no_media":
            raise RefusedError(400, f"Bad Request: not enough rights to send {kind}s to the chat")
        text, entities = caption_of(call.params)
        topic, markup = topic_of(chat, call.params), markup_of(call.params)
        file = file_of(telegram, call, kind, call.params.get(kind, ""), call.params)
        telegram.within_limits(call, chat)
        said = (text, entities, call.params.get("caption", ""))
        spoiler = kind in SPOILED and flag(call.params, "has_spoiler")
        above = kind in SPOILED and flag(call.params, "show_caption_above_media")
        kept = telegram.accept(
            call, chat, said, topic=topic, markup=markup, file=file, spoiler=spoiler, caption_above=above
        )
        return telegram.show(kept)

    return verb


def send_media_group(telegram: Telegram, call: Call) -> list[dict[str, Any]]:
    """sendMediaGroup: all of its parts or none; each counts as a message."""
    chat = telegram.chats.writable(call.params)
    parts = json.loads(call.params.get("media") or "[]")
    if not 2 <= len(parts) <= 10:
        few = "Bad Request: there are too few messages to send as an album"
        raise RefusedError(400, few if len(parts) < 2 else "Bad Request: too many messages to send as an album")
    kinds = {str(part.get("type")) for part in parts}
    if not any(kinds <= together for together in ALBUMS):
        odd = sorted(kinds - ALBUMS[0])[0]
        raise RefusedError(400, f"Bad Request: {odd} can't be mixed with other media types")
    topic = topic_of(chat, call.params)
    said = [(*caption_of(part), part.get("caption") or "") for part in parts]
    files = [file_of(telegram, call, str(part["type"]), str(part.get("media", "")), part) for part in parts]
    telegram.within_limits(call, chat, count=len(parts))
    album = f"{abs(chat.id)}{chat.last_message_id + 1}"
    shown = []
    for part, words, file in zip(parts, said, files, strict=True):
        kept = telegram.accept(call, chat, words, topic=topic, file=file, album=album)
        kept.spoiler, kept.caption_above = bool(part.get("has_spoiler")), bool(part.get("show_caption_above_media"))
        shown.append(telegram.show(kept))
    return shown


def edit_message_media(telegram: Telegram, call: Call) -> dict[str, Any]:
    """editMessageMedia: another file, with its own caption."""
    chat = telegram.chats.writable(call.params)
    part = json.loads(call.params.get("media") or "{}")
    text, entities = caption_of(part)
    message = telegram.own(chat, call)
    file = file_of(telegram, call, str(part.get("type")), str(part.get("media", "")), part)
    if message.file and (message.file.kind, message.file.digest) == (file.kind, file.digest):
        file = message.file
    above, spoiler = bool(part.get("show_caption_above_media")), bool(part.get("has_spoiler"))
    return telegram.changed(
        call,
        message,
        file=file,
        text=text,
        entities=entities,
        source=part.get("caption") or "",
        caption_above=above,
        spoiler=spoiler,
    )


def file_of(telegram: Telegram, call: Call, kind: str, named: str, part: dict[str, Any]) -> StoredFile:
    """The file that a call names: uploaded beside it, or by the identifier of an earlier one.

    Raises:
        RefusedError: there is none, or Telegram would not take it.
    """
    if kind not in KINDS:
        raise RefusedError(400, "Bad Request: type of the media is not supported")
    upload = call.uploads.get(named.removeprefix("attach://")) or call.uploads.get(kind)
    if upload is not None:
        return kept(telegram, call.bot_id, kind, upload, part)
    known = telegram.files.get(named)
    if not named:
        raise RefusedError(400, f"Bad Request: there is no {kind} in the request")
    if known is None or known.bot_id != call.bot_id:
        raise RefusedError(400, WRONG)
    if known.kind != kind:
        raise RefusedError(400, f"Bad Request: can't use file of type {known.kind.title()} as {kind.title()}")
    return known


def kept(telegram: Telegram, bot_id: int, kind: str, upload: Upload, part: dict[str, Any]) -> StoredFile:
    """Keep what was uploaded; of its content only the digest."""
    size = len(upload.content)
    if not size:
        raise RefusedError(400, "Bad Request: file must be non-empty")
    if size > FILE_MAX:
        raise RefusedError(413, "Request Entity Too Large")
    if kind == "photo" and size > PHOTO_MAX:
        words = f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_MAX} bytes"
        raise RefusedError(400, f"Bad Request: {words}")
    digest = sha256(upload.content).hexdigest()
    file_id = f"{kind[:2].upper()}AC{bot_id}x{len(telegram.files) + 1}x{digest[:12]}"
    base = {"file_id": file_id, "file_unique_id": digest[:16], "file_size": size}
    shown = shown_as(kind, base, upload, part)
    telegram.files[file_id] = StoredFile(file_id, kind, bot_id, upload.name, size, digest, shown)
    return telegram.files[file_id]


def shown_as(kind: str, base: dict[str, Any], upload: Upload, part: dict[str, Any]) -> Any:
    """What a message says of a file under its kind."""
    if kind == "photo":
        width, height = photo_size(upload)
        return [{**base, "width": width, "height": height}]
    named = {**base, "file_name": upload.name, "mime_type": upload.mime}
    if kind in {"video", "animation"}:
        named |= {"width": int(part.get("width") or 320), "height": int(part.get("height") or 240)}
    if kind != "document":
        named["duration"] = int(part.get("duration") or 0)
    return named


def photo_size(upload: Upload) -> tuple[int, int]:
    """A photo's width and height.

    Raises:
        RefusedError: it is no picture, or of a shape that Telegram does not take.
    """
    try:
        with Image.open(io.BytesIO(upload.content)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError):
        raise RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > SIDES_MAX or max(width, height) > RATIO_MAX * min(width, height):
        raise RefusedError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return width, height


METHODS: dict[str, Verb] = {
    **{f"send{kind}": send_file(kind) for kind in KINDS},
    "sendmediagroup": send_media_group,
    "editmessagemedia": edit_message_media,
}
