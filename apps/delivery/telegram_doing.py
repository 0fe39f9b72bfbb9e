"""What a payload asks of the Bot API.

Keys of a payload: `bot`, `chat_id`; `do`: "send" (or nothing), "edit", "caption", "delete", "pin", "unpin".

- send: `html`; `media`, a list of `{kind, storage_name, name, size, mime, spoiler}`, of which several are an album;
  `buttons` (rows of `{text, url}`, `{text, word}`, or `{text, sealed_url}`, encrypted as long as it lies here),
  `asks_reply`, `silent`, `protect`, `link_preview`, `topic`, `caption_above`.
- the others change a message: that of `message`, else that of the delivery they name as `after`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.core.crypto import decrypt
from apps.core.errors import PermanentError
from apps.delivery.ports import Receipt
from apps.telegram import limits
from apps.telegram.ports import BotApi, Button, Media, SentMessage

MEDIA_KEYS = ("kind", "name", "size", "storage_name", "file_id", "mime", "spoiler", "width", "height", "duration")
# What two texts may differ in and still be said in one message: nothing but the words.
PLAIN_KEYS = frozenset({"bot", "chat_id", "html", "alert_chat", "silent", "do", "kind"})


def is_repeatable(payload: Mapping[str, Any]) -> bool:
    """Whether doing it twice is the same as doing it once: all but sending."""
    return bool(payload.get("do", "send") != "send")


def parts(payload: Mapping[str, Any]) -> int:
    """How many messages Telegram counts."""
    return max(1, len(payload.get("media", ()))) if not is_repeatable(payload) else 1


def joined(payloads: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Plain texts one under another; None where they are more than that, or too long together."""
    first = {name: value for name, value in payloads[0].items() if name != "html"}
    for payload in payloads:
        if not payload.keys() <= PLAIN_KEYS or is_repeatable(payload):
            return None
        if {name: value for name, value in payload.items() if name != "html"} != first:
            return None
    html = "\n\n".join(payload["html"] for payload in payloads)
    return {**first, "html": html} if limits.utf16_length(html) <= limits.TEXT_MAX else None


async def carry_out(
    api: BotApi, chat_id: str, payload: Mapping[str, Any], *, after_id: str, request_timeout: float
) -> Receipt:
    """Do what the payload says, once.

    Raises:
        PermanentError: it can't be done; codes `no_message`, `media_refused` or Telegram's own.
    """
    do = payload.get("do", "send")
    if do == "send":
        return receipt_of(await _sent(api, chat_id, payload, request_timeout))
    messages = message_ids(payload, after_id)
    await _changed(api, do, chat_id, messages, payload, request_timeout)
    return Receipt(vendor_id=",".join(map(str, messages)))


async def _sent(api: BotApi, chat_id: str, payload: Mapping[str, Any], request_timeout: float) -> Sequence[SentMessage]:
    common: dict[str, Any] = {name: payload[name] for name in ("silent", "protect", "topic") if payload.get(name)}
    common["request_timeout"] = request_timeout
    media, html = media_of(payload), payload.get("html", "")
    if not media:
        return [
            await api.send_message(
                chat_id,
                html,
                link_preview=payload.get("link_preview", True),
                buttons=buttons_of(payload),
                asks_reply=bool(payload.get("asks_reply")),
                **common,
            )
        ]
    common |= {"caption": html, "caption_above": bool(payload.get("caption_above"))}
    if len(media) == 1:
        return [await api.send_media(chat_id, media[0], buttons=buttons_of(payload), **common)]
    return await api.send_album(chat_id, media, **common)


async def _changed(
    api: BotApi, do: str, chat_id: str, messages: Sequence[int], payload: Mapping[str, Any], request_timeout: float
) -> None:
    """Change what stands there; an album by its first part, where the caption is."""
    first, html, buttons = messages[0], payload.get("html", ""), buttons_of(payload)
    match do:
        case "edit":
            preview = payload.get("link_preview", True)
            await api.edit_message_text(
                chat_id, first, html, link_preview=preview, buttons=buttons, request_timeout=request_timeout
            )
        case "caption":
            above = bool(payload.get("caption_above"))
            await api.edit_caption(
                chat_id, first, html, buttons=buttons, caption_above=above, request_timeout=request_timeout
            )
        case "delete" if len(messages) > 1:
            await api.delete_messages(chat_id, messages, request_timeout=request_timeout)
        case "delete":
            await api.delete_message(chat_id, first, request_timeout=request_timeout)
        case "pin":
            await api.pin_message(
                chat_id, first, silent=bool(payload.get("silent", True)), request_timeout=request_timeout
            )
        case "unpin":
            await api.unpin_message(chat_id, first, request_timeout=request_timeout)
        case _:
            raise PermanentError(_("Pult does not know how to do “%(what)s”.") % {"what": do}, code="do_unknown")


def message_ids(payload: Mapping[str, Any], after_id: str) -> list[int]:
    """The message that is meant; several for an album.

    Raises:
        PermanentError: nobody knows its number, code no_message.
    """
    written = str(payload.get("message") or after_id)
    found = [int(part) for part in written.split(",") if part.strip().isdigit()]
    if not found:
        raise PermanentError(
            _("Nobody knows the number of the message that is to be changed. Open it in Telegram and change it there."),
            code="no_message",
        )
    return found


def media_of(payload: Mapping[str, Any]) -> list[Media]:
    """The files of a payload.

    Raises:
        PermanentError: Telegram would refuse them, code media_refused.
    """
    media = [Media(**{key: one[key] for key in MEDIA_KEYS if key in one}) for one in payload.get("media", ())]
    refusal = limits.album_refusal(media) if len(media) > 1 else "".join(map(limits.media_refusal, media))
    if refusal:
        raise PermanentError(refusal, code="media_refused")
    return media


def buttons_of(payload: Mapping[str, Any]) -> list[list[Button]]:
    """The rows of buttons under a message."""
    return [[button_of(one) for one in row] for row in payload.get("buttons", ())]


def button_of(written: Mapping[str, str]) -> Button:
    """A button as the payload has it."""
    url = decrypt(written["sealed_url"]) if "sealed_url" in written else written.get("url", "")
    return Button(text=written["text"], url=url, word=written.get("word", ""))


def receipt_of(sent: Sequence[SentMessage]) -> Receipt:
    """The numbers of all parts, and where the first is seen."""
    return Receipt(vendor_id=",".join(str(one.message_id) for one in sent), url=message_url(sent[0]))


def message_url(sent: SentMessage) -> str:
    """Where a person sees the message; empty in chats without addresses."""
    if sent.chat_username:
        return f"https://t.me/{sent.chat_username}/{sent.message_id}"
    number = str(sent.chat_id)
    return f"https://t.me/c/{number[4:]}/{sent.message_id}" if number.startswith("-100") else ""
