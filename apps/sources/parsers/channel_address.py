"""What a person types to name a Telegram channel: @name, a t.me link, or a link to one of its posts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
HOSTS = re.compile(r"^(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/", re.IGNORECASE)
SCHEME = re.compile(r"^tg://resolve\?domain=", re.IGNORECASE)
INVITES = re.compile(
    r"^(?:(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/(?:\+|joinchat/)|tg://join/?\?invite=)",
    re.IGNORECASE,
)
INVITE = re.compile(r"[A-Za-z0-9_-]{6,64}")
# Telegram's own pages, not channels
TAKEN = frozenset({"joinchat", "addstickers", "share", "proxy", "socks", "login", "iv", "addlist", "setlanguage", "bg"})


class ChannelAddressError(PermanentError):
    """What was typed names no channel; the text says what would."""


@dataclass(frozen=True, slots=True)
class ChannelAddress:
    """A channel by its public name, or by its bare id where the link gives only that."""

    username: str = ""
    chat_id: int | None = None


def channel_address(typed: str) -> ChannelAddress:
    """Read @name, name, t.me/name, t.me/s/name, t.me/name/42, name.t.me, t.me/c/1234567890 or -1001234567890.

    Raises:
        ChannelAddressError: it is an invitation, a page of Telegram's own, or nothing of the kind.
    """
    text = typed.strip()
    bare = SCHEME.sub("", HOSTS.sub("", text))
    is_link = bare != text
    if found := re.fullmatch(rf"(?:https?://)?({NAME.pattern})\.t\.me/?.*", text, re.IGNORECASE):
        return ChannelAddress(username=found[1])
    parts = [part for part in re.split(r"[/?#&]", bare.removeprefix("@")) if part]
    if is_link and parts and parts[0] == "c":
        return _by_id(parts[1] if len(parts) > 1 else "")
    if is_link and (bare.startswith("+") or (parts and parts[0] == "joinchat")):
        raise ChannelAddressError(
            _(
                "This is an invitation to a private channel. Use “Add a private channel” above the list of sources: "
                "there you see what it opens before anybody joins."
            ),
            code="invitation",
        )
    if re.fullmatch(r"-100\d{5,15}", text):
        return _by_id(text.removeprefix("-100"))
    if is_link and len(parts) > 1 and parts[0] == "s":
        parts = parts[1:]
    if not parts or (len(parts) > 1 and not is_link) or not NAME.fullmatch(parts[0]) or parts[0].lower() in TAKEN:
        raise _unknown()
    return ChannelAddress(username=parts[0])


def invitation_hash(typed: str) -> str:
    """The hash of t.me/+HASH, t.me/joinchat/HASH or tg://join?invite=HASH.

    Raises:
        ChannelAddressError: it is no invitation.
    """
    text = typed.strip()
    rest = INVITES.sub("", text)
    found = re.split(r"[/?#&\s]", rest)[0]
    if rest == text or not INVITE.fullmatch(found):
        raise ChannelAddressError(
            _("Give the invitation as Telegram shows it: t.me/+… or t.me/joinchat/…"), code="no_invitation"
        )
    if found.isdigit():
        raise ChannelAddressError(
            _("This is a link to a phone number, not an invitation to a channel."), code="no_invitation"
        )
    return found


def _by_id(number: str) -> ChannelAddress:
    if not re.fullmatch(r"\d{5,15}", number):
        raise _unknown()
    return ChannelAddress(chat_id=int(number))


def _unknown() -> ChannelAddressError:
    return ChannelAddressError(
        _("Give the channel as @name or as a link such as t.me/name."),
        code="no_channel",
    )
