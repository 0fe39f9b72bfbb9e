"""The copies of files that publications keep: which of them are still needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from apps.core.clock import now
from apps.publishing.models import PreviewMessage, PublicationPart

# What no row has is handed to no new one (`services.files.FRESH`), so what was found is good for the round of a sweep.
GOOD_FOR = timedelta(minutes=5)
_found: dict[str, tuple[datetime, frozenset[str]]] = {}


def copies_used(names: Collection[str]) -> set[str]:
    """Which of these files a publication, out or not, or a message of a preview page still has."""
    used: set[str] = set()
    for workspace in {name.split("/")[1] for name in names if name.count("/") > 1}:
        used |= _used_in(workspace)
    return used & set(names)


def _used_in(workspace: str) -> frozenset[str]:
    """All copies that rows of a workspace have, read once for the many files of a folder."""
    at = now()
    known = _found.get(workspace)
    if known is not None and timedelta() <= at - known[0] < GOOD_FOR:
        return known[1]
    if not workspace.isdecimal():
        return frozenset()
    parts = PublicationPart.objects.filter(publication__workspace=int(workspace)).exclude(media=[])
    shown = PreviewMessage.objects.filter(publication__workspace=int(workspace)).exclude(media=[])
    rows: list[Iterable[list[dict[str, str]]]] = [
        one.order_by("pk").values_list("media", flat=True).iterator(chunk_size=1000) for one in (parts, shown)
    ]
    found = frozenset(file["storage_name"] for media in rows for files in media for file in files)
    _found.clear()
    _found[workspace] = (at, found)
    return found
