"""Log files that web, worker and beat write together.

The standard rotating handler loses lines when two processes rotate one file. This one takes a file lock around each
line, looks whether another process has rotated meanwhile, and only then writes or rotates.
"""

from __future__ import annotations

import fcntl
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path


class SharedRotatingFileHandler(RotatingFileHandler):
    """A rotating file that several processes may append to."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record under the lock."""
        try:
            lock = os.open(self._lock_path(), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            self.handleError(record)
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow()
            super().emit(record)
        finally:
            os.close(lock)

    def _lock_path(self) -> str:
        path = Path(self.baseFilename)
        return str(path.with_name(f".{path.name}.lock"))

    def _follow(self) -> None:
        """Open the file anew if another process has moved it away."""
        if self.stream is None:
            return
        try:
            there = os.stat(self.baseFilename)
        except FileNotFoundError:
            there = None
        mine = os.fstat(self.stream.fileno())
        if there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            self.stream.close()
            self.stream = self._open()
