"""What people paste to name a chat: @name, a number, a link to the chat or to one of its messages. Pure."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError

_HOST = r"^(?:https?://)?(?:www\.)?(?:t|telegram)\.me/"
_PRIVATE = re.compile(_HOST + r"c/(\d{1,16})(?:/\d+)*/?(?:\?.*)?$")
_LINK = re.compile(_HOST + r"(?:s/)?([A-Za-z]\w{3,31})(?:/\d+)*/?(?:\?.*)?$")
_INVITATION = re.compile(_HOST + r"(?:\+|joinchat/)")
_NAME = re.compile(r"^@[A-Za-z]\w{3,31}$")
_NUMBER = re.compile(r"^-?\d{1,19}$")


def chat_named(typed: str) -> str:
    """The chat's @name or number, as the Bot API takes it; empty where nothing was typed.

    Raises:
        PermanentError: it names no chat; the words say what would.
    """
    given = typed.strip()
    if private := _PRIVATE.match(given):
        return f"-100{private[1]}"
    if _INVITATION.match(given):
        words = _(
            "An invitation does not say which channel it opens. Paste a link to one of its messages instead: press and "
            "hold a message, then “Copy link”."
        )
        raise PermanentError(words, code="invitation")
    if link := _LINK.match(given):
        return f"@{link[1]}"
    if given and not (_NAME.match(given) or _NUMBER.match(given)):
        words = _(
            "This is neither @name, nor a link such as https://t.me/name or to a message, nor a number such as "
            "-1001234567890."
        )
        raise PermanentError(words, code="chat_name")
    return given
