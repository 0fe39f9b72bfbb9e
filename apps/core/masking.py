"""Addresses that hold a secret, as they may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit

TAIL = 4
# A shorter path has too little before its tail to hide anything.
LEAST = 12


def address_masked(address: str) -> str:
    """The scheme, the host and the last four characters; user, path and query may be the secret."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "…"
    if not host:
        return "…"
    rest = address[address.find(parts.netloc) + len(parts.netloc) :]
    tail = f"…{rest[-TAIL:]}" if len(rest) >= LEAST else "…" if len(rest) > 1 else ""
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}/{tail}"
