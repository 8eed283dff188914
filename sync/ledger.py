"""Falls of the owner's figures against units that left channels: each unit is matched once, whichever is seen first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from canonical.clock import instant_text, parse_instant
from sync import drops
from sync.drops import Left
from sync.store import tables
from sync.store.database import among, chunks

_FALL = tables.table(tables.Fall)
_KEPT = timedelta(days=7)
_GLITCH = timedelta(days=2)


class Booking(NamedTuple):
    """The owner's figures of an item fell by so many units over a pool, from what they were before."""

    item_id: int
    pool: str
    units: int
    as_of: str
    before: int | None = None


class Return(NamedTuple):
    """The owner's figures of an item rose over a pool, to what they are now."""

    item_id: int
    pool: str
    total: int
    as_of: str


def booked(connection: Connection, bookings: Sequence[Booking]) -> None:
    """The owner's figures fell: close what waited for it, keep the rest for sales that are seen later."""
    if not bookings:
        return
    waiting = drops.open_units(connection, (one.item_id for one in bookings))
    expected = _expected(connection, (one.item_id for one in bookings))
    kept = []
    for item_id, pool, fallen, as_of, before in bookings:
        units = fallen - _met(connection, expected.get((item_id, pool), []), fallen)
        rest = drops.account(connection, item_id, pool, units, as_of, before) if item_id in waiting else units
        if rest:
            kept.append({"item_id": item_id, "pool": pool, "units": rest, "open_units": rest, "as_of": as_of})
    connection.execute(
        delete(_FALL).where(_FALL.c.item_id == bindparam("i"), _FALL.c.as_of < bindparam("t")),
        [{"i": one.item_id, "t": instant_text(parse_instant(one.as_of) - _KEPT)} for one in bookings],
    )
    if kept:
        connection.execute(insert(_FALL), kept)


def returned(connection: Connection, returns: Sequence[Return]) -> None:
    """The owner's figures rose: where one is back at what it was before a fall of lately, that fall booked nothing.

    A feed that was broken for a while, or goods in transit, look like this; so does a delivery of exactly as many units
    as were sold, and then too little is listed until a person says that the sale is booked.
    """
    for one in returns:
        since = instant_text(parse_instant(one.as_of) - _GLITCH)
        for fell_at in drops.reopen(connection, one.item_id, one.pool, one.total, since):
            same = (_FALL.c.item_id == one.item_id, _FALL.c.pool == one.pool, _FALL.c.as_of == fell_at)
            connection.execute(update(_FALL).where(*same, _FALL.c.open_units > 0).values(open_units=0))


def expect(connection: Connection, item_id: int, pool: str, units: int, now: str) -> None:
    """The owner booked units of orders that we know: as many of its figure's fall are theirs, and explain no drop.

    The fall may have been read before or may come later.
    """
    kept = connection.execute(
        select(_FALL)
        .where(_FALL.c.item_id == item_id, _FALL.c.pool == pool, _FALL.c.open_units > 0)
        .order_by(_FALL.c.id)
    ).all()
    rest = units
    for row in kept:
        taken = min(rest, row.open_units)
        rest -= taken
        connection.execute(update(_FALL).where(_FALL.c.id == row.id).values(open_units=row.open_units - taken))
    if rest:
        expected = {"item_id": item_id, "pool": pool, "units": -rest, "open_units": -rest, "as_of": now}
        connection.execute(insert(_FALL).values(**expected))


def _expected(connection: Connection, items: Iterable[int]) -> dict[tuple[int, str], list[Row[Any]]]:
    found: dict[tuple[int, str], list[Row[Any]]] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(_FALL).where(among(connection, _FALL.c.item_id, part), _FALL.c.open_units < 0).order_by(_FALL.c.id)
        )
        for row in rows:
            found.setdefault((row.item_id, row.pool), []).append(row)
    return found


def _met(connection: Connection, expected: Sequence[Row[Any]], fallen: int) -> int:
    """Units of a fall that were expected; each expectation is met once."""
    rest = fallen
    for row in expected:
        taken = min(rest, -row.open_units)
        rest -= taken
        connection.execute(update(_FALL).where(_FALL.c.id == row.id).values(open_units=row.open_units + taken))
    return fallen - rest


def left(connection: Connection, units: Left, since: str, now: str) -> None:
    """Units left a channel that was last seen unmoved at ``since``: falls read after that may be their booking.

    Not where their order is still to be read: somebody corrected the owner's figure then, and the sale comes on top.
    """
    if units.awaits_order:
        drops.record(connection, units, units.units, now)
        return
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
