"""The folder for everything that is written: usable, and used by one group at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

from apps.core.startup.errors import StartError

FOLDERS = ("broker/queue", "broker/control", "cache", "logs", "media", "run", "run/metrics", "static", "tmp")


def folder_ready(var: Path) -> None:
    """Make the folder with its parts and try to write.

    Raises:
        StartError: it can't be made or written.
    """
    try:
        for name in FOLDERS:
            (var / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var / "run"):
            pass
    except OSError as exc:
        raise StartError(f"The folder {var} (PULT_VAR) can't be written: {exc.strerror or exc}.") from exc


def folder_lock(var: Path) -> int:
    """Take the folder for this group; the descriptor keeps it until the process ends, also across an exec.

    Raises:
        StartError: another group has it.
    """
    descriptor = os.open(var / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        owner = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise StartError(
            f"Pult is already running in {var} (process {owner or 'unknown'}): stop it, or give another PULT_VAR."
        ) from exc
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    os.set_inheritable(descriptor, True)
    return descriptor


def leftovers_removed(var: Path) -> None:
    """Throw away what an earlier run left: its counters, and its bells: the sweep finds the rows they rang for."""
    for folder, pattern in (("broker/queue", "*.msg*"), ("run/metrics", "*.db")):
        for path in (var / folder).glob(pattern):
            path.unlink(missing_ok=True)
