"""A configured URL leads to no machine that only this one can reach, unless the operator said so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from canonical.errors import FatalError
from connectors.http import Outgoing, RequestRecord, RetryPolicy, Transport
from connectors.http.destinations import standing
from connectors.simulation import Served, Ticker, serve
from tests.support.counter import Counters
from tests.support.web import transport

GET = Outgoing("GET", "a", operation="get")
PUT = Outgoing("PUT", "a", content=b"5", operation="set")
PUBLIC, LOOPBACK = "93.184.216.34", "127.0.0.1"
_lookup = socket.getaddrinfo


@pytest.fixture
def counters(clock: Ticker) -> Counters:
    return Counters(clock)


@pytest.fixture
def served(counters: Counters) -> Iterator[Served]:
    with serve(counters) as where:
        yield where


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the name hub.test resolves to each time it is asked for."""
    left: list[str] = []

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("hub.test", b"hub.test"):
            return _lookup(host, port, *args, **kwargs)
        address = left.pop(0)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return left


def closed(clock: Ticker, url: str, **settings: Any) -> Transport:
    """A transport without the opt-in, unless the settings say otherwise."""
    given = {"allow_private_network": False, "retry": RetryPolicy(attempts=3), **settings}
    return transport(None, clock, base_url=url, **given)


def refused(sender: Transport, outgoing: Outgoing = GET) -> FatalError:
    with pytest.raises(FatalError) as caught:
        sender.send(outgoing)
    sender.close()
    return caught.value


@pytest.mark.parametrize(
    ("address", "word"),
    [
        (PUBLIC, ""),
        ("2606:2800:220:1::1", ""),
        ("::ffff:93.184.216.34", ""),
        ("64:ff9b::5db8:d822", ""),
        (LOOPBACK, "loopback"),
        ("127.255.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", ""),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::a00:1", "private"),
        ("2002:a00:1::", "private"),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("fe80::1", "link-local"),
        ("fd00:ec2::254", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "reserved"),
        ("::", "reserved"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("192.0.2.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("fec0::1", "reserved"),
        ("2001:db8::1", "reserved"),
    ],
)
def test_every_kind_of_address_is_recognized(address: str, word: str) -> None:
    assert standing(ip_address(address)) == word


def test_a_server_on_this_machine_is_refused_before_it_is_connected_to(
    served: Served, counters: Counters, clock: Ticker
) -> None:
    records: list[RequestRecord] = []
    error = refused(closed(clock, served.base_url, on_request=records.append), PUT)
    assert str(error).startswith("shop: 127.0.0.1 is at 127.0.0.1, a loopback address")
    assert "write allow_private_network: true at the connection shop" in error.hint
    assert (counters.requests, counters.values) == ([], {})
    assert [(record.error, record.attempt) for record in records] == [("FatalError", 1)]


def test_the_opt_in_of_the_connection_lets_it_through(served: Served, counters: Counters, clock: Ticker) -> None:
    sender = closed(clock, served.base_url, allow_private_network=True)
    assert sender.send(PUT).status == 200
    sender.close()
    assert counters.values == {"a": 5}


@pytest.mark.parametrize("spelling", ["localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"])
def test_no_other_spelling_of_this_machine_gets_through(
    spelling: str, served: Served, counters: Counters, clock: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _unguarded(spelling.strip("[]")))
    error = refused(closed(clock, f"http://{spelling}:{served.port}"))
    assert "a loopback address" in str(error)
    assert counters.requests == []


def _unguarded(spelling: str) -> Any:
    """Resolve one spelling as the system does: those of this machine without a name server."""

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name == spelling and name[0].isdigit():
            return _lookup(socket.inet_ntoa(socket.inet_aton(name)), port, *args, **kwargs)
        if name == spelling and name.startswith("::"):
            return [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (name, port, 0, 0))]
        return _lookup(host, port, *args, **kwargs)

    return lookup


def test_a_name_that_leads_inside_is_refused(answers: list[str], clock: Ticker) -> None:
    answers += ["10.0.0.5"]
    assert "hub.test is at 10.0.0.5, a private address" in str(refused(closed(clock, "https://hub.test")))


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "0.0.0.0", "ff02::1"])
def test_no_opt_in_opens_what_no_platform_is_served_at(address: str, answers: list[str], clock: Ticker) -> None:
    answers += [address]
    error = refused(closed(clock, "http://hub.test", allow_private_network=True))
    assert f"hub.test is at {address}" in str(error)
    assert "where no platform is" in str(error)
    assert "allow_private_network" not in error.hint


def test_a_name_that_changes_its_address_after_it_was_judged_gets_no_request(
    answers: list[str], served: Served, counters: Counters, clock: Ticker
) -> None:
    answers += [PUBLIC, LOOPBACK]
    error = refused(closed(clock, f"http://hub.test:{served.port}"), PUT)
    assert "hub.test is at 127.0.0.1" in str(error)
    assert answers == []
    assert counters.requests == []


def test_a_redirect_gets_no_further_than_its_target_would(
    answers: list[str], served: Served, counters: Counters, clock: Ticker
) -> None:
    """Within the own host, the only redirects that are followed; the name changes its address in between."""
    first = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": f"http://hub.test:{served.port}/b"}))
    sender = closed(clock, "http://hub.test", http_transport=_Mixed(first, served.port))
    answers += [LOOPBACK]
    assert "hub.test is at 127.0.0.1" in str(refused(sender))
    assert counters.requests == []


class _Mixed(httpx.BaseTransport):
    """A site of its own, whose other port is really connected to."""

    def __init__(self, site: httpx.BaseTransport, port: int) -> None:
        self._site, self._port, self._real = site, port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return (self._real if request.url.port == self._port else self._site).handle_request(request)

    def close(self) -> None:
        self._real.close()


def test_an_address_that_the_platform_names_is_not_covered_by_the_opt_in(
    served: Served, counters: Counters, clock: Ticker
) -> None:
    """A download's address comes out of an answer, so a platform could name any machine of the house."""
    with serve(Counters(clock)) as other:
        sender = closed(clock, other.base_url, allow_private_network=True)
        with pytest.raises(FatalError, match="a loopback address"):
            list(sender.stream_lines(Outgoing("GET", f"{served.base_url}/a", operation="download")))
        sender.close()
    assert counters.requests == []


class _Login(httpx.Auth):
    """Asks for a token elsewhere before the request itself goes out."""

    def __init__(self, url: str) -> None:
        self._url = url

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        yield httpx.Request("POST", self._url, content=b"password")
        yield request


def test_requests_of_authentication_are_judged_like_all_others(
    served: Served, counters: Counters, clock: Ticker
) -> None:
    refused(closed(clock, "https://shop.invalid", auth=_Login(f"{served.base_url}/login")))
    assert counters.requests == []


def test_through_a_proxy_an_address_is_judged_as_it_is_written(
    served: Served, counters: Counters, clock: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy itself may be anywhere; what a name resolves to is known to the proxy alone."""
    monkeypatch.setenv("HTTP_PROXY", served.base_url)
    assert "169.254.169.254" in str(refused(closed(clock, "http://169.254.169.254")))
    assert counters.requests == []
    sender = closed(clock, "http://shop.invalid")
    assert sender.send(GET).status == 200
    sender.close()
    assert counters.requests[0].host == "shop.invalid"
