"""Where a request may go: to public addresses, and to private ones only where the operator said so.

A URL may name a machine that only this one can reach: the metadata service of a cloud, a database's console. So the
addresses behind a name are judged when a connection is opened, and the address that was really reached once more,
before anything is sent: a redirect or a name that changes its address in between gets no further than a name would.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeAlias

import httpx

from canonical.errors import FatalError

Address: TypeAlias = IPv4Address | IPv6Address

_IN_HOUSE = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
}
_NETWORKS = [(word, ip_network(network)) for word, networks in _IN_HOUSE.items() for network in networks]
# What clouds tell a machine about itself, credentials included; those that are not link-local anyway.
_METADATA = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))
_NAT64 = ip_network("64:ff9b::/96")


class Watch:
    """Judges the connection that one request opens; httpx calls it with each step it takes."""

    def __init__(self, connection: str, url: httpx.URL, *, in_house: bool) -> None:
        self._connection = connection
        self._host = url.raw_host.decode("ascii")
        self._in_house = in_house
        self._proxied = False

    def __call__(self, step: str, details: Mapping[str, Any]) -> None:
        """Raise FatalError where the connection leads to an address that is closed to it."""
        if step.endswith("connect_tcp.started"):
            self._proxied = details["host"] != self._host
            found = _literal(self._host) if self._proxied else _addresses(self._host, details["port"])
            self._judge(found)
        elif step.endswith("connect_tcp.complete") and not self._proxied:
            stream = details["return_value"]
            try:
                self._judge([_read(stream.get_extra_info("server_addr")[0])])
            except FatalError:
                stream.close()
                raise

    def _judge(self, found: list[Address]) -> None:
        for address in found:
            word = standing(address)
            if word in ("", *(_IN_HOUSE if self._in_house else ())):
                continue
            where = f"{self._connection}: {self._host} is at {address}, a {word} address"
            if word in _IN_HOUSE:
                hint = (
                    f"if this server is meant, write allow_private_network: true at the connection {self._connection}"
                )
                raise FatalError(f"{where}; only public ones may be called", hint=hint)
            hint = "check the URL of this connection and what its name resolves to"
            raise FatalError(f"{where}, where no platform is", hint=hint)


def standing(address: Address) -> str:
    """What an address is: empty for a public one, ``loopback`` or ``private``, or a word for one nobody serves at."""
    address = _meant(address)
    if address in _METADATA:
        return "cloud metadata"
    for word, network in _NETWORKS:
        if address in network:
            return word
    if address.is_multicast:
        return "multicast"
    if address.is_link_local:
        return "link-local"
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    return "" if address.is_global and not address.is_reserved and not site_local else "reserved"


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _addresses(host: str, port: int) -> list[Address]:
    """What a name resolves to; nothing when it does not, which the attempt to connect will say."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [_read(str(one[4][0])) for one in found]


def _literal(host: str) -> list[Address]:
    """The address that a host is written as; a name is left to the proxy, which alone resolves it."""
    if host == "localhost":
        return [IPv4Address("127.0.0.1")]
    try:
        return [_read(host)]
    except ValueError:
        return []


def _read(text: str) -> Address:
    return ip_address(text.partition("%")[0])
