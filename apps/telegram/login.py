"""What Pult asks of Telegram while a person logs an account in, in its own words.

Each step is a connection of its own: what the next one needs is the session string and the code's hash that the step
before answered with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from apps.telegram.reading import Me, SessionSnapshot

# How a code travels. Telegram decides; `code_next` is what it would use if the code were asked for again.
WAYS = {
    "app": _("a message in the account's other Telegram apps"),
    "sms": _("an SMS"),
    "call": _("a phone call that says it"),
    "flash_call": _("a phone call; the code is the caller's number"),
    "missed_call": _("a phone call; the code is the last digits of the caller's number"),
    "email": _("a letter to the account's e-mail"),
    "fragment": _("a message at fragment.com"),
    "other": _("a message"),
}


@dataclass(frozen=True)
class CodeSent:
    """A code is on its way.

    Attributes:
        way, next_way: keys of WAYS; `next_way` is empty where the code can't be sent again.
        wait_s: seconds before it may be asked for again.
    """

    string: str = field(repr=False)
    code_hash: str = field(repr=False)
    way: str
    next_way: str = ""
    wait_s: int = 0


@dataclass(frozen=True)
class LoggedIn:
    """The account is logged in."""

    string: str = field(repr=False)
    me: Me


@dataclass(frozen=True)
class PasswordWanted:
    """The code was right, and the account has a two-step password; `hint` is its owner's."""

    string: str = field(repr=False)
    hint: str = field(default="", repr=False)


class LoginDesk(Protocol):
    """Logs accounts in and out; `account.string` is what the last step answered with, empty at the first.

    Every method raises RetryableError (`code` "flood" with `retry_after` seconds, or "network") or PermanentError, its
    `code` a key of `reading_refusals.WORDS`.
    """

    async def send_code(self, account: SessionSnapshot, phone: str) -> CodeSent:
        """Ask Telegram to send a code."""
        ...

    async def resend_code(self, account: SessionSnapshot, phone: str, code_hash: str) -> CodeSent:
        """Ask for the code once more, by the next way."""
        ...

    async def enter_code(
        self, account: SessionSnapshot, phone: str, code_hash: str, code: str
    ) -> LoggedIn | PasswordWanted:
        """Give the code."""
        ...

    async def enter_password(self, account: SessionSnapshot, password: str) -> LoggedIn:
        """Give the two-step password."""
        ...

    async def log_out(self, account: SessionSnapshot) -> None:
        """Revoke the session at Telegram; one that is gone already is no failure."""
        ...
