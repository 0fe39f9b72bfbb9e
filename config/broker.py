"""The broker of a run: Redis or RabbitMQ where an address is given, else files in the folder for written things."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def transport_options(url: str, *, folder: Path, timeout_s: float) -> dict[str, Any]:
    """Celery's transport options for a broker address; the folders of a file broker are made here."""
    if url == "filesystem://":
        queue, control = folder / "queue", folder / "control"
        for path in (queue, control):
            path.mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
            "control_folder": str(control),
            "polling_interval": 0.1,
        }
    if url.startswith("redis"):
        return {
            "socket_timeout": timeout_s,
            "socket_connect_timeout": timeout_s,
            "visibility_timeout": 120,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        }
    return {}
