"""Messages without Telegram: they stay in this process."""

# ruff: noqa: ARG002 - the port's arguments, which memory has no use for

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import PermanentError
from apps.telegram.adapters.fake_memory import MEMORY, KeptMessage, blank, numeric, username_of
from apps.telegram.limits import album_refusal, media_refusal
from apps.telegram.ports import Buttons, ChatId, Media, SentMessage


class FakeMessages:
    """`ports.MessagesApi`."""

    async def send_message(
        self,
        chat_id: ChatId,
        text: str,
        *,
        parse_mode: str | None = "HTML",
        silent: bool = False,
        link_preview: bool = True,
        buttons: Buttons = (),
        asks_reply: bool = False,
        topic: int | None = None,
        protect: bool = False,
        request_timeout: float | None = None,
    ) -> SentMessage:
        """Keep a text."""
        return keep(chat_id, text, topic=topic, silent=silent, buttons=buttons, protect=protect).sent

    async def send_media(
        self,
        chat_id: ChatId,
        media: Media,
        *,
        caption: str = "",
        parse_mode: str | None = "HTML",
        silent: bool = False,
        protect: bool = False,
        buttons: Buttons = (),
        topic: int | None = None,
        caption_above: bool = False,
        request_timeout: float | None = None,
    ) -> SentMessage:
        """Keep a file's description."""
        await looked_at([media])
        kept = keep(chat_id, caption, topic=topic, media=media, silent=silent, buttons=buttons, protect=protect)
        return kept.sent

    async def send_album(
        self,
        chat_id: ChatId,
        media: Sequence[Media],
        *,
        caption: str = "",
        parse_mode: str | None = "HTML",
        silent: bool = False,
        protect: bool = False,
        topic: int | None = None,
        caption_above: bool = False,
        request_timeout: float | None = None,
    ) -> tuple[SentMessage, ...]:
        """Keep the files' descriptions, all or none."""
        await looked_at(media)
        first = len(MEMORY.messages[str(chat_id)]) + 1 if len(media) > 1 else 0
        return tuple(
            keep(
                chat_id,
                "" if number else caption,
                topic=topic,
                media=one,
                silent=silent,
                protect=protect,
                album=first,
            ).sent
            for number, one in enumerate(media)
        )

    async def edit_message_text(
        self,
        chat_id: ChatId,
        message_id: int,
        text: str,
        *,
        parse_mode: str | None = "HTML",
        link_preview: bool = True,
        buttons: Buttons = (),
        request_timeout: float | None = None,
    ) -> None:
        """Replace a kept text."""
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, text=text, buttons=buttons))

    async def edit_caption(
        self,
        chat_id: ChatId,
        message_id: int,
        caption: str,
        *,
        parse_mode: str | None = "HTML",
        buttons: Buttons = (),
        caption_above: bool = False,
        request_timeout: float | None = None,
    ) -> None:
        """Replace a kept caption."""
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, text=caption, buttons=buttons))

    async def edit_media(
        self,
        chat_id: ChatId,
        message_id: int,
        media: Media,
        *,
        caption: str = "",
        parse_mode: str | None = "HTML",
        buttons: Buttons = (),
        caption_above: bool = False,
        request_timeout: float | None = None,
    ) -> None:
        """Replace a kept file."""
        await looked_at([media])
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, media=media, text=caption, buttons=buttons))

    async def edit_buttons(
        self, chat_id: ChatId, message_id: int, buttons: Buttons, *, request_timeout: float | None = None
    ) -> None:
        """Replace the buttons of a kept message."""
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, buttons=buttons))

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Blank a kept message, so that ids go on rising."""
        try:
            MEMORY.change(chat_id, message_id, blank)
        except PermanentError:
            return False
        return True

    async def delete_messages(
        self, chat_id: ChatId, message_ids: Sequence[int], *, request_timeout: float | None = None
    ) -> None:
        """Blank kept messages."""
        for message_id in message_ids:
            await self.delete_message(chat_id, message_id)

    async def pin_message(
        self, chat_id: ChatId, message_id: int, *, silent: bool = True, request_timeout: float | None = None
    ) -> None:
        """Mark a kept message."""
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, pinned=True))

    async def unpin_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> None:
        """Take the mark off."""
        MEMORY.change(chat_id, message_id, lambda kept: replace(kept, pinned=False))


def keep(
    chat_id: ChatId,
    text: str,
    *,
    topic: int | None,
    silent: bool,
    protect: bool,
    media: Media | None = None,
    buttons: Buttons = (),
    album: int = 0,
) -> KeptMessage:
    """Keep one message.

    Raises:
        PermanentError: the topic is not there, or is closed.
    """
    wanted = topic if topic and topic > 1 else 0
    if wanted and MEMORY.topic(chat_id, wanted).closed:
        raise PermanentError(_("The topic is closed. Open it again, or choose another."), code="topic_closed")
    kept = MEMORY.messages[str(chat_id)]
    sent = SentMessage(
        message_id=len(kept) + 1,
        chat_id=numeric(chat_id),
        date=clock.now(),
        chat_username=username_of(chat_id),
        topic=wanted,
        file_id=(media.file_id or f"memory:{media.storage_name}") if media else "",
    )
    message = KeptMessage(sent, text, silent, media=media, buttons=buttons, protect=protect, album=album)
    kept.append(message)
    return message


async def looked_at(media: Sequence[Media]) -> None:
    """Judge files as Telegram would, as far as that goes without it.

    Raises:
        PermanentError: one is not there, or is too large, or they do not go together.
    """
    if words := album_refusal(media) if len(media) != 1 else media_refusal(media[0]):
        raise PermanentError(words, code="media_refused")
    for one in media:
        if not one.file_id and not await asyncio.to_thread(default_storage.exists, one.storage_name):
            words = _("The file “%(name)s” is not there any more.") % {"name": one.name}
            raise PermanentError(words, code="media_gone")
