"""Messages that are there already, through aiogram: changed, pinned, deleted."""

from __future__ import annotations

from collections.abc import Sequence

from aiogram.methods import (
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    PinChatMessage,
    UnpinChatMessage,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from django.conf import settings

from apps.core.errors import PermanentError
from apps.telegram.adapters.aiogram_files import input_media, opened
from apps.telegram.adapters.aiogram_wire import AiogramWire
from apps.telegram.limits import upload_s
from apps.telegram.ports import Buttons, ChatId, Media


class AiogramEdits(AiogramWire):
    """`ports.MessagesApi` without sending; all of it may be repeated."""

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
        """Replace a message's text; repeating it does no harm."""
        method = EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            parse_mode=parse_mode,
            link_preview_options=LinkPreviewOptions(is_disabled=not link_preview),
            reply_markup=keyboard(buttons) if buttons else None,
        )
        await self.ask_settled(method, request_timeout=request_timeout)

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
        """Replace the caption of a file; repeating it does no harm."""
        method = EditMessageCaption(
            chat_id=chat_id,
            message_id=message_id,
            caption=caption,
            parse_mode=parse_mode,
            show_caption_above_media=caption_above or None,
            reply_markup=keyboard(buttons) if buttons else None,
        )
        await self.ask_settled(method, request_timeout=request_timeout)

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
        """Replace the file of a message with its caption; repeating it does no harm."""
        async with opened([media]) as sources:
            part = input_media(media, sources[0], caption=caption, parse_mode=parse_mode, caption_above=caption_above)
            method = EditMessageMedia(
                chat_id=chat_id,
                message_id=message_id,
                media=part,
                reply_markup=keyboard(buttons) if buttons else None,
            )
            await self.ask_settled(method, request_timeout=time_for([media], request_timeout))

    async def edit_buttons(
        self, chat_id: ChatId, message_id: int, buttons: Buttons, *, request_timeout: float | None = None
    ) -> None:
        """Replace the buttons under a message, or take them away; repeating it does no harm."""
        markup = keyboard(buttons) if buttons else None
        method = EditMessageReplyMarkup(chat_id=chat_id, message_id=message_id, reply_markup=markup)
        await self.ask_settled(method, request_timeout=request_timeout)

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Delete a message; False where it was not there any more."""
        try:
            await self.ask(DeleteMessage(chat_id=chat_id, message_id=message_id), request_timeout=request_timeout)
        except PermanentError as exc:
            if exc.code != "message_not_found":
                raise
            return False
        return True

    async def delete_messages(
        self, chat_id: ChatId, message_ids: Sequence[int], *, request_timeout: float | None = None
    ) -> None:
        """Delete up to 100 messages; those that are not there are passed over."""
        method = DeleteMessages(chat_id=chat_id, message_ids=list(message_ids))
        await self.ask(method, request_timeout=request_timeout)

    async def pin_message(
        self, chat_id: ChatId, message_id: int, *, silent: bool = True, request_timeout: float | None = None
    ) -> None:
        """Pin a message; repeating it does no harm."""
        method = PinChatMessage(chat_id=chat_id, message_id=message_id, disable_notification=silent)
        await self.ask_settled(method, request_timeout=request_timeout)

    async def unpin_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> None:
        """Unpin a message; repeating it does no harm."""
        method = UnpinChatMessage(chat_id=chat_id, message_id=message_id)
        try:
            await self.ask_settled(method, request_timeout=request_timeout)
        except PermanentError as exc:
            if exc.code != "message_not_found":
                raise


def time_for(media: Sequence[Media], asked: float | None) -> float:
    """How long a request with these files may take."""
    return settings.TELEGRAM_TIMEOUT_S + upload_s(media) if asked is None else asked


def keyboard(buttons: Buttons) -> InlineKeyboardMarkup:
    """Rows of buttons as Telegram takes them."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=one.text, url=one.url or None, callback_data=one.word or None) for one in row]
            for row in buttons
        ]
    )
