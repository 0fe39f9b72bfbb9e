"""The broker of folders and files, without the gaps between making a file and filling it.

kombu's own transport makes a message's file first and writes it then: a worker that looks in between takes an empty
message and falls over it. Here a message appears under its name only when it is whole.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

TRIES = 20
PAUSE_S = 0.01


class Channel(filesystem.Channel):
    """Messages as files that come into being whole."""

    def _put(self, queue: str, payload: Any, **_options: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f"{name}.draft"
        draft.write_text(dumps(payload), encoding="utf-8")
        draft.replace(folder / name)

    def _get(self, queue: str, _timeout: Any = None) -> Any:
        """Take the oldest message; one that can't be read is dropped, as any bell may be."""
        try:
            return super()._get(queue)
        except ValueError as exc:
            raise Empty from exc

    def get_table(self, exchange: str) -> Any:
        """Who listens to an exchange; a file that is just being made says nobody."""
        try:
            return super().get_table(exchange)
        except ValueError:
            return []

    def _queue_bind(self, *args: Any) -> None:
        for _attempt in range(TRIES):
            try:
                super()._queue_bind(*args)
                return
            except ValueError:  # another process has just made the file and not filled it yet
                time.sleep(PAUSE_S)
        super()._queue_bind(*args)


class Transport(filesystem.Transport):
    """kombu's transport with these channels."""

    Channel = Channel


def register() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = "config.file_broker:Transport"
