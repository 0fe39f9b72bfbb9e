"""The way to the adapters that read channels and log accounts in; which one is a setting."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from apps.telegram.login import LoginDesk
from apps.telegram.reading import ChannelReader, SessionSnapshot

# Loaded at the first call: Telethon costs a second and memory that most processes never need.
READERS = {
    "telethon": "apps.telegram.adapters.telethon.TelethonReader",
    "scripted": "apps.telegram.adapters.fake_reader.FakeReader",
}
LOGIN_DESKS = {
    "telethon": "apps.telegram.adapters.telethon_login.TelethonLoginDesk",
    "scripted": "apps.telegram.adapters.fake_login.FakeLoginDesk",
}


def reader_open(account: SessionSnapshot) -> AbstractAsyncContextManager[ChannelReader]:
    """Connect an account; only who has its lease may. Everything else asks a `reading_host.ReadingHost`."""
    adapter = cast(
        "Callable[[SessionSnapshot], AbstractAsyncContextManager[ChannelReader]]",
        import_string(READERS[settings.TELEGRAM_READER]),
    )
    return adapter(account)


def reader_load() -> None:
    """Load the SDK, which takes seconds, before anybody waits for it."""
    import_string(READERS[settings.TELEGRAM_READER])


def login_desk() -> LoginDesk:
    """Where accounts log in and out."""
    adapter = cast("Callable[[], LoginDesk]", import_string(LOGIN_DESKS[settings.TELEGRAM_READER]))
    return adapter()
