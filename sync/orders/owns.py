"""A channel's own deductions for orders we know, against the base of its stock counter (R3).

``units`` is what the channel holds off its stock for a line now, ``absorbed`` how many of them are in the counter's
base already. The rest is what the next look at the channel must find to be explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sync import drops
from sync.part import Part
from sync.store.database import among, chunks
from sync.store.orders import OwnSale
from sync.store.tables import table

_OWN = table(OwnSale)
_OWN_OF = select(_OWN).where(_OWN.c.order_id == bindparam("order"))


@dataclass(frozen=True, slots=True)
class Deduction:
    """Units of a line that the channel holds off one of its figures; ``parts`` are what one unit takes."""

    line_id: str
    item_id: int
    slot: str
    units: int
    parts: tuple[Part, ...] = ()


def store(
    connection: Connection,
    order_id: int,
    channel: str,
    deductions: Sequence[Deduction],
    placed_at: str,
    as_of: str,
    *,
    counted: bool = False,
    parts: Mapping[str, tuple[Part, ...]] = MappingProxyType({}),
) -> set[int]:
    """Take over what an order says of its channel's deductions; tells the items it touches.

    Units that were already seen to have left the channel, before the order was known, explain that fall (R3); so do
    units that it gives back, with what was seen to have come back. ``parts`` are what one unit of each line takes.
    ``counted`` is for orders that were there before the counter was: their units are in its base from the start.
    """
    old = {(row.line_id, row.item_id, row.slot): row for row in connection.execute(_OWN_OF, {"order": order_id})}
    new = {(one.line_id, one.item_id, one.slot): one for one in deductions}
    touched: set[int] = set()
    for key in sorted(old.keys() | new.keys()):
        before, units = old[key].units if key in old else 0, new[key].units if key in new else 0
        if before == units:
            continue
        line, item, slot = key
        touched.add(item)
        claimed = 0
        if units > before and new[key].parts and not counted:
            claimed = drops.claim(connection, channel, new[key].parts, slot, units - before, placed_at)
        elif key in old and units < before:
            back = max(0, min(before, old[key].absorbed) - units)
            # Of a line that is no more nothing is known but its item.
            takes = parts.get(line) or (Part(item, 1),)
            claimed = -drops.claim_back(connection, channel, takes, slot, back, old[key].as_of)
        if key in old:
            connection.execute(
                update(_OWN)
                .where(_OWN.c.order_id == order_id, _OWN.c.line_id == line, _OWN.c.item_id == item, _OWN.c.slot == slot)
                .values(units=units, absorbed=_OWN.c.absorbed + claimed, as_of=as_of)
            )
        else:
            row = {"order_id": order_id, "line_id": line, "item_id": item, "slot": slot, "connection": channel}
            absorbed = units if counted else claimed
            connection.execute(insert(_OWN).values(**row, units=units, absorbed=absorbed, as_of=as_of))
    return touched


@dataclass(frozen=True, slots=True)
class Pending:
    """Units of own orders that a counter's base does not have.

    ``sure`` are those that an observation must show; of orders that may be newer than it, ``taken`` are units taken
    off and ``given`` units given back. ``until`` tells them apart: what was read before it is sure.
    """

    sure: int = 0
    taken: int = 0
    given: int = 0
    until: str = ""

    @property
    def all(self) -> int:
        """All of them, less what was given back."""
        return self.sure + self.taken - self.given


Waiting = Mapping[tuple[int, str], Sequence[tuple[str, int]]]
"""By item and slot: when each deduction was read, and its units that the base does not have."""


def load(connection: Connection, channel: str, items: Iterable[int]) -> dict[tuple[int, str], list[tuple[str, int]]]:
    """What the counters of these items on a channel have not absorbed yet."""
    found: dict[tuple[int, str], list[tuple[str, int]]] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(_OWN.c.item_id, _OWN.c.slot, _OWN.c.as_of, _OWN.c.units, _OWN.c.absorbed).where(
                _OWN.c.connection == channel, _OWN.c.units != _OWN.c.absorbed, among(connection, _OWN.c.item_id, part)
            )
        )
        for row in rows:
            found.setdefault((row.item_id, row.slot), []).append((row.as_of, row.units - row.absorbed))
    return found


def any_over(connection: Connection, channel: str, item: int, slot: str, since: str) -> bool:
    """Whether an order was read since then of which a counter's base has just what it takes, or nothing any more."""
    here = (_OWN.c.connection == channel, _OWN.c.item_id == item, _OWN.c.slot == slot, _OWN.c.units == _OWN.c.absorbed)
    return connection.execute(select(_OWN.c.order_id).where(*here, _OWN.c.as_of >= since)).first() is not None


def due(connection: Connection, channel: str, after: str, before: str) -> list[int]:
    """Items whose counter lacks units of orders that were read between two times: whoever looks later must see them."""
    open_here = (_OWN.c.connection == channel, _OWN.c.units != _OWN.c.absorbed)
    rows = connection.execute(
        select(_OWN.c.item_id).distinct().where(*open_here, _OWN.c.as_of >= after, _OWN.c.as_of < before)
    )
    return sorted(rows.scalars())


def pending(waiting: Sequence[tuple[str, int]], observed_at: str) -> Pending:
    """Split what waits by whether an observation of that time must show it."""
    later = [units for as_of, units in waiting if as_of >= observed_at]
    return Pending(
        sure=sum(units for as_of, units in waiting if as_of < observed_at),
        taken=sum(units for units in later if units > 0),
        given=-sum(units for units in later if units < 0),
        until=observed_at,
    )


def absorb_all(connection: Connection, channel: str, item: int, slot: str, until: str = "") -> int:
    """A written figure is the new base: it has every unit that was read until then, or at all; tells how many."""
    here = [_OWN.c.connection == channel, _OWN.c.item_id == item, _OWN.c.slot == slot, _OWN.c.units != _OWN.c.absorbed]
    if until:
        here.append(_OWN.c.as_of <= until)
    moved = connection.execute(select(func.sum(_OWN.c.units - _OWN.c.absorbed)).where(*here)).scalar()
    if moved is None:
        return 0
    connection.execute(update(_OWN).where(*here).values(absorbed=_OWN.c.units))
    return int(moved)


def absorb(connection: Connection, channel: str, item: int, slot: str, units: int, until: str) -> None:
    """Move exactly so many units into the base: all that were sure to be seen, and of the others those that fit."""
    here = (_OWN.c.connection == channel, _OWN.c.item_id == item, _OWN.c.slot == slot)
    rows = connection.execute(
        select(_OWN).where(*here, _OWN.c.units != _OWN.c.absorbed).order_by(_OWN.c.as_of, _OWN.c.order_id)
    ).all()
    rest = units - sum(row.units - row.absorbed for row in rows if row.as_of < until)
    for row in rows:
        waits = row.units - row.absorbed
        share = waits
        if row.as_of >= until:
            share = max(0, min(waits, rest)) if rest > 0 else min(0, max(waits, rest))
            rest -= share
        if share:
            connection.execute(
                update(_OWN)
                .where(*here, _OWN.c.order_id == row.order_id, _OWN.c.line_id == row.line_id)
                .values(absorbed=row.absorbed + share)
            )
