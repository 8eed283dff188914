"""Prepared messages of a shop, posted over some connections as fast as they are answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

_ANSWER = b"\r\n\r\nok"


@dataclass(frozen=True)
class Load:
    """What one run of messages came to, in seconds: all of it, and each answer."""

    seconds: float
    times: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds


def woo_message(topic: str, number: int, note: str, secret: str, *, size: int = 1_000) -> bytes:
    """A message about one record as it goes over the wire, with a body of so many bytes or a few more."""
    content = {"id": number, "status": "processing", "note": note}
    body = msgspec.json.encode({**content, "filling": "x" * (size - len(msgspec.json.encode(content)))})
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    head = (
        "POST /webhooks/shop HTTP/1.1\r\nHost: hub.example.com\r\nUser-Agent: WooCommerce/11.0.1 Hookshot\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-WC-Webhook-Topic: {topic}\r\n"
        f"X-WC-Webhook-ID: 1\r\nX-WC-Webhook-Delivery-ID: {number:032x}\r\nX-WC-Webhook-Signature: {digest}\r\n\r\n"
    )
    return head.encode() + body


class _Line:
    """A connection with one request under way, sent at ``at``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self.at = 0.0

    def send(self, request: bytes, selector: selectors.BaseSelector) -> None:
        """Send a request, and have the selector wait for its answer."""
        if self._socket not in selector.get_map():
            selector.register(self._socket, selectors.EVENT_READ, self)
        self._got, self.at = b"", time.perf_counter()
        self._socket.sendall(request)

    def answered(self) -> bool:
        """Take in what came; whether that is the whole answer."""
        came = self._socket.recv(65_536)
        self._got += came
        assert came, self._got
        assert b" 200 " in self._got[:20], self._got
        return self._got.endswith(_ANSWER)

    def close(self, selector: selectors.BaseSelector) -> None:
        """Hang up."""
        if self._socket in selector.get_map():
            selector.unregister(self._socket)
        self._socket.close()


def post(port: int, requests: Iterable[bytes], connections: int) -> Load:
    """Post them all, each connection its next when it was answered; AssertionError for any answer but 200."""
    times: list[float] = []
    left = iter(requests)
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            _next(_Line(port), left, selector)
        while selector.get_map():
            for key, _ in selector.select():
                line: _Line = key.data
                if line.answered():
                    times.append(time.perf_counter() - line.at)
                    _next(line, left, selector)
    return Load(time.perf_counter() - begun, times)


def _next(line: _Line, left: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    request = next(left, None)
    if request is None:
        line.close(selector)
    else:
        line.send(request, selector)
