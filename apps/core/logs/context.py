"""What of the log's context a bell takes along to its task."""

from __future__ import annotations

from typing import Any

CARRIED = frozenset({"request_id", "user_id", "workspace", "parent_task_id"})


def carry(*, context: dict[str, Any], **_signal: object) -> None:
    """Keep who and which request; leave out what is only true of the sender, such as its path."""
    for name in set(context) - CARRIED:
        del context[name]
