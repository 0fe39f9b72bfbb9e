"""How a bot learns what it is told: by asking, or by being called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apps.telegram.ports.values import WebhookInfo


class BotUpdates(Protocol):
    """What one bot is told, by asking; open as long as somebody asks."""

    async def get_updates(self, *, offset: int | None, wait_s: float, kinds: Sequence[str]) -> list[object]:
        """The updates from `offset` on, waiting for the first; those before it are confirmed and gone for good.

        They are what the JSON says, unchecked.

        Raises:
            RetryableError: nothing came; it may be asked again.
            PermanentError: a person must act; codes `conflict`, `webhook_active`, `token_revoked` and others.
        """
        ...

    async def callback_answered(self, callback_id: str) -> None:
        """Tell Telegram that a pressed button was heard, so that it stops turning; nothing hangs on it.

        Raises:
            RetryableError, PermanentError: it was not told.
        """
        ...

    async def set_webhook(self, url: str, *, secret: str, kinds: Sequence[str]) -> None:
        """Have Telegram bring what comes to `url`, with the secret in a header; what waits is kept. May be repeated.

        Raises:
            RetryableError, PermanentError: as above; code `webhook_refused` where Telegram does not take the address.
        """
        ...

    async def delete_webhook(self) -> None:
        """Have Telegram wait to be asked again; what waits is kept. May be repeated.

        Raises:
            RetryableError, PermanentError: as above.
        """
        ...

    async def webhook_info(self) -> WebhookInfo:
        """Ask where Telegram brings what comes, and how that goes.

        Raises:
            RetryableError, PermanentError: as above.
        """
        ...
