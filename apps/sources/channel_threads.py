"""A thread of the process that reads channels, for what readings do not wait for."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, close_old_connections, connections

from apps.core.work import stopping
from apps.sources.channel_reader import Accounts

log = structlog.get_logger(__name__)
LOOK_S = 1.0
JOIN_S = 15.0


class BesideReading:
    """Drains work with these accounts once a second; `with` starts and stops its thread."""

    name = ""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(JOIN_S)

    def turn(self) -> None:
        """Look once, and drain what is due."""
        raise NotImplementedError

    def _run(self) -> None:
        try:
            while not (self._ended.wait(LOOK_S) or stopping.is_asked()):
                try:
                    self.turn()
                except DatabaseError as error:
                    log.warning("reader.database_away", thread=self.name, error=str(error))
                close_old_connections()
        finally:
            connections.close_all()
