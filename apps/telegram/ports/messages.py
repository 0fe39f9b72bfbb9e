"""Sending, changing and deleting messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apps.telegram.ports.values import Buttons, ChatId, Media, SentMessage


class MessagesApi(Protocol):
    """What a bot does with messages; failures as `BotApi` says.

    `topic`: the topic of a forum; None, 0 and 1 are General. A message that Telegram puts elsewhere is taken back and
    refused with the code `topic_not_found`. `protect`: readers can neither forward nor save it. `buttons`: rows of
    buttons under it; an edit without them takes them away.
    """

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
        """Send a text; must not be repeated after an UnknownOutcomeError.

        `asks_reply`: the reader's app opens a reply to it at once; not with buttons.
        """
        ...

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
        """Send one file with a caption; must not be repeated after an UnknownOutcomeError.

        `caption_above`: pictures, videos and animations only.

        Raises:
            PermanentError: also what the file itself is refused for; codes `media_gone`, `media_refused`, `too_big`.
        """
        ...

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
        """Send 2 to 10 files as one post, the caption under the first; all of them or none.

        Pictures and videos may be mixed; documents only with documents, audio only with audio, animations never. It
        takes as many places in the rate limits as it has parts. Must not be repeated after an UnknownOutcomeError.
        """
        ...

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
        ...

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
        ...

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
        ...

    async def edit_buttons(
        self, chat_id: ChatId, message_id: int, buttons: Buttons, *, request_timeout: float | None = None
    ) -> None:
        """Replace the buttons under a message, or take them away; repeating it does no harm."""
        ...

    async def delete_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> bool:
        """Delete a message; False where it was not there any more."""
        ...

    async def delete_messages(
        self, chat_id: ChatId, message_ids: Sequence[int], *, request_timeout: float | None = None
    ) -> None:
        """Delete up to 100 messages, an album for example; those that are not there are passed over."""
        ...

    async def pin_message(
        self, chat_id: ChatId, message_id: int, *, silent: bool = True, request_timeout: float | None = None
    ) -> None:
        """Pin a message; repeating it does no harm."""
        ...

    async def unpin_message(self, chat_id: ChatId, message_id: int, *, request_timeout: float | None = None) -> None:
        """Unpin a message; repeating it does no harm."""
        ...
