"""A bulk operation and what became of it."""

from __future__ import annotations

from datetime import datetime

from connectors.shopify.simulator.records import Record

FINISHED = frozenset({"COMPLETED", "FAILED", "CANCELED", "EXPIRED"})


class BulkOperation(Record):
    """One operation; ``result`` is the JSONL text, ``partial`` what a failed one had written."""

    __slots__ = (
        "completed_at",
        "error_code",
        "kind",
        "object_count",
        "partial",
        "polls",
        "query",
        "result",
        "root_count",
        "status",
        "token",
    )
    TYPENAME = "BulkOperation"

    def __init__(self, number: int, at: datetime, kind: str, query: str, token: str) -> None:
        super().__init__(number, at)
        self.kind = kind
        self.query = query
        self.token = token
        self.status = "CREATED"
        self.error_code: str | None = None
        self.completed_at: datetime | None = None
        self.result: bytes = b""
        self.partial: bytes = b""
        self.object_count = 0
        self.root_count = 0
        self.polls = 0
