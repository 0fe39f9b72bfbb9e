"""The short story of a work row: its last events, newest last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict

LIMIT = 20
DETAIL_LENGTH = 500


class Entry(TypedDict):
    """One event; `times` counts how often the same one came in a row."""

    at: str
    event: str
    detail: str
    by: NotRequired[str]
    times: NotRequired[int]


def entry(event: str, *, at: datetime, detail: str = "", by: str = "") -> Entry:
    """One event of a row's history."""
    made: Entry = {"at": at.isoformat(timespec="seconds"), "event": event, "detail": detail[:DETAIL_LENGTH]}
    if by:
        made["by"] = by
    return made


def extended(history: Sequence[Entry], new: Entry) -> list[Entry]:
    """The history with one more event, never longer than `LIMIT`; a repeated event is counted, not listed again."""
    kept = list(history)
    if kept and _same(kept[-1], new):
        new["times"] = kept.pop().get("times", 1) + 1
    return [*kept, new][-LIMIT:]


def _same(old: Entry, new: Entry) -> bool:
    return (old["event"], old["detail"], old.get("by")) == (new["event"], new["detail"], new.get("by"))
