"""Messages sent through aiogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiogram.methods import (
    SendAnimation,
    SendAudio,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVideo,
    TelegramMethod,
)
from aiogram.types import ForceReply, LinkPreviewOptions, Message
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, PultError
from apps.telegram.adapters.aiogram_edits import AiogramEdits, keyboard, time_for
from apps.telegram.adapters.aiogram_files import file_id_of, input_media, opened, shown, stored
from apps.telegram.ports import Buttons, ChatId, Media, SentMessage

# A message that went astray is taken back at once or not at all.
TAKE_BACK_S = 5.0
GENERAL = frozenset({None, 0, 1})
SENDS: dict[str, Any] = {
    "photo": SendPhoto,
    "video": SendVideo,
    "document": SendDocument,
    "animation": SendAnimation,
    "audio": SendAudio,
}


class AiogramMessages(AiogramEdits):
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
        """Send a text; must not be repeated after an UnknownOutcomeError."""
        method = SendMessage(
            chat_id=chat_id,
            text=text,
            parse_mode=parse_mode,
            disable_notification=silent,
            protect_content=protect,
            message_thread_id=thread(topic),
            link_preview_options=LinkPreviewOptions(is_disabled=not link_preview),
            reply_markup=keyboard(buttons) if buttons else ForceReply() if asks_reply else None,
        )
        message = await self.ask(method, request_timeout=request_timeout, repeatable=False)
        return (await self._landed([message], topic))[0]

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
        """Send one file with a caption; must not be repeated after an UnknownOutcomeError."""
        async with opened([media]) as sources:
            method: TelegramMethod[Message] = SENDS[media.kind](
                chat_id=chat_id,
                disable_notification=silent,
                protect_content=protect,
                message_thread_id=thread(topic),
                reply_markup=keyboard(buttons) if buttons else None,
                **{media.kind: sources[0]},
                **shown(media, caption=caption, parse_mode=parse_mode, caption_above=caption_above),
            )
            limit = time_for([media], request_timeout)
            message = await self.ask(method, request_timeout=limit, repeatable=False, files=stored(sources))
        return (await self._landed([message], topic))[0]

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
        """Send files as one post; must not be repeated after an UnknownOutcomeError."""
        looks = {"caption": caption, "parse_mode": parse_mode, "caption_above": caption_above}
        common = {"silent": silent, "protect": protect, "topic": topic, "request_timeout": request_timeout}
        if len(media) == 1:
            return (await self.send_media(chat_id, media[0], **looks, **common),)  # type: ignore[arg-type]
        async with opened(media) as sources:
            pairs = zip(media, sources, strict=True)
            parts = [
                input_media(one, source, **(looks | {"caption": ""} if number else looks))
                for number, (one, source) in enumerate(pairs)
            ]
            method = SendMediaGroup(
                chat_id=chat_id,
                media=parts,  # type: ignore[arg-type]
                disable_notification=silent,
                protect_content=protect,
                message_thread_id=thread(topic),
            )
            limit = time_for(media, request_timeout)
            messages = await self.ask(method, request_timeout=limit, repeatable=False, files=stored(sources))
        return tuple(await self._landed(messages, topic))

    async def _landed(self, messages: Sequence[Message], topic: int | None) -> list[SentMessage]:
        """What was sent, if it stands in the topic that was asked for.

        Raises:
            PermanentError: Telegram put it elsewhere; it was taken back, or a person is told where it stands.
        """
        wanted = thread(topic)
        if wanted is None or all(one.message_thread_id == wanted for one in messages):
            return [sent_from(one) for one in messages]
        chat_id, numbers = messages[0].chat.id, [one.message_id for one in messages]
        try:
            await self.delete_messages(chat_id, numbers, request_timeout=TAKE_BACK_S)
        except PultError:
            words = _(
                "The topic is not there any more: Telegram put message %(number)s outside of it. Delete it there."
            )
        else:
            words = _("The topic is not there any more: Telegram put the message outside of it, and it was taken back.")
        raise PermanentError(words % {"number": numbers[0]}, code="topic_not_found")


def thread(topic: int | None) -> int | None:
    """A topic as Telegram takes it: General has no number when something is sent to it."""
    return None if topic in GENERAL else topic


def sent_from(message: Message) -> SentMessage:
    """A message that Telegram has accepted."""
    return SentMessage(
        message_id=message.message_id,
        chat_id=message.chat.id,
        date=message.date,
        chat_username=message.chat.username or "" if message.chat.type != "private" else "",
        topic=message.message_thread_id or 0,
        file_id=file_id_of(message),
    )
