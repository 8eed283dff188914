"""How the part that syncs fares: whether it looked once or stands by, and how often in a row it failed."""

from __future__ import annotations

from canonical.errors import BusyError


class Pulse:
    """Written by the thread that syncs and read by those who ask how it is."""

    def __init__(self) -> None:
        self.looked = False
        self.stands_by = False
        self.failures = 0
        self.last_error = ""

    def worked(self) -> None:
        """A sync came to its end."""
        self.looked = True
        self.failures = 0

    def failed(self, error: Exception) -> None:
        """A sync ended early; that somebody else was at work is no failure."""
        if not isinstance(error, BusyError):
            self.failures += 1
            self.last_error = str(error)
