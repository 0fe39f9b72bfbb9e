"""Where the site reaches itself."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a server on every address answers on loopback too


def own_url(*, base_url: str, host: str, port: int) -> str:
    """The address at which this machine reaches the site."""
    if base_url:
        return base_url
    reached = LOOPBACK.get(host, host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def place(url: str) -> str:
    """An address as `HTTP_ALLOW_PRIVATE` names it: host:port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
