"""When two addresses mean one page: what redesigns, https and counters of clicks change does not count."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

MARKS = re.compile(r"utm_|(?:fbclid|gclid|yclid|ysclid|_openstat|mc_cid|mc_eid|igshid|erid|cmpid)$", re.IGNORECASE)


def address_key(address: str) -> str:
    """What is equal for two addresses of one page; empty for what is no web address, or only a site's front page."""
    try:
        parts = urlsplit(address.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not MARKS.match(name)]
    path = parts.path.rstrip("/")
    if not path and not kept:
        return ""
    place = host if port in {None, 80, 443} else f"{host}:{port}"
    return f"{place}{path}?{urlencode(sorted(kept))}" if kept else f"{place}{path}"
