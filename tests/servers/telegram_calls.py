"""The Bot API stand-in's calls: their parameters, and the envelope of its answers."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.servers.hosting import Reply
from tests.servers.telegram_chats import RefusedError
from tests.servers.telegram_markup import MarkupError, parse_html, trimmed, utf16_length

TEXT_MAX = 4096


async def parameters(request: web.Request) -> dict[str, str]:
    """A call's parameters, wherever they came: address, form, multipart or JSON."""
    params = dict(request.query)
    if request.content_type == "application/json":
        for key, value in (await request.json()).items():
            params[key] = value if isinstance(value, str) else json.dumps(value)
    elif request.can_read_body:
        params |= {key: str(value) for key, value in (await request.post()).items()}
    return params


def text_of(params: dict[str, str]) -> tuple[str, list[dict[str, Any]]]:
    """A message's text and entities.

    Raises:
        RefusedError: it is empty, too long, or can't be parsed.
    """
    source, mode = params.get("text", ""), params.get("parse_mode", "").lower()
    if mode not in {"", "html"}:
        raise RefusedError(400, "Bad Request: unsupported parse_mode")
    try:
        text, entities = trimmed(*(parse_html(source) if mode else (source, [])))
    except MarkupError as exc:
        raise RefusedError(400, f"Bad Request: {exc}") from exc
    if not text:
        raise RefusedError(
            400, "Bad Request: message text is empty" if not source else "Bad Request: text must be non-empty"
        )
    if utf16_length(text) > TEXT_MAX:
        raise RefusedError(400, "Bad Request: message is too long")
    return text, entities


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
