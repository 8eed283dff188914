"""What a message says: what happened and what to do, for each alert it carries."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row

from sync.alerts.log import OPENED

_NAMED = 20


class Notice(msgspec.Struct, frozen=True):
    """One alert that was opened or is over (``event``)."""

    id: int
    event: str
    kind: str
    subject: str
    detail: str
    todo: str
    opened_at: str
    closed_at: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """Several notices told at once; the ``id`` is the same when the same are told again."""

    notices: Sequence[Notice]

    @property
    def id(self) -> str:
        """What a receiver knows a message by that comes twice."""
        said = ";".join(f"{one.id} {one.event} {one.opened_at}" for one in self.notices)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def title(self) -> str:
        """One line: how many of which kind, and how many are over."""
        begun = Counter(one.kind for one in self.notices if one.event == OPENED)
        over = len(self.notices) - sum(begun.values())
        parts = [kind if count == 1 else f"{count} x {kind}" for kind, count in begun.items()]
        parts += [f"{over} over"] if over else []
        return f"Crossdock: {', '.join(parts)}"

    @property
    def text(self) -> str:
        """The first twenty in full, then how many more there are."""
        lines = [line for one in self.notices[:_NAMED] for line in _lines(one)]
        more = len(self.notices) - _NAMED
        if more > 0:
            lines.append(f"and {more} more: crossdock alerts list")
        return "\n".join(lines)

    def body(self) -> bytes:
        """The message as JSON."""
        return msgspec.json.encode({"id": self.id, "title": self.title, "alerts": list(self.notices)})


def _lines(one: Notice) -> list[str]:
    said = f"{one.subject}: {one.detail}"
    if one.event == OPENED:
        return [f"[{one.kind}] {said}", f"  what to do: {one.todo}"]
    return [f"[over] {one.kind}: {said}"]


def message_of(rows: Sequence[Row[Any]]) -> Message:
    """The message about rows of the log."""
    return Message(
        [
            Notice(row.id, row.event, row.kind, row.subject, row.detail, row.todo, row.opened_at, row.closed_at)
            for row in rows
        ]
    )
