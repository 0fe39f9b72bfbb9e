"""Which addresses the open internet has, and which private ones a run allows.

The networks are those of IANA's special-purpose registries (RFC 6890 and its updates). The standard library's
`is_global` is not used: its answer differs between patch releases of Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import inet_aton

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # "this network", the unspecified address
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Of IPv6 only this is handed out; loopback, link-local, unique local, mapped and multicast lie outside it.
GLOBAL_V6 = IPv6Network("2000::/3")
REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address of anybody's choice
        "3fff::/20",  # documentation
    )
)
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet; what an IPv6 address wraps is judged, not the wrapping."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in GLOBAL_V6 and not any(address in network for network in REFUSED_V6)


@dataclass(frozen=True)
class AllowList:
    """Private places that may be reached: host:port pairs and networks."""

    hosts: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> AllowList:
        """Read the entries of `HTTP_ALLOW_PRIVATE`.

        Raises:
            ValueError: an entry is neither host:port nor a network; its text is the entry.
        """
        hosts: set[tuple[str, int]] = set()
        networks: list[Network] = []
        for entry in entries:
            pair = host_and_port(entry)
            if pair is not None:
                hosts.add(pair)
                continue
            try:
                networks.append(ip_network(entry.strip("[]"), strict=False))
            except ValueError as exc:
                raise ValueError(entry) from exc
        return cls(frozenset(hosts), tuple(networks))

    def with_host(self, host: str, port: int) -> AllowList:
        """The same list with one more pair."""
        return AllowList(self.hosts | {(host.lower().strip("[]"), port)}, self.networks)

    def names(self, host: str, port: int) -> bool:
        """Whether this very host and port is listed, whatever it resolves to."""
        return (host.lower().strip("[]"), port) in self.hosts

    def covers(self, address: Address, port: int) -> bool:
        """Whether an address is in a listed network, or listed with this port."""
        if (str(address), port) in self.hosts:
            return True
        return any(address.version == network.version and address in network for network in self.networks)


def host_and_port(entry: str) -> tuple[str, int] | None:
    """Split `host:port` or `[v6]:port`; None where the text is something else."""
    host, colon, port = entry.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return None
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1].lower(), int(port)
    return None if ":" in host or "/" in host else (host.lower(), int(port))


def literal(host: str) -> Address | None:
    """The number that a host is spelled as, also 127.1, 0x7f.1, 2130706433 and 0177.0.0.1; None for a name."""
    try:
        return parsed(host.strip("[]"))
    except ValueError:
        pass
    try:  # as connecting would read it
        return IPv4Address(inet_aton(host)) if host and not host.isspace() else None
    except (OSError, ValueError):
        return None


def parsed(text: str) -> Address:
    """An address as the resolver writes it; the zone of a link-local one is dropped."""
    return ip_address(text.partition("%")[0])
