"""The Bot API stand-in's calls: their parameters, and the envelope of its answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.hosting import Reply
from tests.servers.telegram_chats import RefusedError
from tests.servers.telegram_markup import MarkupError, parse_html, trimmed, utf16_length

TEXT_MAX = 4096
CAPTION_MAX = 1024


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes = field(repr=False)
    mime: str


Uploads = dict[str, Upload]


async def parameters(request: web.Request) -> tuple[dict[str, str], Uploads]:
    """A call's parameters, wherever they came: address, form, multipart or JSON; and the files beside them."""
    params = dict(request.query)
    uploads: Uploads = {}
    if request.content_type == "application/json":
        for key, value in (await request.json()).items():
            params[key] = value if isinstance(value, str) else json.dumps(value)
    elif request.can_read_body:
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file:
                    content = value.file.read()
                uploads[key] = Upload(value.filename, content, value.content_type)
                params[key] = f"<{value.filename}, {len(content)} bytes>"
            else:
                params[key] = str(value)
    return params, uploads


def flag(params: dict[str, str], name: str) -> bool:
    """Whether a parameter is true."""
    return params.get(name, "").lower() in {"true", "1"}


def text_of(params: dict[str, str]) -> tuple[str, list[dict[str, Any]]]:
    """A message's text and entities.

    Raises:
        RefusedError: it is empty, too long, or can't be parsed.
    """
    source = params.get("text", "")
    text, entities = formatted(source, params.get("parse_mode", ""))
    if not text:
        raise RefusedError(
            400, "Bad Request: message text is empty" if not source else "Bad Request: text must be non-empty"
        )
    if utf16_length(text) > TEXT_MAX:
        raise RefusedError(400, "Bad Request: message is too long")
    return text, entities


def caption_of(params: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """A caption and its entities; it may be empty.

    Raises:
        RefusedError: it is too long, or can't be parsed.
    """
    text, entities = formatted(str(params.get("caption") or ""), str(params.get("parse_mode") or ""))
    if utf16_length(text) > CAPTION_MAX:
        raise RefusedError(400, "Bad Request: message caption is too long")
    return text, entities


def formatted(source: str, parse_mode: str) -> tuple[str, list[dict[str, Any]]]:
    """A text without its tags, and its entities."""
    mode = parse_mode.lower()
    if mode not in {"", "html"}:
        raise RefusedError(400, "Bad Request: unsupported parse_mode")
    try:
        return trimmed(*(parse_html(source) if mode else (source, [])))
    except MarkupError as exc:
        raise RefusedError(400, f"Bad Request: {exc}") from exc


def markup_of(params: dict[str, str]) -> dict[str, Any] | None:
    """The keyboard under a message.

    Raises:
        RefusedError: a button leads nowhere or tells nothing.
    """
    markup = json.loads(params.get("reply_markup") or "null")
    for button in (one for row in (markup or {}).get("inline_keyboard", ()) for one in row):
        if not button.get("text"):
            raise RefusedError(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
        url, word = button.get("url"), button.get("callback_data")
        if url is not None and not re.match(r"^(https?|tg)://[^\s/]+", url):
            raise RefusedError(400, f"Bad Request: inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        if word is not None and not 1 <= len(word.encode()) <= 64:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
    return dict(markup) if markup else None


def whole(params: dict[str, str], name: str, otherwise: str) -> int:
    """A whole number among the parameters."""
    try:
        return int(params[name])
    except (KeyError, ValueError):
        raise RefusedError(400, otherwise) from None


def bot_user(bot_id: int) -> dict[str, Any]:
    """The user that a bot is."""
    return {"id": bot_id, "is_bot": True, "first_name": f"Bot {bot_id}", "username": f"stand_in_{bot_id}_bot"}


def refused(status: int, description: str, **extra: int) -> Reply:
    """An error in Telegram's envelope, with its response parameters if it has any."""
    body = {"ok": False, "error_code": status, "description": description}
    return Reply(status, {**body, "parameters": extra} if extra else body, outcome="refused")


def too_many(seconds: int) -> Reply:
    """Telegram's 429."""
    body = {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
    return Reply(429, body, outcome="limited", headers={"Retry-After": str(seconds)})
