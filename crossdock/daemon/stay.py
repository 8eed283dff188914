"""Staying until asked to stop, for a process that serves nothing: the same calls as the HTTP server's."""

from __future__ import annotations

import signal
import threading

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stay:
    """Stays in the main thread; SIGTERM and SIGINT end it."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked.is_set()

    def stop(self) -> None:
        """Ask it to stop."""
        self._asked.set()

    def run(self) -> bool:
        """Stay until asked to stop; whether it was a signal that asked."""
        signals: list[int] = []

        def asked(number: int, _frame: object) -> None:
            signals.append(number)
            self._asked.set()

        before = {one: signal.signal(one, asked) for one in _SIGNALS}
        try:
            self._asked.wait()
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
        return bool(signals)
