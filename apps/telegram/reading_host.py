"""The place in one process where people's Telegram accounts are connected and read channels.

A host has a thread and an event loop of its own. It takes the leases of accounts that are logged in, connects them,
and renews; everything else in the process asks it for readers from any thread and any loop.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from apps.telegram.reading import ChannelReader

# (chat_id, session_pk): called on the host's thread; it must return at once and touch no database.
HintSink = Callable[[int, int], None]


class ReadingHost:
    """Holds the connections of the accounts whose leases this process has.

    `with ReadingHost(on_hint=...) as host:` starts and stops it. Accounts that were added, paused, logged out or lost
    are noticed within `look_every_s` seconds. A reader that was handed out before a lease was lost raises
    RetryableError (`code` "not_held") from then on.
    """

    def __init__(
        self, *, owner: str = "", on_hint: HintSink | None = None, lease_s: float = 30.0, look_every_s: float = 1.0
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Start the thread; accounts are connected soon after."""
        raise NotImplementedError

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """Close every connection, give the leases back and end the thread."""
        raise NotImplementedError

    def held(self) -> frozenset[int]:
        """Primary keys of the accounts that are connected here now."""
        raise NotImplementedError

    def reader(self, session_pk: int) -> ChannelReader:
        """The account's reader, usable from any thread's event loop; its requests go through the account's budget.

        Found channels are kept as Peer rows, so that `sessions.channel_ref` knows them later. `close` of it does
        nothing: the host owns the connection.

        Raises:
            RetryableError: `code` "not_held": another process has the account, or it is not connected (yet).
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
