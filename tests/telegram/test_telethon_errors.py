"""Every failure of Telethon as one of ours, and what the client is made of."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest
from telethon import connection, errors
from telethon.sessions import StringSession

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.adapters.telethon_client import client_of, route, session_of
from apps.telegram.adapters.telethon_errors import CODES, NAMES, failure
from apps.telegram.reading import SessionSnapshot
from apps.telegram.reading_refusals import WORDS

ADAPTERS = Path(__file__).resolve().parents[2] / "apps" / "telegram" / "adapters"
ACCOUNT = SessionSnapshot(pk=1, api_id=12345, api_hash="0123456789abcdef", string="very-secret", proxy="")
LOST = {"AuthKeyUnregistered", "SessionRevoked", "SessionExpired", "AuthKeyDuplicated", "UserDeactivated"}


def raised(name: str) -> BaseException:
    """One of Telethon's errors."""
    kind = getattr(errors, f"{name}Error")
    try:
        made: BaseException = kind(request=None)
    except TypeError:
        made = kind(request=None, capture=0)
    return made


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in NAMES.items() for name in names])
def test_named_error_is_its_code(code: str, name: str) -> None:
    if not hasattr(errors, f"{name}Error"):
        pytest.skip("this release of Telethon does not know it")
    told = failure(raised(name))
    assert isinstance(told, PermanentError)
    assert str(told) == str(WORDS[code])
    assert told.code == ("login_lost" if code in {"duplicated", "deactivated"} else code)
    assert name not in str(told)


def test_every_code_has_words_and_most_names_exist() -> None:
    assert set(NAMES) <= set(WORDS)
    assert len(CODES) >= 30
    assert {failure(raised(name)).code for name in LOST} == {"login_lost"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("exc", "seconds"),
    [
        (errors.FloodWaitError(request=None, capture=31), 31),
        (errors.SlowModeWaitError(request=None, capture=9), 9),
        (errors.FloodError(None, "FLOOD", 420), 600),
    ],
)
def test_flood_tells_how_long(exc: BaseException, seconds: float) -> None:
    told = failure(exc)
    assert isinstance(told, RetryableError)
    assert (told.code, told.retry_after) == ("flood", seconds)


@pytest.mark.parametrize(
    "exc",
    [
        OSError("no route"),
        TimeoutError(),
        asyncio.IncompleteReadError(b"", 4),
        errors.InvalidChecksumError(1, 2),
        errors.SecurityError("x"),
        errors.AuthKeyNotFound(),
        errors.ServerError(None, "INTERNAL", 500),
        errors.TimedOutError(None, "TIMEOUT", 503),
        errors.AuthRestartError(request=None),
        ValueError("Request was unsuccessful 2 time(s)"),
    ],
)
def test_trouble_of_the_network_is_tried_again(exc: BaseException) -> None:
    told = failure(exc)
    assert isinstance(told, RetryableError)
    assert told.code == "network"


def test_unknown_refusals_are_named_and_unknown_401_is_a_lost_login() -> None:
    told = failure(errors.BadRequestError(None, "NEW_THING_INVALID", 400))
    assert isinstance(told, PermanentError)
    assert (told.code, "NEW_THING_INVALID" in str(told)) == ("refused", True)
    lost = failure(errors.UnauthorizedError(None, "NEW_401", 401))
    assert isinstance(lost, PermanentError)
    assert lost.code == "login_lost"


def test_client_sleeps_through_nothing_and_reconnects_by_nobody() -> None:
    async def made() -> Any:
        return client_of(ACCOUNT, StringSession(), updates=True)

    client = asyncio.run(made())
    assert client.flood_sleep_threshold == 0
    assert (client._auto_reconnect, client._catch_up, client._no_updates) == (False, False, False)
    assert (client._request_retries, client._connection_retries) == (1, 0)


def test_no_application_and_no_session_are_told() -> None:
    with pytest.raises(PermanentError) as no_api:
        client_of(SessionSnapshot(pk=1, api_id=0, api_hash="", string=""), StringSession(), updates=False)
    assert no_api.value.code == "no_api"
    with pytest.raises(PermanentError) as unreadable:
        asyncio.run(session_of("very-secret"))
    assert unreadable.value.code == "login_lost"
    assert "very-secret" not in str(unreadable.value)


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ("", {}),
        ("socks5://127.0.0.1:1080", {"proxy": ("socks5", "127.0.0.1", 1080, True, None, None)}),
        (
            "http://vera:p%40ss@proxy.example.org:3128",
            {"proxy": ("http", "proxy.example.org", 3128, True, "vera", "p@ss")},
        ),
        (
            "mtproto://dd00112233445566778899aabbccddeeff@127.0.0.1:443",
            {
                "connection": connection.ConnectionTcpMTProxyRandomizedIntermediate,
                "proxy": ("127.0.0.1", 443, "dd00112233445566778899aabbccddeeff"),
            },
        ),
    ],
)
def test_proxies(proxy: str, expected: dict[str, Any]) -> None:
    assert route(proxy) == expected


@pytest.mark.parametrize("proxy", ["ftp://host:1", "socks5://host", "socks5://host:x", "nonsense", "http://:80"])
def test_proxy_that_can_not_be_read_is_told_without_its_secret(proxy: str) -> None:
    with pytest.raises(PermanentError) as wrong:
        route(proxy)
    assert wrong.value.code == "proxy_wrong"
    assert proxy not in str(wrong.value)


def test_dialogs_are_never_swept() -> None:
    swept = {"get_dialogs", "iter_dialogs", "GetDialogsRequest", "GetPinnedDialogsRequest", "get_entity"}
    found = []
    for file in ADAPTERS.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in swept:
                found.append(f"{file.name}:{name}")
    assert found == ["telethon.py:GetDialogsRequest"]  # one page, in no loop, when a person asks


def test_a_page_of_dialogs_is_asked_for_in_no_loop() -> None:
    tree = ast.parse((ADAPTERS / "telethon.py").read_text(encoding="utf-8"))
    (asking,) = [
        one for one in ast.walk(tree) if isinstance(one, ast.AsyncFunctionDef) and one.name == "member_channels"
    ]
    assert not [one for one in ast.walk(asking) if isinstance(one, ast.For | ast.AsyncFor | ast.While)]


def test_one_function_makes_clients() -> None:
    calls = [file.name for file in ADAPTERS.glob("*.py") if "TelegramClient(" in file.read_text(encoding="utf-8")]
    assert calls == ["telethon_client.py"]


def test_nothing_secret_is_shown_by_the_readers() -> None:
    from apps.telegram.adapters.telethon import TelethonReader

    assert "very-secret" not in repr(TelethonReader(ACCOUNT)) + repr(ACCOUNT)
