"""Listen to the bots: what the program `bots` of the group does."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from apps.telegram.polling import Polling


class Command(BaseCommand):
    """Ask Telegram for every active bot's updates until SIGTERM; a second process waits as a standby."""

    help = "Ask Telegram for the updates of every active bot, until SIGTERM. A second one is a standby."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run."""
        asyncio.run(listened())


async def listened() -> None:
    """Listen until a signal asks to stop."""
    polling = Polling()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, polling.stop)
    await polling.run()
