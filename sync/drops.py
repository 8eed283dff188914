"""Units that left a channel and are not yet known to be in the owner's figure: no raise until they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from canonical.clock import instant_text, parse_instant
from canonical.slot import parse_slot
from sync.part import Part
from sync.store import tables
from sync.store.database import among, chunks

_DROP = tables.table(tables.Drop)
_LATELY = timedelta(days=7)
_BACK = "back"
"""The cause of units that came back to a channel: they are no drop, and never open."""


@dataclass(frozen=True, slots=True)
class Left:
    """Units that left a channel: of which item and pool, where, and why.

    ``awaits_order`` where the channel's orders flowed when they left: the owner books those only when it is asked to,
    so that no fall of its figures explains the units before their order was read.
    """

    channel: str
    item_id: int
    pool: str
    slot: str
    cause: str
    units: int
    awaits_order: bool = False


def record(connection: Connection, left: Left, open_units: int, now: str) -> None:
    """Note units that left a channel, and how many of them the owner has not booked."""
    connection.execute(
        insert(_DROP).values(
            connection=left.channel,
            item_id=left.item_id,
            pool=left.pool,
            slot=left.slot,
            cause=left.cause,
            awaits_order=left.awaits_order,
            units=left.units,
            open_units=open_units,
            claimed=0,
            booked_units=0,
            booked_from=None,
            seen_at=now,
            closed_at="" if open_units else now,
        )
    )


def came_back(connection: Connection, came: Left, now: str) -> None:
    """Note units that came back to a channel: the order that gave them back may be read later."""
    if came.units:
        record(connection, replace(came, cause=_BACK), 0, now)


def claim_back(connection: Connection, channel: str, parts: Sequence[Part], slot: str, units: int, since: str) -> int:
    """An order explains units that were seen to come back after its last reading; tells how many, each once."""
    return _claim(
        connection,
        parts,
        units,
        {part.item_id: _back(connection, channel, part.item_id, slot, since) for part in parts},
    )


def _back(connection: Connection, channel: str, item_id: int, slot: str, since: str) -> list[Row[Any]]:
    here = (_DROP.c.connection == channel, _DROP.c.item_id == item_id, _DROP.c.slot == slot, _DROP.c.cause == _BACK)
    query = select(_DROP).where(*here, _DROP.c.claimed < _DROP.c.units, _DROP.c.seen_at >= since)
    return list(connection.execute(query.order_by(_DROP.c.id)))


def open_units(connection: Connection, items: Iterable[int]) -> dict[int, dict[str, int]]:
    """Open units by item and location, over all channels; the key is empty where a channel has one figure."""
    found: dict[int, dict[str, int]] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(_DROP.c.item_id, _DROP.c.slot, _DROP.c.open_units).where(
                among(connection, _DROP.c.item_id, part), _DROP.c.open_units > 0
            )
        )
        for row in rows:
            places = found.setdefault(row.item_id, {})
            location = parse_slot(row.slot).scope
            places[location] = places.get(location, 0) + row.open_units
    return found


def awaiting(connection: Connection, channel: str, items: Iterable[int]) -> dict[tuple[int, str], int]:
    """Open units by item and slot of one channel that an order may yet explain."""
    found: dict[tuple[int, str], int] = {}
    for part in chunks(sorted(set(items))):
        here = (_DROP.c.connection == channel, among(connection, _DROP.c.item_id, part))
        rows = select(_DROP.c.item_id, _DROP.c.slot, _DROP.c.open_units)
        for row in connection.execute(rows.where(*here, _DROP.c.open_units > 0, _DROP.c.awaits_order)):
            found[row.item_id, row.slot] = found.get((row.item_id, row.slot), 0) + row.open_units
    return found


def open_of(connection: Connection, item_id: int) -> list[Row[Any]]:
    """The drops of an item that are still open, oldest first."""
    here = (_DROP.c.item_id == item_id, _DROP.c.open_units > 0)
    return list(connection.execute(select(_DROP).where(*here).order_by(_DROP.c.id)))


def account(connection: Connection, item_id: int, pool: str, units: int, as_of: str, before: int | None = None) -> int:
    """Take units that the owner has booked off the pool's drops seen before its figure was read, oldest first.

    Drops that wait for their order are left alone. ``before`` is what the owner had in the whole pool until then. Tells
    how many units were left over.
    """
    rows = connection.execute(
        select(_DROP.c.id, _DROP.c.open_units, _DROP.c.booked_units)
        .where(_DROP.c.item_id == item_id, _DROP.c.pool == pool, _DROP.c.open_units > 0, _DROP.c.seen_at <= as_of)
        .where(_DROP.c.awaits_order.is_(False))
        .order_by(_DROP.c.id)
    ).all()
    rest = units
    for row in rows:
        taken = min(rest, row.open_units)
        rest -= taken
        _reduce(connection, row.id, row.open_units - taken, as_of)
        if taken:
            booked = {"booked_units": row.booked_units + taken, "booked_from": before}
            connection.execute(update(_DROP).where(_DROP.c.id == row.id).values(**booked))
        if not rest:
            break
    return rest


def reopen(connection: Connection, item_id: int, pool: str, total: int, since: str) -> list[str]:
    """The owner's figure is back at what it was before a fall: that fall was no booking, and its drops are open again.

    Tells when those falls were read.
    """
    rows = connection.execute(
        select(_DROP).where(
            _DROP.c.item_id == item_id,
            _DROP.c.pool == pool,
            _DROP.c.booked_from == total,
            _DROP.c.booked_units > 0,
            _DROP.c.closed_at >= since,
        )
    ).all()
    for row in rows:
        units = min(row.booked_units, row.units - row.claimed)
        values = {"open_units": row.open_units + units, "booked_units": 0, "closed_at": ""}
        connection.execute(update(_DROP).where(_DROP.c.id == row.id).values(**values))
    return sorted({row.closed_at for row in rows})


def claim(connection: Connection, channel: str, parts: Sequence[Part], slot: str, units: int, placed_at: str) -> int:
    """An order explains units that were seen to leave its channel before it was known; tells how many.

    ``parts`` are what selling one unit takes. Each unit is claimed once, booked by the owner or not: the order has a
    reservation of its own, which ends by itself.
    """
    rows = {part.item_id: _unclaimed(connection, channel, part.item_id, slot, placed_at) for part in parts}
    return _claim(connection, parts, units, rows)


def _claim(connection: Connection, parts: Sequence[Part], units: int, rows: Mapping[int, Sequence[Row[Any]]]) -> int:
    possible = min(sum(int(r.units - r.claimed) for r in rows[part.item_id]) // part.units for part in parts)
    count = min(units, possible)
    for part in parts:
        rest = count * part.units
        for row in rows[part.item_id]:
            taken = min(rest, row.units - row.claimed)
            rest -= taken
            still_open = max(0, row.open_units - taken)
            closed_at = row.closed_at or ("" if still_open else row.seen_at)
            values = {"claimed": row.claimed + taken, "open_units": still_open, "closed_at": closed_at}
            connection.execute(update(_DROP).where(_DROP.c.id == row.id).values(**values))
    return count


def _unclaimed(connection: Connection, channel: str, item_id: int, slot: str, placed_at: str) -> list[Row[Any]]:
    return list(
        connection.execute(
            select(_DROP)
            .where(
                _DROP.c.connection == channel,
                _DROP.c.item_id == item_id,
                _DROP.c.slot == slot,
                _DROP.c.cause != _BACK,
                _DROP.c.claimed < _DROP.c.units,
                _DROP.c.seen_at >= placed_at,
            )
            .order_by(_DROP.c.id)
        )
    )


def restore(connection: Connection, channel: str, item_id: int, units: int, now: str) -> int:
    """A cancellation on the channel gives units back: the newest drops there are smaller by as much; tells by how many.

    Not while a drop there was booked lately: the canceled order may be that one, and then the open one still stands.
    What a known order claimed is out of the question: a known order's cancellation is read from the order.
    """
    here = (_DROP.c.item_id == item_id, _DROP.c.connection == channel)
    lately = instant_text(parse_instant(now) - _LATELY)
    booked = (_DROP.c.closed_at >= lately, _DROP.c.claimed < _DROP.c.units, _DROP.c.cause != _BACK)
    if connection.execute(select(_DROP.c.id).where(*here, *booked)).first() is not None:
        return 0
    rows = connection.execute(
        select(_DROP.c.id, _DROP.c.open_units, _DROP.c.claimed)
        .where(*here, _DROP.c.open_units > 0)
        .order_by(_DROP.c.id.desc())
    ).all()
    rest = units
    for row in rows:
        taken = min(rest, row.open_units)
        rest -= taken
        _reduce(connection, row.id, row.open_units - taken, now)
        # Units that left and came back explain each other, and no order any more.
        connection.execute(update(_DROP).where(_DROP.c.id == row.id).values(claimed=row.claimed + taken))
    return units - rest


def _reduce(connection: Connection, drop_id: int, open_now: int, now: str) -> None:
    connection.execute(
        update(_DROP).where(_DROP.c.id == drop_id).values(open_units=open_now, closed_at=now if open_now == 0 else "")
    )


def close_one(connection: Connection, drop_id: int, now: str) -> None:
    """Close one drop: the owner's figure holds its units."""
    _reduce(connection, drop_id, 0, now)


def listing(connection: Connection) -> list[Row[Any]]:
    """Every drop that is still open, oldest first."""
    return list(connection.execute(select(_DROP).where(_DROP.c.open_units > 0).order_by(_DROP.c.id)))
