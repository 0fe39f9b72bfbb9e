"""How a publication goes out: the channel's own way, or what an editor chose for this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.publishing.models import Channel

FLAGS = ("link_preview", "silent", "protect", "spoiler", "pin", "splits")
ROWS_MAX, COLUMNS_MAX, BUTTON_WORDS_MAX = 10, 4, 64
_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, kw_only=True)
class PostOptions:
    """How one publication goes out.

    Attributes:
        files: references of `files_offered`, in their order; None: the story's chosen picture, where the channel takes
            pictures.
        buttons: rows of `{text, url}`.
    """

    link_preview: bool = True
    silent: bool = False
    protect: bool = False
    spoiler: bool = False
    pin: bool = False
    splits: bool = False
    buttons: Sequence[Sequence[Mapping[str, str]]] = ()
    files: Sequence[str] | None = None

    def flags(self) -> dict[str, Any]:
        """What a publication keeps of it."""
        kept = asdict(self)
        return {name: kept[name] for name in (*FLAGS[:-1], "buttons")}


def options_of(channel: Channel, **chosen: Any) -> PostOptions:
    """The channel's own way, with what was chosen for one publication."""
    own = PostOptions(**{name: getattr(channel, name) for name in FLAGS}, buttons=channel.buttons)
    if not channel.with_picture and chosen.get("files") is None:
        chosen["files"] = ()
    return replace(own, **chosen)


def buttons_read(text: str) -> list[list[dict[str, str]]]:
    """Buttons as they are typed: a line is a row, `Words | https://address`, several of a row parted by `||`.

    Raises:
        PermanentError: a line is no button, in words that name it.
    """
    rows = [
        [_button(one) for one in line.split("||") if one.strip()]
        for line in text.replace("\r\n", "\n").split("\n")
        if line.strip()
    ]
    if len(rows) > ROWS_MAX or any(len(row) > COLUMNS_MAX for row in rows):
        words = _("At most %(rows)s rows of buttons, %(columns)s buttons in each.")
        raise PermanentError(words % {"rows": ROWS_MAX, "columns": COLUMNS_MAX}, code="buttons")
    return rows


def buttons_written(rows: Sequence[Sequence[Mapping[str, str]]]) -> str:
    """Buttons as they are typed."""
    return "\n".join(" || ".join(f"{one['text']} | {one['url']}" for one in row) for row in rows)


def _button(typed: str) -> dict[str, str]:
    words, bar, address = typed.partition("|")
    words, address = words.strip(), address.strip()
    if address.startswith("t.me/"):
        address = f"https://{address}"
    try:
        _address(address)
    except ValidationError as exc:
        message = _("“%(typed)s” is no button. Write: Words | https://address")
        raise PermanentError(message % {"typed": typed.strip()}, code="buttons") from exc
    if not bar or not words or len(words) > BUTTON_WORDS_MAX:
        raise PermanentError(_("A button needs words, at most %(most)s.") % {"most": BUTTON_WORDS_MAX}, code="buttons")
    return {"text": words, "url": address}
