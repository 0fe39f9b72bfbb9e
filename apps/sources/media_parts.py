"""What has come of a picture or file so far, kept under PULT_VAR until the whole is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.sources.media_bytes import Incoming, Kept, bytes_keep
from apps.sources.parsers.sniff import PICTURES
from apps.telegram.reading import ChannelRef


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What a fetch needs to know, apart from rows; `url` is of the web, `channel` of Telegram; neither: not wanted."""

    media_id: int
    workspace_id: int
    kind: str
    longest: int
    url: str = ""
    session_pk: int = 0
    channel: ChannelRef | None = None
    message_id: int = 0
    remote: dict[str, Any] = field(default_factory=dict)


class Part:
    """What has come of a file so far."""

    def __init__(self, media_id: int) -> None:
        self._path = _place() / str(media_id)
        self._tag = self._path.with_suffix(".tag")

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._path.stat().st_size if self._path.exists() else 0

    @property
    def tag(self) -> str:
        """What the server called the file that these bytes are of."""
        return self._tag.read_text() if self._tag.exists() else ""

    def cut(self, size: int, *, tag: str = "") -> None:
        """Keep only the first bytes, of a file of this name."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.truncate(size)
        self._tag.write_text(tag)

    def add(self, piece: bytes) -> None:
        """Keep the next piece."""
        with self._path.open("ab") as file:
            file.write(piece)

    def keep(self, plan: MediaPlan) -> Kept:
        """Store the whole file.

        Raises:
            PermanentError: it is empty, too large, or no picture where one was promised.
        """
        with Incoming(longest=plan.longest) as incoming:
            if self.size:
                with self._path.open("rb") as file:
                    incoming.take(file)
            kept = bytes_keep(workspace_id=plan.workspace_id, incoming=incoming)
        if plan.url and plan.kind == "photo" and kept.mime not in PICTURES:
            raise PermanentError(_("What the address gives is no picture."), code="not_a_picture")
        return kept

    def forget(self) -> None:
        """Delete the partial file."""
        self._path.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


def parts_forget(*, before: datetime) -> None:
    """Delete partial files that nothing was added to since then; a fetch that comes back begins anew."""
    for path in _place().glob("*"):
        try:
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
        except FileNotFoundError:  # its fetch has just ended
            continue


def _place() -> Path:
    return Path(settings.PULT_VAR) / "media-parts"
