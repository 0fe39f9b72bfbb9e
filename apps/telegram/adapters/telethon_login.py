"""Logging people's accounts in and out through Telethon, each step on a connection of its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telethon import TelegramClient, errors
from telethon.password import compute_check
from telethon.tl import functions, types

from apps.core.errors import PermanentError
from apps.telegram.adapters.telethon import me_from
from apps.telegram.adapters.telethon_client import answered, connected
from apps.telegram.adapters.telethon_errors import failure
from apps.telegram.login import CodeSent, LoggedIn, PasswordWanted
from apps.telegram.reading import SessionSnapshot
from apps.telegram.reading_refusals import refused

# The end of Telegram's names of how a code was sent (SentCodeType…) and will be sent (CodeType…): our word.
WAYS = {
    "App": "app",
    "Sms": "sms",
    "SmsWord": "sms",
    "SmsPhrase": "sms",
    "FirebaseSms": "sms",
    "Call": "call",
    "FlashCall": "flash_call",
    "MissedCall": "missed_call",
    "EmailCode": "email",
    "FragmentSms": "fragment",
}
NOT_DIGITS = re.compile(r"[^\d]")


class TelethonLoginDesk:
    """Logs in and out at Telegram, or at the MTProto server that the settings name."""

    async def send_code(self, account: SessionSnapshot, phone: str) -> CodeSent:
        """Ask Telegram to send a code."""
        async with connected(account) as client:
            request = functions.auth.SendCodeRequest(
                phone_number=NOT_DIGITS.sub("", phone),
                api_id=account.api_id,
                api_hash=account.api_hash,
                settings=types.CodeSettings(),
            )
            return sent_from(await answered(client(request)), client)

    async def resend_code(self, account: SessionSnapshot, phone: str, code_hash: str) -> CodeSent:
        """Ask for it once more."""
        async with begun(account) as client:
            request = functions.auth.ResendCodeRequest(
                phone_number=NOT_DIGITS.sub("", phone), phone_code_hash=code_hash
            )
            return sent_from(await answered(client(request)), client)

    async def enter_code(
        self, account: SessionSnapshot, phone: str, code_hash: str, code: str
    ) -> LoggedIn | PasswordWanted:
        """Give the code."""
        async with begun(account) as client:
            if (known := await already_in(client)) is not None:
                return known
            request = functions.auth.SignInRequest(
                phone_number=NOT_DIGITS.sub("", phone), phone_code_hash=code_hash, phone_code=code
            )
            try:
                answer = await answered(passed(client, request))
            except PasswordNeededError:
                password = await answered(client(functions.account.GetPasswordRequest()))
                return PasswordWanted(string=client.session.save(), hint=password.hint or "")
            return logged_in(answer, client)

    async def enter_password(self, account: SessionSnapshot, password: str) -> LoggedIn:
        """Give the two-step password."""
        async with begun(account) as client:
            if (known := await already_in(client)) is not None:
                return known
            asked = await answered(client(functions.account.GetPasswordRequest()))
            request = functions.auth.CheckPasswordRequest(password=proof_of(asked, password))
            return logged_in(await answered(client(request)), client)

    async def log_out(self, account: SessionSnapshot) -> None:
        """Revoke the session."""
        try:
            async with connected(account) as client:
                await answered(client(functions.auth.LogOutRequest()))
        except PermanentError as exc:
            if exc.code != "login_lost":
                raise


async def already_in(client: TelegramClient) -> LoggedIn | None:
    """The login where an earlier step went through at Telegram and its process died before it was recorded."""
    me = await answered(client.get_me())
    return None if me is None else LoggedIn(string=client.session.save(), me=me_from(me))


class PasswordNeededError(Exception):
    """The code was right, and a password is wanted."""


async def passed(client: TelegramClient, request: Any) -> Any:
    """Telegram's answer to a code; one that wants a password is no failure."""
    try:
        return await client(request)
    except errors.SessionPasswordNeededError:
        raise PasswordNeededError from None


@asynccontextmanager
async def begun(account: SessionSnapshot) -> AsyncIterator[TelegramClient]:
    """The connection of a login that was begun; one that Telegram has forgotten has to begin anew."""
    try:
        async with connected(account) as client:
            yield client
    except PermanentError as exc:
        if exc.code == "login_lost":
            raise refused("code_lost") from None
        raise


def proof_of(asked: Any, password: str) -> Any:
    """The proof of a password, which itself never leaves (core.telegram.org/api/srp)."""
    try:
        return compute_check(asked, password)
    except ValueError:
        raise refused("refused", "SRP") from None


def sent_from(answer: Any, client: TelegramClient) -> CodeSent:
    """How a code was sent."""
    if not isinstance(answer, types.auth.SentCode):
        # Sent without a code, or with a purchase first: only an official app can do that.
        raise refused("refused", type(answer).__name__)
    return CodeSent(
        string=client.session.save(),
        code_hash=answer.phone_code_hash,
        way=way_of(answer.type, "SentCodeType") or "other",
        next_way=way_of(answer.next_type, "CodeType"),
        wait_s=answer.timeout or 0,
    )


def way_of(kind: Any, prefix: str) -> str:
    """Our word for a way of sending."""
    return "" if kind is None else WAYS.get(type(kind).__name__.removeprefix(prefix), "other")


def logged_in(answer: Any, client: TelegramClient) -> LoggedIn:
    """Who has logged in."""
    if isinstance(answer, types.auth.AuthorizationSignUpRequired):
        raise refused("sign_up")
    if not isinstance(answer, types.auth.Authorization):
        raise failure(ValueError())
    return LoggedIn(string=client.session.save(), me=me_from(answer.user))
