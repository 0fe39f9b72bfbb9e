"""What an address must look like before anything is sent to it."""

from __future__ import annotations

import httpx2
from django.utils.translation import gettext as _

from apps.core.addresses import AllowList, is_public, literal
from apps.core.errors import PermanentError

DEFAULT_PORTS = {"http": 80, "https": 443}
# Above 1023, other than these: databases, caches, brokers, remote desktops and control ports that an HTTP request
# must not reach. Below, only 80 and 443.
LOWEST_FREE_PORT, HIGHEST_PORT = 1024, 65535
REFUSED_PORTS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061}
    | {5432, 5671, 5672, 5900, 5984, 6000, 6379, 6432, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092}
    | {9200, 9300, 10080, 10250, 11211, 15672, 25672, 26379, 27017, 27018, 50000}
)
LONGEST = 2048


def checked_url(text: str, *, allow: AllowList) -> httpx2.URL:
    """Read an address and refuse what must not be requested.

    Raises:
        PermanentError: codes bad_url, scheme_refused, credentials_refused, port_refused.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise PermanentError(_("The address is longer than %(limit)d characters.") % {"limit": LONGEST}, code="bad_url")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as exc:
        raise PermanentError(_("“%(url)s” is not an address.") % {"url": text[:200]}, code="bad_url") from exc
    return checked(url, allow=allow)


def checked(url: httpx2.URL, *, allow: AllowList) -> httpx2.URL:
    """Refuse a parsed address that must not be requested; see `checked_url`."""
    if url.scheme not in DEFAULT_PORTS:
        raise PermanentError(
            _("Only http:// and https:// addresses are fetched, not “%(url)s”.") % {"url": str(url)[:200]},
            code="scheme_refused",
        )
    if not url.host:
        raise PermanentError(_("“%(url)s” names no host.") % {"url": str(url)[:200]}, code="bad_url")
    if url.userinfo:
        raise PermanentError(
            _("An address with a name or password in it is not fetched: %(host)s.") % {"host": url.host},
            code="credentials_refused",
        )
    port = port_of(url)
    standard = port in (80, 443)
    free = LOWEST_FREE_PORT <= port <= HIGHEST_PORT and port not in REFUSED_PORTS
    if not (standard or free or allow.names(url.host, port)):
        raise PermanentError(
            _("Port %(port)d of %(host)s is not one for web pages.") % {"port": port, "host": url.host},
            code="port_refused",
        )
    return url


def refuse_literal(url: httpx2.URL, *, allow: AllowList) -> None:
    """Refuse an address whose host is a private number, in any spelling; names are judged when they are fetched.

    Raises:
        PermanentError: code address_refused.
    """
    address = literal(url.host)
    if address is None or is_public(address) or allow.names(url.host, port_of(url)):
        return
    if not allow.covers(address, port_of(url)):
        raise PermanentError(
            _("%(host)s leads to %(address)s, an address that is not public and is not fetched.")
            % {"host": url.host, "address": address},
            code="address_refused",
        )


def port_of(url: httpx2.URL) -> int:
    """The port that a request to this address goes to."""
    return url.port or DEFAULT_PORTS[url.scheme]


def place(url: httpx2.URL) -> str:
    """Host and port, the key of politeness."""
    return f"{url.host}:{port_of(url)}"
