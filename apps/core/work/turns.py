"""One drain of a kind per process. A bell that comes while it drains makes it look once more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class _Turn:
    again: bool = False
    wake: Callable[[], None] | None = None
    rung: threading.Event = field(default_factory=threading.Event)


_lock = threading.Lock()
_turns: dict[str, _Turn] = {}


def take(name: str, wake: Callable[[], None] | None = None) -> bool:
    """Become this process's drain of a kind; False where another thread is, which is then told to look again."""
    with _lock:
        turn = _turns.get(name)
        if turn is None:
            _turns[name] = _Turn(wake=wake)
            return True
        turn.again = True
        turn.rung.set()
    if turn.wake is not None:
        turn.wake()
    return False


def wait(name: str, seconds: float) -> None:
    """Wait while nothing can be done; a bell ends it."""
    turn = _turns[name]
    turn.rung.wait(seconds)
    turn.rung.clear()


def end(name: str, *, heed: bool = True) -> bool:
    """Stop being the drain of a kind; False where a bell came meanwhile, so that it has to look again."""
    with _lock:
        turn = _turns[name]
        if heed and turn.again:
            turn.again = False
            return False
        del _turns[name]
        return True
