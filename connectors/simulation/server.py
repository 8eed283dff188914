"""A simulator over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import uvicorn

from connectors.simulation.faults import NoAnswer
from connectors.simulation.messages import SimRequest
from connectors.simulation.simulator import Simulator

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_POLL_SECONDS = 0.005
_NEVER_SENT = b"1000"


@dataclass(frozen=True, slots=True)
class Served:
    """Where a simulator can be reached."""

    base_url: str
    port: int


def app(simulator: Simulator) -> App:
    """The ASGI application of a simulator; a request without an answer ends its connection."""

    async def run(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            return
        request = _incoming(scope, body)
        try:
            answer = await asyncio.to_thread(simulator.handle, request)
        except NoAnswer:
            await _cut(send)
            return
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return run


@contextmanager
def serve(simulator: Simulator, port: int = 0) -> Iterator[Served]:
    """Serve a simulator on 127.0.0.1 while the context lasts; port 0 takes a free one."""
    listener = socket.create_server((_HOST, port))
    # asyncio sets it only on sockets whose protocol is named; without it small answers wait 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    port = int(listener.getsockname()[1])
    config = uvicorn.Config(
        app(simulator),
        log_config=None,
        access_log=False,
        log_level=logging.WARNING,
        lifespan="off",
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    _hide_cut_answers()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name=f"simulator-{simulator.name}", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield Served(f"http://{_HOST}:{port}", port)
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the simulator's server did not start")
        thread.join(_POLL_SECONDS)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when the client left before it was sent, so that nothing half-received takes effect."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _incoming(scope: Message, body: bytes) -> SimRequest:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return SimRequest(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True)),
        headers=headers,
        body=body,
        scheme=scope["scheme"],
        host=headers.get("host", _HOST),
    )


async def _cut(send: Send) -> None:
    """Promise a body and send none: the server then ends the connection, and the client sees a broken answer."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", _NEVER_SENT)]})


class _CutAnswers(logging.Filter):
    """Leaves out the server's complaint about answers that were cut on purpose."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "without completing response" not in record.getMessage()


_CUT_ANSWERS = _CutAnswers()


def _hide_cut_answers() -> None:
    logging.getLogger("uvicorn.error").addFilter(_CUT_ANSWERS)
