"""Who answers what bots are told: apps above register dotted paths in their `AppConfig.ready()`.

A router runs in the transaction that finishes the update, so what it writes (an answer is a Delivery row) is there
exactly once. It asks nothing of the network. The first router that takes an update ends it.

Listeners of chats are told, in the same transaction, that what a bot may do in a chat has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps above register before the models are loaded
    from apps.telegram.inbound import Inbound
    from apps.telegram.models import Bot, KnownChat

Router = Callable[["Inbound", "Bot"], bool]


@dataclass(frozen=True)
class ChatChange:
    """What has changed in a chat that a bot knows.

    Attributes:
        chat: as it is now.
        moved_from: its former id, where the group became a supergroup; 0 otherwise.
        can_post: whether the bot may post there now; None where this change does not say.
    """

    chat: KnownChat
    moved_from: int = 0
    can_post: bool | None = None


Listener = Callable[[ChatChange], None]

_routers: list[str] = []
_listeners: list[str] = []


def register(path: str) -> None:
    """Have `path(update, bot) -> bool` asked of every update; True means that it has taken it."""
    if path not in _routers:
        _routers.append(path)


def register_chats(path: str) -> None:
    """Have `path(change)` told of every change of a chat."""
    if path not in _listeners:
        _listeners.append(path)


def unregister(path: str) -> None:
    """Forget a router or a listener; for tests that register their own."""
    for known in (_routers, _listeners):
        if path in known:
            known.remove(path)


def route(update: Inbound, bot: Bot) -> bool:
    """Ask the routers in turn; whether one took it."""
    return any(_loaded(path)(update, bot) for path in _routers)


def tell(change: ChatChange) -> None:
    """Tell every listener."""
    for path in _listeners:
        _loaded(path)(change)


@cache
def _loaded(path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(path)
    return found
