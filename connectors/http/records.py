"""What passes through the transport: requests, answers, and the record kept of each exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to send; ``url`` is absolute or joined to the base URL, ``cost`` is in the budget's unit."""

    method: str
    url: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    operation: str = ""
    cost: float = 1.0
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What the request log keeps of one exchange: no bodies, no secrets."""

    connection: str
    operation: str
    write: bool
    status: int
    elapsed: float
    attempt: int
    error: str = ""
