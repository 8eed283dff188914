"""What goes out through the transport, and the record kept of each exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to send; ``url`` is absolute or joined to the base URL, ``cost`` is in the budget's unit."""

    method: str
    url: str
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    operation: str = ""
    cost: float = 1.0
    timeout: float | None = None

    @property
    def label(self) -> str:
        """The word for logs and errors: the operation, or the method."""
        return self.operation or self.method


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What the request log keeps of one exchange: no bodies, no secrets; ``cost`` as the budget was asked for it.

    ``path`` has ``{id}`` where it names a record, and is empty at another host than the connection's own.
    """

    connection: str
    operation: str
    write: bool
    status: int
    elapsed: float
    attempt: int
    error: str = ""
    cost: float = 0.0
    method: str = ""
    host: str = ""
    path: str = ""
