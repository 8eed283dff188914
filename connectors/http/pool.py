"""The pooled HTTP client of one connection, opened on first use and kept open."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping
from functools import cache

import httpx

from canonical.errors import FatalError
from connectors.http.destinations import Watch
from connectors.http.records import Outgoing

MAX_CONNECTIONS = 8
_KEEP_ALIVE_SECONDS = 15.0
_CONNECT_SECONDS = 10.0
_THIS_MACHINE = ("all://127.0.0.1", "all://localhost", "all://[::1]")
"""Never asked through the proxy that the environment names."""


class Pool:
    """At most eight kept-alive connections; credentials and headers go to the connection's own host only."""

    def __init__(
        self,
        base_url: str,
        *,
        connection: str,
        auth: httpx.Auth | None,
        headers: Mapping[str, str],
        timeout: float,
        transport: httpx.BaseTransport | None,
        verify: bool,
        allow_private_network: bool,
    ) -> None:
        self._connection = connection
        self._base = _url(base_url if base_url.endswith("/") else base_url + "/")
        self._auth = auth
        self._headers = {"accept": "application/json", "user-agent": "crossdock", **_lower(headers)}
        self._timeout = timeout
        self._transport = transport
        self._verify = verify
        self._allow_private_network = allow_private_network
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        # With more threads than connections httpx closes sockets that another thread reads from; so threads queue here.
        self._slots = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def url_of(self, outgoing: Outgoing) -> httpx.URL:
        """The absolute URL of a request: its own, or its path under the base URL."""
        if "://" in outgoing.url.split("?", 1)[0]:
            return _url(outgoing.url)
        try:
            return self._base.join(outgoing.url.lstrip("/"))
        except httpx.InvalidURL as error:
            raise FatalError(f"{outgoing.label}: not a URL path: {error}") from error

    def is_foreign(self, url: httpx.URL) -> bool:
        """Whether a URL is on another host than the connection's, or would carry its credentials in the clear."""
        unsafe = self._base.scheme == "https" and url.scheme != "https"
        return unsafe or (url.host, url.port) != (self._base.host, self._base.port)

    def send(self, outgoing: Outgoing, url: httpx.URL) -> httpx.Response:
        """Send one request without following redirects, and read its whole answer."""
        self._take_slot(outgoing)
        try:
            return self._send(outgoing, url, stream=False)
        finally:
            self._slots.release()

    def open_stream(self, outgoing: Outgoing, url: httpx.URL) -> httpx.Response:
        """Send one request and leave its answer to be read; it must be given to ``close_stream``."""
        self._take_slot(outgoing)
        response: httpx.Response | None = None
        try:
            response = self._send(outgoing, url, stream=True)
        finally:
            if response is None:
                self._slots.release()
        return response

    def close_stream(self, response: httpx.Response) -> None:
        """Give back what a stream held."""
        try:
            response.close()
        finally:
            self._slots.release()

    def _take_slot(self, outgoing: Outgoing) -> None:
        if not self._slots.acquire(timeout=outgoing.timeout or self._timeout):
            raise httpx.PoolTimeout(f"all {MAX_CONNECTIONS} connections are busy")

    def _send(self, outgoing: Outgoing, url: httpx.URL, *, stream: bool) -> httpx.Response:
        foreign = self.is_foreign(url)
        headers = {**({} if foreign else self._headers), **_lower(outgoing.headers)}
        client = self._open()
        timeout = _timeout(outgoing.timeout or self._timeout)
        try:
            request = client.build_request(
                outgoing.method, url, content=outgoing.content or None, headers=headers, timeout=timeout
            )
        except UnicodeEncodeError:
            raise FatalError(
                f"{outgoing.label}: a header holds a character that HTTP cannot carry",
                hint="check the keys and headers of this connection",
            ) from None
        return client.send(request, auth=None if foreign else self._auth, stream=stream, follow_redirects=False)

    def close(self) -> None:
        """Close the client, if it was opened."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _watch(self, request: httpx.Request) -> None:
        """Every request is watched, those that authentication sends too; what the platform names is not in-house."""
        in_house = self._allow_private_network and not self.is_foreign(request.url)
        request.extensions["trace"] = Watch(self._connection, request.url, in_house=in_house)

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                quiet_loggers()
                self._client = httpx.Client(
                    transport=self._transport,
                    verify=_trust(verify=self._verify),
                    mounts=dict.fromkeys(_THIS_MACHINE),
                    event_hooks={"request": [self._watch]},
                    limits=httpx.Limits(
                        max_connections=MAX_CONNECTIONS,
                        max_keepalive_connections=MAX_CONNECTIONS,
                        keepalive_expiry=_KEEP_ALIVE_SECONDS,
                    ),
                )
            return self._client


def quiet_loggers() -> None:
    """Keep the HTTP library's own log, which shows whole URLs with their keys, below what anyone prints."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


@cache
def _trust(*, verify: bool) -> ssl.SSLContext:
    """The trusted certificates, loaded once for all connections."""
    return httpx.create_ssl_context(verify=verify)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))


def _url(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise FatalError(f"not a URL: {error}", hint="check the URL of this connection") from error
