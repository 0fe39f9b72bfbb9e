"""Telegram's limits as the senders keep them: places in the buckets, and whom a `retry_after` binds.

A 429 does not say which limit was met. It binds the chat that was written to; when several chats of one bot refuse with
no accepted message between, it is the bot that writes too much, and all of its chats wait.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from asgiref.sync import sync_to_async

from apps.telegram import buckets

# So many chats in a row mean the bot.
CHATS_MEAN_BOT = 3

# Closer together two messages of a bot never leave: what a busy moment kept back does not go out in one burst.
SPACE_S = 0.02
# Telegram takes about 30 messages of a bot in any second of its own clock.
WINDOW, WINDOW_S = 30, 1.0
# A message came to Telegram before it answered, and hardly later than this after it left.
ON_THE_WAY_S = 0.1
PACED_MAX = 10_000


@dataclass(eq=False)
class Departure:
    """When a message leaves, and when its answer was there."""

    left_at: float
    answered_at: float | None = None

    @property
    def counted_at(self) -> float:
        """The latest moment at which Telegram counted it."""
        latest = self.left_at + ON_THE_WAY_S
        return latest if self.answered_at is None else min(self.answered_at, latest)


_turns: dict[int, deque[float]] = {}
_left: dict[int, deque[Departure]] = {}
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
            at = max(at, turns[0] + WINDOW_S + _on_the_way_s(bot_id))
        turns.append(at)
    await asyncio.sleep(at - moment)


def _on_the_way_s(bot_id: int) -> float:
    """How long the last answered messages were on their way at most, in the mean; as `pace` counts it."""
    trips = [one.counted_at - one.left_at for one in _left.get(bot_id, ()) if one.answered_at is not None]
    return sum(trips) / len(trips) if trips else 0.0


async def pace(bot_id: int, places: int = 1) -> Departure:
    """Keep a bot's messages apart at the moment when they leave, whatever held them up since their turn.

    No more than the window's leave within it, counted from when Telegram has counted the earlier ones: what was late on
    its way does not come to the limit together with what left after it. `places` are the parts of an album.
    """
    moment = time.monotonic()
    with _lock:
        if len(_left) > PACED_MAX:
            _left.clear()
        left = _left.setdefault(bot_id, deque(maxlen=WINDOW))
        at = max(moment, left[-1].left_at + SPACE_S) if left else moment
        if (over := len(left) + min(places, WINDOW) - WINDOW) > 0:
            at = max(at, left[over - 1].counted_at + WINDOW_S)
        departure = Departure(at)
        left.extend([departure] * places)
    await asyncio.sleep(at - moment)
    return departure


@contextmanager
def answered(departure: Departure) -> Iterator[None]:
    """Note when the answer to a message is there, whatever it says."""
    try:
        yield
    finally:
        departure.answered_at = time.monotonic()


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
