"""The MTProto server that accounts connect to where it is not Telegram's own: read and checked without the SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

BITS = 2048


@dataclass(frozen=True)
class MtprotoServer:
    """Where it listens, and the number of the data centre that it stands for."""

    host: str
    port: int
    dc: int


def server_of(text: str, dc: int) -> MtprotoServer | None:
    """Read host:port; nothing where none is set.

    Raises:
        ValueError: it is not of that form.
    """
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(text)
    return MtprotoServer(host=host.removeprefix("[").removesuffix("]"), port=int(port), dc=dc)


def public_key_of(file: Path) -> str:
    """A server's RSA public key in the form that Telethon takes (PKCS #1), from a PEM file of either form.

    Raises:
        ValueError: the file is not there or holds no RSA public key of 2,048 bits; the text says which.
    """
    try:
        key = load_pem_public_key(file.read_bytes())
    except OSError:
        raise ValueError("can't be read") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds no public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size != BITS:
        raise ValueError(f"holds no RSA key of {BITS} bits")
    return key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
