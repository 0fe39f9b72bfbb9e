"""How often a bot may write: about 30 messages a second over all, 1 a second to a chat, 20 a minute to a group.

Telegram publishes no exact numbers; these leave room for jitter on the way (34 ms gives 29.4 a second). All workers
share the buckets through Redis where it is configured; otherwise there is one worker process and they live in it.
Edits and each part of an album count as messages.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Protocol, cast

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from apps.core import clock
from apps.telegram.gcra import Limit, arrival_after, arrival_closed, wait_for
from apps.telegram.ports import ChatId

BOT_INTERVAL_S, BOT_BURST = 0.034, 1
CHAT_INTERVAL_S, CHAT_BURST = 1.05, 1
GROUP_INTERVAL_S, GROUP_BURST = 3.4, 3
KEYS_MAX = 10_000
# How long a bucket that is full again is remembered: the longest rest before an album.
REMEMBERED_S = 60.0

logger = structlog.get_logger(__name__)


class BucketsAwayError(Exception):
    """The shared buckets can't be reached."""


class Buckets(Protocol):
    """Where the buckets are kept. `now=None` asks their own clock."""

    def take(self, limits: list[Limit], *, max_wait: float, now: float | None) -> float:
        """Return the wait and, where it is no longer than `max_wait`, take the place; one step for all workers."""
        ...

    def close(self, limit: Limit, *, seconds: float, now: float | None) -> None:
        """Let nothing through a bucket for some seconds."""
        ...


class LocalBuckets:
    """Buckets in this process, shared by its threads."""

    def __init__(self) -> None:
        self._arrivals: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, limits: list[Limit], *, max_wait: float, now: float | None) -> float:
        """Return the wait and, where it is no longer than `max_wait`, take the place."""
        moment = clock.now().timestamp() if now is None else now
        with self._lock:
            arrivals = [self._arrivals.get(limit.key, 0.0) for limit in limits]
            wait = wait_for(limits, arrivals, moment)
            if wait <= max_wait:
                for limit, arrival in zip(limits, arrivals, strict=True):
                    self._arrivals[limit.key] = arrival_after(limit, arrival, now=moment, wait=wait)
                self._forget(moment)
        return wait

    def close(self, limit: Limit, *, seconds: float, now: float | None) -> None:
        """Let nothing through a bucket for some seconds."""
        moment = clock.now().timestamp() if now is None else now
        with self._lock:
            self._arrivals[limit.key] = arrival_closed(limit, self._arrivals.get(limit.key, 0.0), moment + seconds)

    def _forget(self, moment: float) -> None:
        """Drop buckets that are full again, once there are many."""
        if len(self._arrivals) > KEYS_MAX:
            since = moment - REMEMBERED_S
            self._arrivals = {key: arrival for key, arrival in self._arrivals.items() if arrival > since}


LOCAL = LocalBuckets()


@lru_cache(maxsize=4)
def shared_buckets(url: str) -> Buckets:
    """The buckets that all workers share."""
    return cast(Buckets, import_string("apps.telegram.adapters.redis_buckets.RedisBuckets")(url))


def reserve(
    bot_id: int,
    chat_id: ChatId,
    *,
    is_group: bool,
    now: datetime | None = None,
    max_wait: float = 0.0,
    places: int = 1,
) -> float:
    """Ask to write: the seconds to wait, and in the same step the place is taken if that is at most `max_wait`.

    So an answer of 0 means "go". With `max_wait=2`, an answer up to 2 means "sleep so long, then go", and a longer one
    means "nothing was taken: come back then and ask again". `bot_id` is Telegram's id of the bot, which several
    workspaces may share; `places` is how many messages go at once, the parts of an album; `now` is for tests, otherwise
    the buckets' own clock counts.
    """
    limits = [bot_limit(bot_id), chat_limit(bot_id, chat_id)]
    if is_group:
        limits.append(group_limit(bot_id, chat_id))
    limits = [replace(limit, places=places) for limit in limits]
    moment = None if now is None else now.timestamp()
    try:
        return _buckets().take(limits, max_wait=max_wait, now=moment)
    except BucketsAwayError:
        # A limiter that is away must not stop the posts: this process limits itself, Telegram's 429 does the rest.
        logger.warning("telegram.buckets_away")
        return LOCAL.take(limits, max_wait=max_wait, now=moment)


def penalise(bot_id: int, chat_id: ChatId | None, seconds: float, *, now: datetime | None = None) -> None:
    """Obey a retry_after: shut the bucket of that chat, or the bot's own where no chat is named."""
    limit = bot_limit(bot_id) if chat_id is None else chat_limit(bot_id, chat_id)
    moment = None if now is None else now.timestamp()
    try:
        _buckets().close(limit, seconds=seconds, now=moment)
    except BucketsAwayError:
        logger.warning("telegram.buckets_away")
        LOCAL.close(limit, seconds=seconds, now=moment)


def _buckets() -> Buckets:
    return shared_buckets(settings.REDIS_URL) if settings.REDIS_URL else LOCAL


def bot_limit(bot_id: int) -> Limit:
    """The bucket of all that a bot sends."""
    return Limit(f"tg:rate:{bot_id}", BOT_INTERVAL_S, BOT_BURST, is_shared=True)


def chat_limit(bot_id: int, chat_id: ChatId) -> Limit:
    """The bucket of what a bot sends to one chat."""
    return Limit(f"tg:rate:{bot_id}:{str(chat_id).lower()}", CHAT_INTERVAL_S, CHAT_BURST)


def group_limit(bot_id: int, chat_id: ChatId) -> Limit:
    """The bucket of what a bot sends to one group; the topics of a forum share it."""
    return Limit(f"tg:rate:{bot_id}:{str(chat_id).lower()}:group", GROUP_INTERVAL_S, GROUP_BURST)
