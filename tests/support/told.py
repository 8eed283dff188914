"""Whoever is told of alerts, on this machine: an HTTP server that keeps what is posted, and a mail server."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hook:
    """A server that takes posts; ``statuses`` are its next answers, 200 when there is none."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@contextmanager
def hook() -> Iterator[Hook]:
    """Serve one while the context lasts."""
    found = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.posts.append(Post(self.path, {key.lower(): one for key, one in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    with _running(server):
        yield found


@dataclass
class MailServer:
    """A mail server: who logged in over what, and the mails; ``refuses`` is a code it answers to every sender."""

    port: int = 0
    logins: list[tuple[bool, str]] = field(default_factory=list)
    mails: list[tuple[list[str], str]] = field(default_factory=list)
    refuses: int = 0


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Serve one while the context lasts; with a TLS context it offers STARTTLS."""
    found = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            session = _Session(self, found, context)
            try:
                session.run()
            finally:
                session.close()

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    with _running(server):
        yield found


class _Session:
    """One client of the mail server."""

    def __init__(
        self, handler: socketserver.StreamRequestHandler, server: MailServer, context: ssl.SSLContext | None
    ) -> None:
        self._stream: Any = handler.connection
        self._read: Any = handler.rfile
        self._server = server
        self._context = context
        self._safe = False
        self._to: list[str] = []

    def run(self) -> None:
        self._say("220 here")
        while line := self._line():
            word = line.split()[0].upper().decode() if line.split() else ""
            if word == "QUIT":
                self._say("221 bye")
                return
            self._answer(word, line.decode().strip())

    def _line(self) -> bytes:
        try:
            return bytes(self._read.readline())
        except OSError:
            # The client went away in the middle of a handshake.
            return b""

    def close(self) -> None:
        self._read.close()
        self._stream.close()

    def _answer(self, word: str, line: str) -> None:
        if word == "EHLO":
            offers = ["250-here", *(["250-STARTTLS"] if self._context and not self._safe else []), "250 AUTH PLAIN"]
            self._say("\r\n".join(offers))
        elif word == "STARTTLS" and self._context is not None:
            self._say("220 go on")
            with suppress(OSError):
                self._stream = self._context.wrap_socket(self._stream, server_side=True)
                self._read, self._safe = self._stream.makefile("rb"), True
        elif word == "AUTH":
            self._server.logins.append((self._safe, base64.b64decode(line.split()[2]).decode()))
            self._say("235 welcome")
        elif word == "RCPT":
            self._to.append(line.partition("<")[2].partition(">")[0])
            self._say("250 ok")
        elif word == "DATA":
            self._say("354 go on")
            lines = iter(self._read.readline, b".\r\n")
            self._server.mails.append((self._to, b"".join(lines).decode()))
            self._say("250 taken")
        elif word == "MAIL" and self._server.refuses:
            self._say(f"{self._server.refuses} no")
        else:
            self._say("250 ok")

    def _say(self, text: str) -> None:
        self._stream.sendall(text.encode() + b"\r\n")


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
