"""A login whose key a session's string can't hold is begun with another key."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from telethon.crypto import AuthKey

from apps.telegram.adapters import telethon_client
from apps.telegram.adapters.telethon_client import connection_of


class Client:
    """Connects with a key of so many bytes."""

    def __init__(self, size: int) -> None:
        self.session = SimpleNamespace(auth_key=AuthKey(b"k" * size))
        self.closed = False

    async def connect(self) -> None:
        """Nothing is asked."""


@pytest.mark.parametrize(("string", "used"), [("", 1), ("known", 0)])
def test_a_new_login_takes_another_key(monkeypatch: pytest.MonkeyPatch, string: str, used: int) -> None:
    clients = [Client(255), Client(256), Client(256)]
    waiting = list(clients)

    async def session_of(_string: str) -> None:
        return None

    async def closed(client: Client) -> None:
        client.closed = True

    monkeypatch.setattr(telethon_client, "client_of", lambda *_args, **_more: waiting.pop(0))
    monkeypatch.setattr(telethon_client, "session_of", session_of)
    monkeypatch.setattr(telethon_client, "closed", closed)
    account: Any = SimpleNamespace(string=string)

    found = asyncio.run(connection_of(account, updates=False, by={}))

    assert found is clients[used]
    assert [client.closed for client in clients] == [used == 1, False, False]
