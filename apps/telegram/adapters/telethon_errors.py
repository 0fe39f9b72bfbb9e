"""What Telethon's failures mean to Pult. Names as in Telegram's list of errors; what a release lacks is left out."""

from __future__ import annotations

import asyncio
import struct

from django.utils.translation import gettext as _
from python_socks import ProxyError
from telethon import errors

from apps.core.errors import PultError, RetryableError
from apps.telegram.reading_refusals import flooded, refused

# What its calls end with; anything else is a bug, of ours or of Telethon.
FAILURES: tuple[type[BaseException], ...] = (
    errors.RPCError,
    errors.AuthKeyNotFound,
    errors.InvalidChecksumError,
    errors.SecurityError,
    errors.TypeNotFoundError,
    OSError,
    asyncio.IncompleteReadError,
    BufferError,
    ValueError,  # "Request was unsuccessful"
    ProxyError,
    struct.error,
)

# Our code: Telegram's errors, without "Error".
NAMES: dict[str, tuple[str, ...]] = {
    "duplicated": ("AuthKeyDuplicated",),
    "deactivated": ("UserDeactivated", "UserDeactivatedBan"),
    "login_lost": ("AuthKeyUnregistered", "AuthKeyInvalid", "AuthKeyPermEmpty", "SessionRevoked", "SessionExpired"),
    "private": ("ChannelPrivate",),
    "invite_expired": ("InviteHashExpired",),
    "invite_wrong": ("InviteHashInvalid", "InviteHashEmpty"),
    "join_requested": ("InviteRequestSent",),
    "channels_full": ("ChannelsTooMuch", "UserChannelsTooMuch"),
    "members_full": ("UsersTooMuch",),
    "already_in": ("UserAlreadyParticipant",),
    "banned": ("UserBannedInChannel", "ChatForbidden", "UserKicked", "ChatRestricted"),
    "not_found": (
        "ChannelInvalid",
        "ChatIdInvalid",
        "ChatInvalid",
        "PeerIdInvalid",
        "PeerIdNotSupported",
        "UsernameInvalid",
        "UsernameNotOccupied",
        "ChannelPublicGroupNa",
    ),
    "media_gone": ("FileIdInvalid", "LocationInvalid", "MediaEmpty", "MessageIdInvalid", "MsgIdInvalid"),
    "api_wrong": ("ApiIdInvalid", "ApiIdPublishedFlood"),
    "phone_wrong": ("PhoneNumberInvalid",),
    "phone_banned": ("PhoneNumberBanned",),
    "phone_full": ("PhoneNumberFlood", "PhonePasswordFlood"),
    "sign_up": ("PhoneNumberUnoccupied", "PhoneNumberAppSignupForbidden"),
    "code_wrong": ("PhoneCodeInvalid", "PhoneCodeEmpty", "PhoneCodeHashInvalid"),
    "code_expired": ("PhoneCodeExpired", "PhoneCodeHashEmpty"),
    "no_other_way": ("SendCodeUnavailable",),
    "password_wrong": ("PasswordHashInvalid", "PasswordEmpty"),
}
CODES: dict[type[errors.RPCError], str] = {
    known: code
    for code, names in NAMES.items()
    for name in names
    if (known := getattr(errors, f"{name}Error", None)) is not None
}
STALE = tuple(
    known
    for name in ("FileReferenceExpired", "FileReferenceInvalid", "FileReferenceEmpty", "FilerefUpgradeNeeded")
    if (known := getattr(errors, f"{name}Error", None)) is not None
)
# Telegram's own troubles, and what a second try mends.
AGAIN = tuple(
    known
    for name in ("TimedOut", "RpcCallFail", "RpcMcgetFail", "AuthRestart", "SrpIdInvalid", "SrpPasswordChanged")
    if (known := getattr(errors, f"{name}Error", None)) is not None
)


def failure(exc: BaseException) -> PultError:
    """The port's failure for one of Telethon's."""
    if isinstance(exc, errors.AuthKeyNotFound):
        return RetryableError(
            _("Telegram does not know this login just now. If that lasts, log the account out and in again."),
            code="network",
        )
    if not isinstance(exc, errors.RPCError):
        return unreachable()
    seconds = getattr(exc, "seconds", None)
    if isinstance(exc, errors.FloodError) and seconds is not None:
        return flooded(float(seconds))
    if type(exc) in CODES:
        return refused(CODES[type(exc)])
    if isinstance(exc, (errors.ServerError, *AGAIN)):
        return RetryableError(_("Telegram has a failure of its own. It is tried again."), code="network")
    if isinstance(exc, errors.FloodError):
        return flooded(600.0)
    if isinstance(exc, errors.UnauthorizedError):
        return refused("login_lost")
    return refused("refused", word_of(exc))


def word_of(exc: errors.RPCError) -> str:
    """Telegram's own name of an error: capitals and underscores, never what was asked."""
    word = str(getattr(exc, "message", "") or type(exc).__name__)
    return word[:80] if word.replace("_", "").isalnum() else type(exc).__name__.removesuffix("Error")


def unreachable() -> RetryableError:
    """No answer, and no harm in asking again."""
    return RetryableError(_("Telegram can't be reached, or the proxy of the account does not answer."), code="network")
