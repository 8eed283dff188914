"""Time as an argument: the core never asks the system."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where time comes from; a test hands in its own."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; a text without a zone is taken as UTC. ValueError when it is not one."""
    instant = datetime.fromisoformat(text)
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"an instant beyond all calendars: {text!r}") from error


def instant_text(instant: datetime) -> str:
    """Write an instant so that texts sort as times do: UTC, microseconds, Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
