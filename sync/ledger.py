"""Falls of the owner's figures against units that left channels: each unit is matched once, whichever is seen first."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from canonical.clock import instant_text, parse_instant
from sync import drops
from sync.drops import Left
from sync.store import tables

_FALL = tables.table(tables.Fall)
_KEPT = timedelta(days=7)


def booked(connection: Connection, item_id: int, pool: str, units: int, as_of: str) -> None:
    """The owner's figures of a pool fell: close what waited for it, keep the rest for sales that are seen later."""
    rest = drops.account(connection, item_id, pool, units, as_of)
    outdated = instant_text(parse_instant(as_of) - _KEPT)
    connection.execute(delete(_FALL).where(_FALL.c.item_id == item_id, _FALL.c.as_of < outdated))
    if rest:
        connection.execute(insert(_FALL).values(item_id=item_id, pool=pool, units=rest, open_units=rest, as_of=as_of))


def left(connection: Connection, units: Left, since: str, now: str) -> None:
    """Units left a channel that was last seen unmoved at ``since``: falls read after that may be their booking."""
    rows = connection.execute(
        select(_FALL.c.id, _FALL.c.open_units)
        .where(
            _FALL.c.item_id == units.item_id,
            _FALL.c.pool == units.pool,
            _FALL.c.open_units > 0,
            _FALL.c.as_of > since,
        )
        .order_by(_FALL.c.id)
    ).all()
    rest = units.units
    for row in rows:
        taken = min(rest, row.open_units)
        rest -= taken
        connection.execute(update(_FALL).where(_FALL.c.id == row.id).values(open_units=row.open_units - taken))
    drops.record(connection, units, rest, now)
