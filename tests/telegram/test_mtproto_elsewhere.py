"""The adapter against the MTProto server that the environment names, where it names one.

TELEGRAM_MTPROTO_SERVER, _KEY, _DC, TELEGRAM_API_ID and _HASH as for Pult itself; besides them
TELEGRAM_TEST_PHONE and TELEGRAM_TEST_CODE (and _PASSWORD) to log in with, and TELEGRAM_TEST_CHANNEL to read.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest
from django.conf import settings

from apps.telegram.adapters.telethon import TelethonReader
from apps.telegram.adapters.telethon_login import TelethonLoginDesk
from apps.telegram.login import PasswordWanted
from apps.telegram.reading import ChannelRef, SessionSnapshot

NEEDED = ("TELEGRAM_MTPROTO_SERVER", "TELEGRAM_MTPROTO_KEY", "TELEGRAM_API_ID", "TELEGRAM_API_HASH")
TOLD = ("TELEGRAM_TEST_PHONE", "TELEGRAM_TEST_CODE")
missing = [name for name in (*NEEDED, *TOLD) if not os.environ.get(name)]


@pytest.mark.skipif(bool(missing), reason=f"no MTProto server to try it on: {', '.join(missing)} not set")
@pytest.mark.enable_socket
def test_login_me_and_a_page_of_a_channel() -> None:
    account = SessionSnapshot(pk=1, api_id=settings.TELEGRAM_API_ID, api_hash=settings.TELEGRAM_API_HASH, string="")
    phone, code = os.environ["TELEGRAM_TEST_PHONE"], os.environ["TELEGRAM_TEST_CODE"]
    channel = os.environ.get("TELEGRAM_TEST_CHANNEL", "")

    async def steps() -> None:
        desk = TelethonLoginDesk()
        sent = await desk.send_code(account, phone)
        done = await desk.enter_code(replace(account, string=sent.string), phone, sent.code_hash, code)
        if isinstance(done, PasswordWanted):
            password = os.environ.get("TELEGRAM_TEST_PASSWORD", "")
            done = await desk.enter_password(replace(account, string=done.string), password)
        here = replace(account, string=done.string)
        try:
            async with TelethonReader(here) as reader:
                assert (await reader.me()).user_id == done.me.user_id
                if channel:
                    found = await reader.resolve(channel)
                    page = await reader.older(ChannelRef(found.chat_id, found.access_hash), before_id=0, limit=10)
                    ids = [message.message_id for message in page]
                    assert ids == sorted(ids, reverse=True)
        finally:
            await desk.log_out(here)

    asyncio.run(steps())
