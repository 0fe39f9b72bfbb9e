"""Telegram's limits as a server counts them: a sliding window each, and how long until there is room."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

# About 30 messages a second a bot; 1 a second a chat, with short bursts; 20 a minute a group. Known, not official.
BOT = (30, 1.0)
CHAT = ((3, 1.0), (6, 5.0))
GROUP = (20, 60.0)


@dataclass(frozen=True)
class Window:
    """At most `count` messages in any `seconds`."""

    key: str
    count: float
    seconds: float


class Limits:
    """Counts what was accepted. `scale` makes all limits wider; `on=False` takes them away."""

    def __init__(self, *, on: bool = True, scale: float = 1.0) -> None:
        self.on, self.scale = on, scale
        self._accepted: dict[str, deque[float]] = defaultdict(deque)

    def refuse_for(self, bot_id: int, chat_id: int, *, is_group: bool, at: float, count: int = 1) -> int:
        """Count a message and return 0, or return the whole seconds after which it may be tried again.

        The `count` parts of an album all count, but a short burst to a chat takes an album whole.
        """
        if not self.on:
            return 0
        windows = [Window(f"{bot_id}", *BOT)]
        windows += [Window(f"{bot_id}/{chat_id}/{place}", *limit) for place, limit in enumerate(CHAT)]
        if is_group:
            windows.append(Window(f"{bot_id}/{chat_id}/group", *GROUP))
        wait = max(self._wait(window, at, count) for window in windows)
        if wait > 0:
            return max(1, math.ceil(wait))
        for window in windows:
            self._accepted[window.key].extend([at] * count)
        return 0

    def _wait(self, window: Window, at: float, count: int) -> float:
        times = self._accepted[window.key]
        while times and times[0] <= at - window.seconds:
            times.popleft()
        most = max(1, math.floor(window.count * self.scale))
        over = len(times) + min(count, most) - most
        return times[over - 1] + window.seconds - at if over > 0 else 0.0
