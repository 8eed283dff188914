"""No test reaches a network: only loopback addresses and Unix sockets can be connected to."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def close_network() -> None:
    """Make every attempt to leave this machine fail the test that makes it."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = _guarded_getaddrinfo


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _refuse_unless_local(self.family, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _refuse_unless_local(self.family, address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "names under .invalid never resolve")
    if name is not None and not _is_local(name):
        pytest.fail(f"a test tried to look up {name!r}; tests may only use loopback", pytrace=True)
    return _getaddrinfo(host, *args, **kwargs)


def _refuse_unless_local(family: int, address: Any) -> None:
    if family == socket.AF_UNIX or (isinstance(address, tuple) and _is_local(str(address[0]))):
        return
    pytest.fail(f"a test tried to connect to {address!r}; tests may only use loopback", pytrace=True)


def _is_local(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
