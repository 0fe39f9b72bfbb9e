"""Read Telegram channels: what the program `reader` of the group does."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.work import stopping
from apps.sources import beside
from apps.sources.channel_asker import ChannelAsking
from apps.sources.channel_fetcher import ChannelFetching
from apps.sources.channel_looking import ChannelLooking
from apps.sources.channel_reader import ChannelReading
from apps.sources.channel_threads import BesideReading
from apps.telegram.reading_host import ReadingHost
from apps.telegram.services.session_lease import LEASE_S

FRESH_S = 60.0


class Command(BaseCommand):
    """Read the channels of every account that is logged in, until SIGTERM."""

    help = (
        "Read Telegram channels with the accounts that are logged in, until SIGTERM. "
        "Several may run: each account is held by one of them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """How long an account is held without a renewal, and one question: is it alive."""
        parser.add_argument(
            "--lease", type=float, default=LEASE_S, help="Seconds that an account is held without being renewed."
        )
        parser.add_argument(
            "--check", action="store_true", help="Only say whether the one that runs on this machine is alive."
        )

    def handle(self, *_args: Any, check: bool = False, lease: float = LEASE_S, **_options: Any) -> None:
        """Run, or look."""
        if check:
            sys.exit(0 if is_alive() else 1)
        reading = ChannelReading(alive=sign().touch)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: reading.stop())
        stopping.forget()
        with ReadingHost(on_hint=reading.hint, lease_s=lease) as host, ExitStack() as threads:
            beside_it: list[type[BesideReading]] = [
                ChannelFetching,
                ChannelAsking,
                ChannelLooking,
                *beside.registered(),
            ]
            for thread in beside_it:
                threads.enter_context(thread(host))
            reading.run(host)
        sign().unlink(missing_ok=True)
        if not stopping.is_asked():
            sys.exit("the connections of the accounts broke off; the program has to be started again")


def sign() -> Path:
    """The file whose time says that the process lives."""
    return Path(tempfile.gettempdir()) / "pult-telegram-reader"


def is_alive() -> bool:
    """Whether the process has lately said that it lives."""
    try:
        return time.time() - sign().stat().st_mtime < FRESH_S
    except OSError:
        return False
