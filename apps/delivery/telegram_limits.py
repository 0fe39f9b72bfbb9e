"""Telegram's limits as the senders keep them: places in the buckets, and whom a `retry_after` binds.

A 429 does not say which limit was met. It binds the chat that was written to; when several chats of one bot refuse with
no accepted message between, it is the bot that writes too much, and all of its chats wait.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async

from apps.delivery.telegram_pace import SPACE_S, WINDOW, WINDOW_S, Departure, Pace
from apps.telegram import buckets

# So many chats in a row mean the bot.
CHATS_MEAN_BOT = 3

PACED_MAX = 2_000

_turns: dict[int, deque[float]] = {}
_paces: dict[int, Pace] = {}
_refused: dict[int, set[str]] = defaultdict(set)
_lock = threading.Lock()


async def place(bot_id: int, chat_id: str, *, is_group: bool, max_wait: float, places: int = 1) -> float:
    """Seconds to wait for as many places; they are taken where that is at most `max_wait`."""
    reserve = sync_to_async(buckets.reserve, thread_sensitive=False)
    return await reserve(bot_id, chat_id, is_group=is_group, max_wait=max_wait, places=places)


async def turn(bot_id: int) -> None:
    """Let a bot's messages come to `begin` as fast as they leave: few have begun and not left when a worker dies."""
    moment = time.monotonic()
    with _lock:
        if len(_turns) > PACED_MAX:
            _turns.clear()
        turns = _turns.setdefault(bot_id, deque(maxlen=WINDOW))
        at = max(moment, turns[-1] + SPACE_S) if turns else moment
        if len(turns) == WINDOW:
            at = max(at, turns[0] + WINDOW_S + _pace_of(bot_id).under_way_s())
        turns.append(at)
    await asyncio.sleep(at - moment)


@asynccontextmanager
async def paced(bot_id: int, places: int = 1) -> AsyncIterator[None]:
    """Wait until a message may leave, whatever held it up since its turn, and note when its answer is there.

    `places` are the parts of an album.
    """
    moment = time.monotonic()
    with _lock:
        pace = _pace_of(bot_id)
        departure = pace.book(moment, places)
    try:
        while (wait := _wait_of(pace, departure)) > 0:  # noqa: ASYNC110 - its moment is known, though it may move
            await asyncio.sleep(wait)
        yield
    finally:
        with _lock:
            if departure.has_left:
                pace.answered(departure, time.monotonic())
            else:
                pace.given_up(departure)


def _wait_of(pace: Pace, departure: Departure) -> float:
    """Seconds until it may leave; 0 where it leaves now."""
    moment = time.monotonic()
    with _lock:
        return 0.0 if pace.leaves(departure, moment) else departure.leaves_at - moment


def _pace_of(bot_id: int) -> Pace:
    if len(_paces) > PACED_MAX:
        _paces.clear()
    return _paces.setdefault(bot_id, Pace())


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
