"""Links in a text and where they lead with UTM parameters. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from urllib.parse import quote, urlsplit, urlunsplit

ADDRESS_MAX = 2000
# Telegram opens these by itself: a redirect before them would leave the app.
TELEGRAM_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog", "telegram.org"})
VARIABLES = ("channel", "story", "publication")
UTM_NAMES = ("utm_source", "utm_medium", "utm_campaign")
_PIECE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>")
_HREF = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"«»“”„]+", re.IGNORECASE)
_BRACES = re.compile(r"\{([^{}]*)\}")
# Inside of these a written address is either a link already or is meant to be read.
_HOLDERS = frozenset({"a", "code", "pre"})
_ENDS = ".,;:!?'’…*_"

Replace = Callable[[str], str]


def is_countable(address: str) -> bool:
    """Whether a link may lead through ours: http or https with a host, no name and password in it, not Telegram's."""
    if len(address) > ADDRESS_MAX:
        return False
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return False
    if parts.scheme.lower() not in {"http", "https"} or not host or "@" in parts.netloc:
        return False
    return not any(host == own or host.endswith(f".{own}") for own in TELEGRAM_HOSTS)


def addresses_in(html: str) -> list[str]:
    """The links of a text in Telegram's HTML, each once, in their order; those that may lead through ours."""
    found: dict[str, None] = {}

    def note(address: str) -> str:
        found.setdefault(address)
        return address

    replaced(html, note)
    return list(found)


def replaced(html: str, replace: Replace) -> str:
    """The text with its links leading elsewhere; what readers see of it stays as it is.

    An address that is written out becomes a link whose words are the address.
    """
    made: list[str] = []
    depth, place = 0, 0
    for piece in _PIECE.finditer(html):
        made.append(_words(html[place : piece.start()], replace, is_open=depth == 0))
        place = piece.end()
        is_end, name = bool(piece[1]), piece[2].lower()
        if name in _HOLDERS:
            depth = max(0, depth - 1) if is_end else depth + 1
        made.append(_HREF.sub(lambda one: _href(one, replace), piece[0]) if name == "a" and not is_end else piece[0])
    made.append(_words(html[place:], replace, is_open=depth == 0))
    return "".join(made)


def with_utm(address: str, utm: Mapping[str, str]) -> str:
    """The address with parameters that it does not have yet; the others, their order and the fragment stay."""
    parts = urlsplit(address)
    present = {name.partition("=")[0].lower() for name in parts.query.split("&")}
    more = [f"{name}={quote(value, safe='')}" for name, value in utm.items() if value and name not in present]
    if not more:
        return address
    query = "&".join([parts.query, *more] if parts.query else more)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, parts.fragment))


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its variables put in; braces around anything else stay."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), template).strip()


def unknown_variables(template: str) -> list[str]:
    """What stands in braces and is no variable."""
    return [found[0] for found in _BRACES.finditer(template) if found[1] not in VARIABLES]


def _href(found: re.Match[str], replace: Replace) -> str:
    address = unescape(found[2][1:-1]).strip()
    return f'{found[1]}"{escape(replace(address))}"' if is_countable(address) else found[0]


def _words(html: str, replace: Replace, *, is_open: bool) -> str:
    if not is_open or "://" not in html:
        return html
    words, made, place = unescape(html), [], 0
    for found in _ADDRESS.finditer(words):
        address = _without_ends(found[0])
        if not is_countable(address):
            continue
        leads = replace(address)
        if leads == address:
            continue
        made.append(escape(words[place : found.start()], quote=False))
        made.append(f'<a href="{escape(leads)}">{escape(address, quote=False)}</a>')
        place = found.start() + len(address)
    return "".join([*made, escape(words[place:], quote=False)]) if made else html


def _without_ends(address: str) -> str:
    """The address without the signs of the sentence behind it; a bracket stays where it was opened in it."""
    while address:
        last = address[-1]
        if last in _ENDS or (last == ")" and address.count(")") > address.count("(")) or last in "]}":
            address = address[:-1]
            continue
        break
    return address
