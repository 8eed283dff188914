"""Connections of whoever says nothing: let go after a while, and never so many that the hub cannot work beside them."""

from __future__ import annotations

import asyncio
import resource

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS = 15.0
_SHARE, _FEWEST, _MOST = 2, 8, 4096


def most_connections() -> int:
    """How many may be open: every one is a file of this process, whose database and platforms need some as well."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(_FEWEST, min(_MOST, soft // _SHARE))


class Patient(H11Protocol):
    """HTTP/1.1 that waits for the head of a request only so long; how long a body may take, the application says."""

    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or more of one that was answered already."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        at_work: RequestResponseCycle | None = self.cycle  # none before the first request, whatever its type says
        if at_work is not None and not at_work.response_complete:
            self._stop()
        elif self._waits is None:
            self._waits = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
