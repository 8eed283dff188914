"""Own orders whose units a whole read of their channel must have shown: what is unchanged is looked at again (R3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from canonical.clock import instant_text, parse_instant
from mappings.compiled import CompiledMapping
from sync.cursors import CursorState
from sync.hub import Hub
from sync.marks import mark
from sync.orders import owns
from sync.updates import marks_for


def mark_overdue(
    hub: Hub, connection: Connection, name: str, mappings: Iterable[CompiledMapping], before: CursorState, read_at: str
) -> None:
    """A read of a whole channel moved on to ``read_at``: mark the items whose figure must contain more orders by now.

    A record that shows the same bytes as before is no change, but it is news of an order that was read since the look
    before: the figure contains it, or somebody raised it. Each order becomes due once.
    """
    if name not in hub.config.orders or read_at <= before.read_at:
        return
    lag = timedelta(seconds=hub.config.connections[name].manifest.read_after_write_seconds)
    items = owns.due(connection, name, _earlier(before.read_at, lag), _earlier(read_at, lag))
    for entity in {mapping.entity for mapping in mappings} if items else ():
        mark(connection, marks_for(hub.config, connection, name, entity, items, {}), hub.stamp())


def _earlier(instant: str, lag: timedelta) -> str:
    return instant_text(parse_instant(instant) - lag) if instant else ""
