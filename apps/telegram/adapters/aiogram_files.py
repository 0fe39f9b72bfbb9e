"""Files on their way to the Bot API: read in pieces from Django's storage while they are uploaded."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiogram import Bot
from aiogram.types import (
    InputFile,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaUnion,
    InputMediaVideo,
    Message,
)
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.limits import MB, album_refusal, media_refusal, size_max_mb
from apps.telegram.ports import Media

PIECE = 256 * 1024
# Characters that would end the name, or the header that it stands in.
UNNAMEABLE = re.compile(r'[\x00-\x1f\x7f"\\/]+')
NAME_MAX = 200
# Kinds that may be hidden until touched, and have a caption above them.
SEEN = frozenset({"photo", "video", "animation"})
MEASURED = frozenset({"video", "animation"})
INPUTS: Mapping[str, Callable[..., InputMediaUnion]] = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "animation": InputMediaAnimation,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}


class StoredFile(InputFile):
    """A file of the storage, uploaded once.

    Attributes:
        is_read: its last byte has been handed on; before that the request can't be whole.
    """

    def __init__(self, media: Media, opened: File[bytes]) -> None:
        super().__init__(filename=UNNAMEABLE.sub("_", media.name)[:NAME_MAX] or "file", chunk_size=PIECE)
        self._opened = opened
        self.is_read = False

    async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - aiogram's signature
        """The content in pieces, each read in a thread."""
        while piece := await asyncio.to_thread(self._opened.read, PIECE):
            yield piece
        self.is_read = True


@asynccontextmanager
async def opened(media: Sequence[Media]) -> AsyncIterator[list[StoredFile | str]]:
    """Open the files of a message; those that Telegram has already are their identifiers.

    Raises:
        PermanentError: one is not there any more, or Telegram would refuse it.
        RetryableError: the storage does not answer.
    """
    if words := album_refusal(media) if len(media) != 1 else media_refusal(media[0]):
        raise PermanentError(words, code="too_big" if is_too_big(media) else "media_refused")
    async with AsyncExitStack() as stack:
        found: list[StoredFile | str] = []
        for one in media:
            if one.file_id:
                found.append(one.file_id)
                continue
            file = await asyncio.to_thread(file_of, one)
            stack.push_async_callback(asyncio.to_thread, file.close)
            found.append(StoredFile(one, file))
        yield found


def is_too_big(media: Sequence[Media]) -> bool:
    """Whether one of the files is larger than its kind may be."""
    return any(one.size > size_max_mb(one.kind) * MB for one in media if not one.file_id)


def file_of(media: Media) -> File[bytes]:
    """The file in the storage."""
    try:
        return default_storage.open(media.storage_name, "rb")
    except FileNotFoundError:
        words = _("The file “%(name)s” is not there any more.") % {"name": media.name}
        raise PermanentError(words, code="media_gone") from None
    except OSError as exc:
        words = _("The file “%(name)s” can't be read just now.") % {"name": media.name}
        raise RetryableError(words, code="storage_away") from exc


def stored(sources: Sequence[StoredFile | str]) -> list[StoredFile]:
    """Those that are uploaded."""
    return [one for one in sources if isinstance(one, StoredFile)]


def input_media(media: Media, source: StoredFile | str, **caption: Any) -> InputMediaUnion:
    """A part of an album, or what takes a file's place."""
    return INPUTS[media.kind](media=source, **shown(media, **caption))


def shown(media: Media, *, caption: str, parse_mode: str | None, caption_above: bool) -> dict[str, Any]:
    """What is told of a file besides its content."""
    told: dict[str, Any] = {"caption": caption or None, "parse_mode": parse_mode if caption else None}
    if media.kind in SEEN:
        told |= {"has_spoiler": media.spoiler or None, "show_caption_above_media": caption_above or None}
    if media.kind in MEASURED:
        told |= {"width": media.width or None, "height": media.height or None}
    if media.kind in MEASURED or media.kind == "audio":
        told["duration"] = media.duration or None
    if media.kind == "video":
        told["supports_streaming"] = True
    return told


def file_id_of(message: Message) -> str:
    """Telegram's name of a message's file; empty where it has none."""
    if message.photo:
        return message.photo[-1].file_id
    # A message with an animation names it as a document too.
    for found in (message.animation, message.video, message.audio, message.document):
        if found is not None:
            return found.file_id
    return ""
