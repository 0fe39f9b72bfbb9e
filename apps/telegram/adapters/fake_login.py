"""Logging in to the scripted Telegram (`fake_world`): a phone that nobody scripted takes the code 12345."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4
from zlib import crc32

from django.conf import settings

from apps.telegram.adapters.fake_reader import failure
from apps.telegram.adapters.fake_store import FakeStore
from apps.telegram.login import CodeSent, LoggedIn, PasswordWanted
from apps.telegram.reading import Me, SessionSnapshot
from apps.telegram.reading_refusals import refused

CODE = "12345"
STATES = {"unregistered": "sign_up", "banned": "phone_banned"}


class FakeLoginDesk:
    """Logs in and out of the scripted Telegram."""

    def __init__(self) -> None:
        self._store = FakeStore(settings.TELEGRAM_READER_DIR)

    async def send_code(self, account: SessionSnapshot, phone: str) -> CodeSent:
        """Begin a login."""
        self._ask(account, "send_code")
        known = self._store.phone(phone)
        if known is not None and known["state"] == "banned":
            raise refused("phone_banned")
        string = f"fake:{uuid4().hex}"
        self._store.set_login(string, phone=phone, step="code")
        return CodeSent(string=string, code_hash=hash_of(string), way="app", next_way="sms", wait_s=0)

    async def resend_code(self, account: SessionSnapshot, phone: str, code_hash: str) -> CodeSent:
        """Send it once more."""
        self._ask(account, "resend_code")
        self._begun(account, code_hash)
        self._store.set_login(account.string, phone=phone, step="code")
        return CodeSent(string=account.string, code_hash=hash_of(account.string), way="sms")

    async def enter_code(
        self, account: SessionSnapshot, phone: str, code_hash: str, code: str
    ) -> LoggedIn | PasswordWanted:
        """Compare the code."""
        self._ask(account, "enter_code")
        login = self._begun(account, code_hash)
        known = self._store.phone(phone)
        if login["step"] == "expired":
            raise refused("code_expired")
        if code != (known["code"] if known else CODE):
            raise refused("code_wrong")
        if known is not None and known["state"] in STATES:
            raise refused(STATES[known["state"]])
        if known is not None and known["password"]:
            self._store.set_login(account.string, phone=phone, step="password")
            return PasswordWanted(string=account.string, hint=known["hint"])
        return self._done(account, phone)

    async def enter_password(self, account: SessionSnapshot, password: str) -> LoggedIn:
        """Compare the password."""
        self._ask(account, "enter_password")
        login, known = self._store.login(account.string), self._store.account_of(account.string)
        if login is None or known is None or login["step"] != "password":
            raise refused("code_lost")
        if password != known["password"]:
            raise refused("password_wrong")
        return self._done(account, known["phone"])

    async def log_out(self, account: SessionSnapshot) -> None:
        """End a login."""
        self._ask(account, "log_out")
        self._store.set_login(account.string, phone="", step="out")

    def _ask(self, account: SessionSnapshot, method: str) -> None:
        if not account.api_id or not account.api_hash:
            raise refused("no_api")
        fault = self._store.ask(account.pk, "login", method)
        if fault is not None:
            raise failure(fault)

    def _begun(self, account: SessionSnapshot, code_hash: str) -> Mapping[str, Any]:
        login = self._store.login(account.string)
        if login is None or code_hash != hash_of(account.string):
            raise refused("code_lost")
        return login

    def _done(self, account: SessionSnapshot, phone: str) -> LoggedIn:
        self._store.set_login(account.string, phone=phone, step="done")
        self._store.forgive(account.pk)
        known = self._store.phone(phone)
        me = (
            Me(user_id=known["user_id"], username=known["username"], name=known["name"])
            if known
            else Me(user_id=7_000_000_000 + crc32(phone.encode()), username="", name=phone)
        )
        return LoggedIn(string=account.string, me=me)


def hash_of(string: str) -> str:
    """The hash that the next steps must bring."""
    return f"{crc32(string.encode()):08x}"
