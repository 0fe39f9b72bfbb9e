"""Addresses, handles and phone numbers of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.stories.factcheck.findings import Span

TOP = (
    "ru|рф|com|org|net|me|info|io|tv|su|by|kz|ua|gov|edu|uk|de|fr|eu|news|online|site|app|dev|ly|gl|su|pro|cc|ai|moscow"
)
LINK = re.compile(
    rf"https?://[^\s<>«»\"'`\])]+|\b[\w.+-]{{1,64}}@[\w-]{{1,64}}(?:\.[\w-]{{1,64}})+"
    rf"|(?<![\w@.-])(?:[\w-]{{1,64}}\.){{1,4}}(?:{TOP})\b(?:/[^\s<>«»\"'`\])]*)?|(?<![\w/@.])@[A-Za-z]\w{{2,40}}",
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<![\w.])\+?\d[\d \u00a0()-]{8,22}\d(?!\d)")
DIGITS_LEAST, DIGITS_MOST = 10, 15
SCHEME = re.compile(r"^(?:https?://)?(?:www\.|m\.)?")
MESSAGE = re.compile(r"t\.me/(?:s/)?([a-z]\w+)/\d+$")
HANDLE = re.compile(r"^(?:t|telegram)\.me/(?:s/)?([a-z]\w+)/?$")
TAIL = ".,;:!?…)»*_"


@dataclass(frozen=True, slots=True)
class Link:
    """An address; `key` is the same for spellings of one address."""

    span: Span
    key: str


def links(text: str) -> list[Link]:
    """The addresses and handles of a text."""
    found = []
    for match in LINK.finditer(text):
        address = match[0].rstrip(TAIL)
        found.append(Link(Span(match.start(), match.start() + len(address)), key_of(address)))
    return found


def phones(text: str) -> list[Link]:
    """The phone numbers of a text, by their digits without the country's first."""
    found = []
    for match in PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if DIGITS_LEAST <= len(digits) <= DIGITS_MOST:
            found.append(Link(Span(*match.span()), digits[-DIGITS_LEAST:]))
    return found


def key_of(address: str) -> str:
    """An address without what may differ: scheme, www, a slash at the end, its host's case; a handle for t.me/name."""
    bare = SCHEME.sub("", address.strip().rstrip(TAIL), count=1)
    host, slash, path = bare.partition("/")
    key = f"{host.lower()}{slash}{path}".rstrip("/")
    handle = HANDLE.match(key.lower())
    return f"@{handle[1]}" if handle else key.lower() if key.startswith("@") else key


def handle_of(key: str) -> str:
    """The channel of a message's address, as a handle; empty for other addresses."""
    match = MESSAGE.match(key.lower())
    return f"@{match[1]}" if match else ""


def is_known(key: str, known: frozenset[str]) -> bool:
    """Whether one of the known addresses is this one, or lies under the host that is named alone."""
    if key in known:
        return True
    if "/" in key:
        return False
    return any(one.partition("/")[0] == key for one in known)
