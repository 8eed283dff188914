"""A platform that only keeps a record of who called it when, and the verdict on that record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Call(NamedTuple):
    """One call: what was worked on, by which handling, and the moments, counted in events, of its begin and end."""

    key: str
    ref: str
    session: str
    begun: int
    ended: int


@dataclass
class Judge:
    """``during`` is called while a call is under way; what is in ``broken`` is answered with an error."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    during: Callable[[str, str], None] = lambda _key, _ref: None
    broken: set[str] = field(default_factory=set)
    _moment: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, key: str, ref: str, session: str) -> int:
        """Note a call and let it take its time; the status of the answer."""
        begun = self._now()
        self.during(key, ref)
        with self._guard:
            self._moment += 1
            self.calls.append(Call(key, ref, session, begun, self._moment))
        return 500 if ref in self.broken else 200

    def refs(self, key: str) -> list[str]:
        """What was worked on for a key, in order."""
        return [call.ref for call in self.calls if call.key == key]

    def sessions(self, key: str) -> list[str]:
        """The handlings of a key, in the order in which they first called."""
        return list(dict.fromkeys(call.session for call in self.calls if call.key == key))

    def two_at_once(self, key: str) -> list[tuple[Call, Call]]:
        """Pairs of calls of two handlings of a key: one began before the last of the other had ended."""
        spans: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.key == key:
                spans.setdefault(call.session, []).append(call)
        ordered = sorted(spans.values(), key=lambda calls: calls[0].begun)
        return [
            (first[-1], second[0])
            for at, first in enumerate(ordered)
            for second in ordered[at + 1 :]
            if second[0].begun < first[-1].ended
        ]

    def _now(self) -> int:
        with self._guard:
            self._moment += 1
            return self._moment


@contextmanager
def judging() -> Iterator[Judge]:
    """A judge that listens on a port of its own."""
    judge = Judge()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            key, ref, session = self.path.strip("/").split("/")
            self.send_response(judge.answer(key, ref, session))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    judge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
