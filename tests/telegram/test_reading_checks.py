"""Wrong settings of people's accounts are one sentence at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apps.telegram.checks import reading
from apps.telegram.mtproto_server import MtprotoServer, public_key_of, server_of


def pem(file: Path, key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, form))
    return str(file)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def told(settings: Any, **given: Any) -> list[str]:
    for name, value in given.items():
        setattr(settings, name, value)
    return [f"{one.id} {one.msg}" for one in reading()]


def test_defaults_are_good(settings: Any) -> None:
    nothing: dict[str, Any] = {
        "TELEGRAM_API_ID": 0,
        "TELEGRAM_API_HASH": "",
        "TELEGRAM_MTPROTO_SERVER": "",
        "TELEGRAM_MTPROTO_KEY": "",
    }
    assert told(settings, **nothing) == []


def test_half_an_application_is_told(settings: Any) -> None:
    words = "telegram.E001 TELEGRAM_API_ID and TELEGRAM_API_HASH belong together: set both, or neither."
    assert told(settings, TELEGRAM_API_ID=5, TELEGRAM_API_HASH="") == [words]
    assert told(settings, TELEGRAM_API_ID=0, TELEGRAM_API_HASH="0" * 32) == [words]
    assert told(settings, TELEGRAM_API_ID=5) == []


@pytest.mark.parametrize("server", ["localhost", "localhost:", ":80", "localhost:http", "localhost:0", "a:70000"])
def test_server_without_host_and_port_is_told(server: str, settings: Any, tmp_path: Path, key: Any) -> None:
    found = told(settings, TELEGRAM_MTPROTO_SERVER=server, TELEGRAM_MTPROTO_KEY=pem(tmp_path / "key.pem", key))
    assert found == [f"telegram.E003 TELEGRAM_MTPROTO_SERVER must be host:port, not “{server}”."]


def test_server_wants_a_key_that_can_be_read(settings: Any, tmp_path: Path, key: Any) -> None:
    assert told(settings, TELEGRAM_MTPROTO_SERVER="[::1]:443", TELEGRAM_MTPROTO_KEY="")[0].startswith("telegram.E004 ")
    absent = str(tmp_path / "absent.pem")
    assert told(settings, TELEGRAM_MTPROTO_KEY=absent) == [
        f"telegram.E005 TELEGRAM_MTPROTO_KEY: the file {absent} can't be read."
    ]
    (tmp_path / "words.pem").write_text("no key")
    assert "holds no public key in PEM" in told(settings, TELEGRAM_MTPROTO_KEY=str(tmp_path / "words.pem"))[0]
    other = pem(tmp_path / "other.pem", ec.generate_private_key(ec.SECP256R1()))
    assert "holds no RSA key of 2048 bits" in told(settings, TELEGRAM_MTPROTO_KEY=other)[0]
    assert told(settings, TELEGRAM_MTPROTO_KEY=pem(tmp_path / "key.pem", key)) == []


def test_key_without_a_server_is_warned_of(settings: Any, tmp_path: Path, key: Any) -> None:
    found = told(settings, TELEGRAM_MTPROTO_SERVER="", TELEGRAM_MTPROTO_KEY=pem(tmp_path / "key.pem", key))
    assert [one[:13] for one in found] == ["telegram.W002"]


def test_both_forms_of_a_key_are_read_as_one(tmp_path: Path, key: Any) -> None:
    first = public_key_of(Path(pem(tmp_path / "a.pem", key)))
    second = public_key_of(Path(pem(tmp_path / "b.pem", key, PublicFormat.PKCS1)))
    assert first == second
    assert first.startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert server_of("[::1]:443", 2) == MtprotoServer("::1", 443, 2)
