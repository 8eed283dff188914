"""A receiver on a port of this machine, and platforms that post to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import uvicorn

from crossdock.webhooks.receiver import Receiver

SECRET = "a secret for hooks"
_PATIENCE = 10.0


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    """Serve a receiver while the context lasts; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        receiver.app, log_config=None, access_log=False, log_level=logging.WARNING, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        listener.close()


def order_message(number: int, *, secret: str = SECRET, note: str = "") -> tuple[bytes, dict[str, str]]:
    """A message of a WooCommerce shop that an order was updated."""
    body = msgspec.json.encode({"id": number, "status": "processing", "note": note})
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Delivery-ID": "the same for all",
    }
    return body, headers
