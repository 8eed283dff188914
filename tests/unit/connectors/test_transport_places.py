"""Where requests go: redirects, other hosts, credentials, secure connections."""

from __future__ import annotations

import ssl

import httpx
import pytest
from pytest_httpx import HTTPXMock

from canonical.errors import AmbiguousError, AuthenticationError, FatalError, ProtocolError, RetriableError
from connectors.http import Outgoing
from connectors.simulation import Ticker
from tests.support.web import READ, WRITE, Site, ok, transport

BASIC = httpx.BasicAuth("key-1234", "secret-5678")


def moved(target: str, status: int = 301) -> httpx.Response:
    return httpx.Response(status, headers={"location": target})


@pytest.mark.parametrize("target", ["https://shop.test/api/v2/things", "/api/v2/things", "v2/things"])
def test_a_read_follows_a_redirect_within_its_host(target: str, clock: Ticker) -> None:
    site = Site(moved(target), ok([1]))
    assert transport(site, clock).send(READ).json() == [1]
    assert str(site.asked[1].url) == "https://shop.test/api/v2/things"


@pytest.mark.parametrize("target", ["https://other.test/api/things", "http://shop.test/api/things"])
def test_a_read_is_not_sent_to_another_host_or_over_an_open_line(target: str, clock: Ticker) -> None:
    site = Site(moved(target), ok())
    with pytest.raises(ProtocolError, match=f"redirects to {target}") as caught:
        transport(site, clock).send(READ)
    assert "set that URL" in caught.value.hint
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_follows_no_redirect(status: int, clock: Ticker) -> None:
    site = Site(moved("https://shop.test/api/v2/things?signature=abcdef", status), ok())
    with pytest.raises(ProtocolError) as caught:
        transport(site, clock).send(WRITE)
    assert caught.value.args[0].endswith("redirects to https://shop.test/api/v2/things")
    assert len(site.asked) == 1


def test_a_redirect_in_a_circle_ends(clock: Ticker) -> None:
    site = Site(moved("/api/things"))
    with pytest.raises(ProtocolError, match="redirected 5 times"):
        transport(site, clock).send(READ)
    assert len(site.asked) == 5


def test_credentials_and_headers_go_to_the_own_host(httpx_mock: HTTPXMock, clock: Ticker) -> None:
    httpx_mock.add_response(
        url="https://shop.test/api/things",
        match_headers={
            "Authorization": "Basic a2V5LTEyMzQ6c2VjcmV0LTU2Nzg=",
            "x-proxy-key": "let-me-in",
            "accept": "application/json",
            "user-agent": "crossdock",
        },
        json={"seen": True},
    )
    sender = transport(None, clock, auth=BASIC, headers={"X-Proxy-Key": "let-me-in"})
    assert sender.send(READ).json() == {"seen": True}
    sender.close()


@pytest.mark.parametrize("url", ["https://files.test/a.jsonl?X-Goog-Signature=ab", "http://shop.test/api/things"])
def test_neither_credentials_nor_headers_go_anywhere_else(httpx_mock: HTTPXMock, url: str, clock: Ticker) -> None:
    httpx_mock.add_response(url=url, text="{}")
    sender = transport(None, clock, auth=BASIC, headers={"X-Proxy-Key": "let-me-in"})
    sender.send(Outgoing("GET", url))
    request = httpx_mock.get_requests()[0]
    assert "authorization" not in request.headers
    assert "x-proxy-key" not in request.headers
    sender.close()


def test_a_request_can_override_the_connections_headers(httpx_mock: HTTPXMock, clock: Ticker) -> None:
    httpx_mock.add_response(match_headers={"accept": "text/csv"}, json={})
    sender = transport(None, clock)
    sender.send(Outgoing("GET", "things", headers={"Accept": "text/csv"}))
    sender.close()


def test_an_untrusted_certificate_is_final_and_says_what_to_check(clock: Ticker) -> None:
    fault = httpx.ConnectError("failed")
    fault.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    site = Site(fault)
    with pytest.raises(FatalError, match=r"no secure connection to shop\.test:443") as caught:
        transport(site, clock).send(READ)
    assert "certificate" in caught.value.hint
    assert len(site.asked) == 1


def test_a_handshake_that_was_cut_off_is_tried_again(clock: Ticker) -> None:
    fault = httpx.ConnectError("failed")
    fault.__cause__ = ssl.SSLEOFError(8, "unexpected end")
    assert transport(Site(fault, ok()), clock).send(WRITE).status == 200


class TokenAuth(httpx.Auth):
    """Fetches a token from its own address before the first request."""

    requires_response_body = True

    def auth_flow(self, request: httpx.Request):  # type: ignore[no-untyped-def]
        answer = yield httpx.Request("POST", "https://shop.test/oauth/token")
        if answer.status_code != 200:
            raise AuthenticationError("no token")
        request.headers["x-token"] = answer.json()["token"]
        yield request


def test_a_lost_answer_to_the_token_request_leaves_the_write_unsent(clock: Ticker) -> None:
    def site(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(RetriableError) as caught:
        transport(Site(site), clock, auth=TokenAuth()).send(WRITE)
    assert not isinstance(caught.value, AmbiguousError)


def test_a_lost_answer_to_the_write_itself_is_ambiguous_whatever_came_before(clock: Ticker) -> None:
    def site(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return ok({"token": "t"})
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(AmbiguousError):
        transport(Site(site), clock, auth=TokenAuth()).send(WRITE)


def test_an_error_of_authentication_passes_through(clock: Ticker) -> None:
    with pytest.raises(AuthenticationError, match="no token"):
        transport(Site(ok(status=400)), clock, auth=TokenAuth()).send(WRITE)


def test_lines_are_streamed_from_another_host_without_credentials(httpx_mock: HTTPXMock, clock: Ticker) -> None:
    httpx_mock.add_response(url="https://files.test/a", stream=_chunks(b'{"a":1}\n{"b"', b":2}\r\n\n", b'{"c":3}'))
    sender = transport(None, clock, auth=BASIC)
    lines = list(sender.stream_lines(Outgoing("GET", "https://files.test/a")))
    assert lines == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    assert "authorization" not in httpx_mock.get_requests()[0].headers
    sender.close()


def test_a_download_is_opened_again_after_trouble_and_refused_when_it_is_gone(clock: Ticker) -> None:
    site = Site(ok(status=503), httpx.Response(200, content=b"1\n2\n"))
    assert list(transport(site, clock).stream_lines(Outgoing("GET", "file"))) == [b"1", b"2"]
    with pytest.raises(ProtocolError, match="404"):
        list(transport(Site(ok(status=404)), clock).stream_lines(Outgoing("GET", "file")))


def test_a_download_that_breaks_off_raises_after_the_lines_that_came(clock: Ticker) -> None:
    class Broken(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield b"1\n2\n3"
            raise httpx.RemoteProtocolError("peer closed connection")

    site = Site(lambda request: httpx.Response(200, stream=Broken()))
    lines = transport(site, clock).stream_lines(Outgoing("GET", "file", operation="download"))
    assert [next(lines), next(lines)] == [b"1", b"2"]
    with pytest.raises(RetriableError, match=r"^shop: .*asked for download, was lost: peer closed"):
        next(lines)


def test_only_downloads_by_get_can_be_streamed(clock: Ticker) -> None:
    with pytest.raises(FatalError, match="only GET"):
        list(transport(Site(ok()), clock, read_only=True).stream_lines(WRITE))


def _chunks(*parts: bytes) -> httpx.SyncByteStream:
    class Stream(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield from parts

    return Stream()
