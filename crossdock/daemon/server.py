"""The HTTP server around an application, on a socket of its own, until the process is asked to stop."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import socket

import uvicorn
from starlette.applications import Starlette

from canonical.errors import ConfigError, Problem
from crossdock.daemon.patience import Patient

GRACE_SECONDS = 4
_BACKLOG = 2048
_AT_ONCE = 32
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Listener(socket.socket):
    """A socket whose queue stays long: asyncio makes it as long as what it takes at once, before it counts them."""

    def listen(self, _backlog: int = 0, /) -> None:
        super().listen(_BACKLOG)


def listen(host: str, port: int, named: str = "webhooks.host or webhooks.port") -> socket.socket:
    """A socket that listens; ConfigError when the address cannot be had, with where it was ``named``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError([_refused(host, port, error, named)]) from error
    # asyncio sets it only on sockets whose protocol is named; without it small answers wait 40 ms for an ACK.
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Listener(fileno=found.detach())


def _refused(host: str, port: int, error: OSError, named: str) -> Problem:
    if error.errno == errno.EADDRINUSE:
        # Another port would only begin a second one of what is most likely running already.
        message = f"another process listens on {host}:{port}, maybe another `crossdock serve`"
        return Problem(message, hint="one is enough: leave it to work, or stop it first")
    return Problem(f"cannot listen on {host}:{port}: {error.strerror or error}", hint=f"change {named}")


class Server:
    """Runs in the main thread; SIGTERM and SIGINT end it: what was begun is answered, nothing new is taken."""

    def __init__(self, app: Starlette, listener: socket.socket) -> None:
        self._listener = listener
        config = uvicorn.Config(
            app,
            http=Patient,
            backlog=_AT_ONCE,
            log_config=None,
            access_log=False,
            log_level=logging.WARNING,
            lifespan="on",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        # What was made until now stays: looking through all of it again and again made answers wait.
        gc.collect()
        gc.freeze()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._server.should_exit

    def stop(self) -> None:
        """Ask it to stop."""
        self._server.should_exit = True

    def run(self) -> bool:
        """Serve until asked to stop; whether it was a signal that asked."""
        asked: list[int] = []

        def ask(number: int, _frame: object) -> None:
            asked.append(number)
            self.stop()

        # The server raises the signal that ended it once more, when it has set back what was there before.
        before = {one: signal.signal(one, ask) for one in _SIGNALS}
        try:
            self._server.run(sockets=[self._listener])
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
        return bool(asked)
