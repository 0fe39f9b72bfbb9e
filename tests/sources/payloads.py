"""Small invented feeds and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"


def rss(*items: str, title: str = "Вестник") -> str:
    """An RSS document around ready items."""
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0">'
    return f"{head}<channel><title>{title}</title>{''.join(items)}</channel></rss>"


def entry(guid: str, title: str = "Мост открыт", text: str = "Мост через Студёнку открыли после ремонта.") -> str:
    """One item of an RSS document."""
    return (
        f"<item><guid>{guid}</guid><title>{title}</title><link>https://news.example/{guid}</link>"
        f"<pubDate>Fri, 20 Nov 2026 12:00:00 +0300</pubDate><description>{text}</description></item>"
    )


def plain_list(*texts: str, channel: str = "Чайка", sender: int = -1001) -> bytes:
    """The plain list of messages."""
    return json.dumps(
        [
            {
                "message_id": number,
                "sender_id": sender,
                "text": text,
                "date": f"2026-11-20T{number % 24:02}:00:00+00:00",
                "channel": channel,
                "category": "other",
            }
            for number, text in enumerate(texts, start=1)
        ],
        ensure_ascii=False,
    ).encode()


def desktop(*messages: dict[str, Any], name: str = "Чайка", number: int = 77, kind: str = "private_channel") -> bytes:
    """One chat as Telegram Desktop writes it."""
    return json.dumps({"name": name, "type": kind, "id": number, "messages": list(messages)}).encode()
