"""The whole way over MTProto: the page logs in, a host connects and reads; through proxies; and no secret is logged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.telethon import TelethonReader
from apps.telegram.adapters.telethon_login import TelethonLoginDesk
from apps.telegram.models import Peer, Session
from apps.telegram.reading import ChannelRef, SessionSnapshot
from apps.telegram.reading_host import ReadingHost
from apps.telegram.services import session_login
from tests.servers import proxies
from tests.servers.mtproto import MtprotoStandIn
from tests.servers.mtproto_answers import Account, Telegram, channel, message, user
from tests.telegram.factories import SessionFactory

PHONE = "+79001112233"
SECRET = "00112233445566778899aabbccddeeff"
State = Session.State


@pytest.fixture
def telegram() -> Telegram:
    known = Telegram(accounts={PHONE[1:]: Account(user=user(501, username="vera_reads"), password="correct horse")})
    known.channels[77] = channel(77, title="Port news", username="port_news")
    known.messages[77] = [message(77, n, f"Post {n}") for n in range(1, 6)]
    return known


@pytest.fixture
def server(telegram: Telegram, settings: Any, tmp_path: Path) -> Iterator[MtprotoStandIn]:
    with MtprotoStandIn(telegram).running() as running:
        settings.LANGUAGE_CODE = "en"  # of the host's threads
        settings.TELEGRAM_READER = "telethon"
        settings.TELEGRAM_MTPROTO_SERVER = f"127.0.0.1:{running.port}"
        settings.TELEGRAM_MTPROTO_KEY = str(running.write_key(tmp_path / "server.pem"))
        settings.TELEGRAM_MTPROTO_TIMEOUT_S = 30.0
        telegram.port = running.port
        yield running


def until(what: Callable[[], bool], *, within_s: float = 20.0) -> None:
    ends = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_account_logs_in_reads_is_cut_off_loses_its_login_and_logs_out(
    server: MtprotoStandIn, telegram: Telegram, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    session = SessionFactory.create(phone=PHONE, state=State.NEW, string="", user_id=None)
    session_login.session_code_send(session=session)
    secrets = [session.string, session.code_hash]
    session_login.session_code_enter(session=session, code="24680")
    assert session.state == State.PASSWORD
    session_login.session_password_enter(session=session, password="correct horse")
    assert (session.state, session.user_id) == (State.ACTIVE, 501)
    secrets.append(session.string)
    with ReadingHost(lease_s=6.0, look_every_s=0.1) as host:
        until(lambda: session.pk in host.held())

        async def read() -> list[int]:
            reader = host.reader(session.pk)
            found = await reader.resolve("port_news")
            page = await reader.newer(ChannelRef(found.chat_id, found.access_hash), after_id=2)
            return [one.message_id for one in page]

        assert asyncio.run(read()) == [3, 4, 5]
        assert Peer.objects.get().access_hash == 77 * 7
        before = len(server.keys)
        server.cut()  # the connection comes again by itself, with the same key
        until(lambda: telegram.asked.count("GetState") >= 2)
        until(lambda: session.pk in host.held())
        assert len(server.keys) == before
        telegram.logins.clear()  # the person ended the login in their app
        with pytest.raises(Exception, match="Log in again"):
            asyncio.run(read())
        until(lambda: Session.objects.get().state == State.LOST)
        session.refresh_from_db()
        assert (session.string, host.held()) == ("", frozenset())
        telegram.accounts[PHONE[1:]].password = ""
        session_login.session_code_send(session=session)
        session_login.session_code_enter(session=session, code="24680")
        secrets.append(session.string)
        until(lambda: session.pk in host.held())
        assert session_login.session_log_out(session=session) is False  # the host has it, and does it
        until(lambda: Session.objects.get().state == State.OUT)
        assert telegram.logins == {}
    told = caplog.text + "".join(capfd.readouterr())
    assert [secret for secret in (*secrets, PHONE[1:], "24680", "horse", session.api_hash) if secret in told] == []


def kinds(port: int) -> dict[str, tuple[Callable[..., Awaitable[None]], str]]:
    """The proxies before a server, with their addresses' beginnings."""
    return {
        "socks5": (proxies.socks5, "socks5://vera:opensesame@"),
        "http": (proxies.http, "http://"),
        "mtproto": (proxies.mtproto(bytes.fromhex(SECRET), port), f"mtproto://dd{SECRET}@"),
    }


@pytest.mark.parametrize(("kind", "carried"), [("socks5", "vera"), ("http", "CONNECT"), ("mtproto", "2")])
def test_account_connects_through_its_proxy(
    kind: str, carried: str, server: MtprotoStandIn, telegram: Telegram, settings: Any
) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.0/8"]
    telegram.accounts[PHONE[1:]].password = ""
    serve, address = kinds(server.port)[kind]

    async def steps(proxy: str) -> str:
        account = SessionSnapshot(pk=1, api_id=12345, api_hash="0" * 32, string="", proxy=proxy)
        sent = await TelethonLoginDesk().send_code(account, PHONE)
        account = replace(account, string=sent.string)
        await TelethonLoginDesk().enter_code(account, PHONE, sent.code_hash, "24680")
        async with TelethonReader(account) as reader:
            return (await reader.resolve("port_news")).title

    with proxies.running(serve) as proxy:
        assert asyncio.run(steps(f"{address}127.0.0.1:{proxy.port}")) == "Port news"
        assert proxy.carried == [carried] * 3


def test_private_proxy_is_refused_before_it_is_connected_to(server: MtprotoStandIn, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1:9"]
    with proxies.running(proxies.socks5) as proxy:
        address = f"socks5://vera:opensesame@localhost:{proxy.port}"
        account = SessionSnapshot(pk=1, api_id=12345, api_hash="0" * 32, string="", proxy=address)
        with pytest.raises(PermanentError) as private:
            asyncio.run(TelethonLoginDesk().send_code(account, PHONE))
        assert private.value.code == "proxy_private"
        assert proxy.carried == []


def test_absent_proxy_is_told_and_nobody_is_asked_directly(
    server: MtprotoStandIn, telegram: Telegram, settings: Any
) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1:1"]
    account = SessionSnapshot(
        pk=1, api_id=12345, api_hash="0" * 32, string="", proxy="socks5://vera:opensesame@127.0.0.1:1"
    )
    with pytest.raises(RetryableError) as away:
        asyncio.run(TelethonLoginDesk().send_code(account, PHONE))
    assert "the proxy of the account" in str(away.value)
    assert "opensesame" not in str(away.value)
    assert telegram.asked == []
