"""Telegram's limits as the senders keep them: places in the buckets, and whom a `retry_after` binds.

A 429 does not say which limit was met. It binds the chat that was written to; when several chats of one bot refuse with
no accepted message between, it is the bot that writes too much, and all of its chats wait.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict

from asgiref.sync import sync_to_async

from apps.telegram import buckets

# So many chats in a row mean the bot.
CHATS_MEAN_BOT = 3

# Closer together two messages of a bot never leave: what a busy moment kept back does not go out in one burst.
SPACE_S = 0.034
PACED_MAX = 10_000

_turn_at: dict[int, float] = {}
_left_at: dict[int, float] = {}
_refused: dict[int, set[str]] = defaultdict(set)
_lock = threading.Lock()


async def place(bot_id: int, chat_id: str, *, is_group: bool, max_wait: float, places: int = 1) -> float:
    """Seconds to wait for as many places; they are taken where that is at most `max_wait`."""
    reserve = sync_to_async(buckets.reserve, thread_sensitive=False)
    return await reserve(bot_id, chat_id, is_group=is_group, max_wait=max_wait, places=places)


async def turn(bot_id: int) -> None:
    """Let a bot's messages come to `begin` one after the other: few are begun that have not left when a worker dies."""
    await _apart(_turn_at, bot_id)


async def pace(bot_id: int) -> None:
    """Keep a bot's messages apart at the moment when they leave, whatever held them up since their turn."""
    await _apart(_left_at, bot_id)


async def _apart(taken: dict[int, float], bot_id: int) -> None:
    moment = time.monotonic()
    with _lock:
        if len(taken) > PACED_MAX:
            taken.clear()
        at = max(moment, taken.get(bot_id, 0.0) + SPACE_S)
        taken[bot_id] = at
    await asyncio.sleep(at - moment)


async def obey(bot_id: int, chat_id: str, seconds: float) -> None:
    """Let nothing through to whom a `retry_after` binds."""
    with _lock:
        chats = _refused[bot_id]
        chats.add(chat_id)
        is_bot = len(chats) >= CHATS_MEAN_BOT
    close = sync_to_async(buckets.penalise, thread_sensitive=False)
    await close(bot_id, chat_id, seconds)
    if is_bot:
        await close(bot_id, None, seconds)


def accepted(bot_id: int) -> None:
    """A message got through: whatever was refused before it was the chats' own."""
    with _lock:
        _refused.pop(bot_id, None)
