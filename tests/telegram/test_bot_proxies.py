"""Bots behind a proxy: all of it goes through, private ones are refused, and it is never shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from django.db import connection

from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.telegram.models import Bot
from apps.telegram.ports import BotSnapshot, SentMessage
from apps.telegram.proxies import proxy_url
from apps.telegram.selectors import bots_listening
from apps.telegram.services import bot_api as open_bot_api
from apps.telegram.services import bot_check, bot_updates, token_check
from apps.telegram.services.receiving import bot_proxy_set
from tests.servers import bot_api, proxies
from tests.servers.bot_api import BotApiServer
from tests.telegram.factories import BotFactory, token_of

KINDS = {
    "socks5": (proxies.socks5, "socks5://tunnel:secret-word@127.0.0.1:{}"),
    "http": (proxies.http, "http://127.0.0.1:{}"),
}


@pytest.fixture
def server(settings: Any) -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


@pytest.fixture(params=sorted(KINDS))
def proxy(request: pytest.FixtureRequest, settings: Any) -> Iterator[tuple[proxies.Proxy, str]]:
    """A proxy that may be used, and its address."""
    serve, address = KINDS[request.param]
    with proxies.running(serve) as running:
        settings.HTTP_ALLOW_PRIVATE = [f"127.0.0.1:{running.port}"]
        yield running, address.format(running.port)


def behind(address: str) -> BotSnapshot:
    """A bot with a proxy."""
    return BotSnapshot(bot_id=4242, token=token_of(4242), proxy=address)


async def greeted(bot: BotSnapshot) -> SentMessage:
    """One message."""
    async with open_bot_api(bot) as api:
        return await api.send_message(77, "through")


def test_messages_and_updates_go_through_the_proxy(server: BotApiServer, proxy: tuple[proxies.Proxy, str]) -> None:
    running, address = proxy
    bot = behind(address)

    async def heard() -> list[object]:
        async with bot_updates(bot) as api:
            return await api.get_updates(offset=None, wait_s=0, kinds=["message"])

    assert asyncio.run(greeted(bot)).message_id == 1
    assert len(running.carried) == 1
    server.updates.add(4242, "message", {"text": "hi"})
    assert len(asyncio.run(heard())) == 1
    assert len(running.carried) == 2
    assert token_check(token_of(4242), proxy=address).bot_id == 4242
    assert len(running.carried) == 3
    assert len(server.log) == 3


def test_private_and_misshapen_proxies_are_refused_before_anything_leaves(server: BotApiServer, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = []
    cases = {
        "socks5://127.0.0.1:9": "proxy_private",
        "http://10.1.2.3:8080": "proxy_private",
        "mtproto://00@127.0.0.1:9": "bot_proxy_wrong",
        "ftp://example.org:21": "bot_proxy_wrong",
        "socks5://nowhere": "bot_proxy_wrong",
    }
    for address, code in cases.items():
        asks: tuple[Callable[[BotSnapshot], Coroutine[Any, Any, object]], ...] = (greeted, heard_nothing)
        for ask in asks:
            with pytest.raises(PermanentError) as caught:
                asyncio.run(ask(behind(address)))
            assert caught.value.code == code
    assert server.log == []


async def heard_nothing(bot: BotSnapshot) -> None:
    """Open the listening side."""
    async with bot_updates(bot):
        pass


def test_proxy_that_is_away_is_retryable_and_never_unknown(server: BotApiServer, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1:9"]
    for address in ("socks5://127.0.0.1:9", "http://127.0.0.1:9"):
        with pytest.raises(RetryableError) as caught:
            asyncio.run(greeted(behind(address)))
        assert caught.value.code == "proxy_failed"
    assert server.log == []


def test_cut_behind_a_proxy_is_unknown(server: BotApiServer, proxy: tuple[proxies.Proxy, str]) -> None:
    server.faults.add("cut_after")
    with pytest.raises(UnknownOutcomeError):
        asyncio.run(greeted(behind(proxy[1])))
    assert len(server.messages) == 1


def test_name_is_replaced_by_the_address_that_was_looked_at(settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["localhost:1080"]
    found = asyncio.run(proxy_url("socks5://me:pass%40word@localhost:1080"))
    assert found in {"socks5://me:pass%40word@127.0.0.1:1080", "socks5://me:pass%40word@[::1]:1080"}


@pytest.mark.django_db
def test_kept_proxy_is_encrypted_used_and_in_no_repr(server: BotApiServer, proxy: tuple[proxies.Proxy, str]) -> None:
    running, address = proxy
    bot: Bot = BotFactory()
    before = bots_listening()
    bot_proxy_set(bot=bot, proxy=address)
    assert bots_listening() != before, "the listener begins anew"
    assert bot_check(bot=bot).bot_id == bot.bot_id
    assert len(running.carried) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT proxy FROM telegram_bot")
        assert "127.0.0.1" not in cursor.fetchone()[0]
    for shown in (repr(bot.snapshot()), repr(bots_listening())):
        assert "127.0.0.1" not in shown
        assert "secret-word" not in shown
