"""Reservations: units promised to orders that a stock figure does not contain yet (R1).

A row is open until the owner of its figure booked the event that the figure's basis names, and the figure was read
later than that. Which rows an order needs is decided elsewhere; here they are kept, counted and let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from canonical.clock import instant_text, parse_instant
from sync.store.database import among, chunks
from sync.store.orders import Reservation
from sync.store.tables import table

_HELD = table(Reservation)
_HELD_OF = select(_HELD).where(_HELD.c.order_id == bindparam("order"))
_BOOKED = _HELD_OF.where(_HELD.c.booked_at != "")
OPEN, CLOSED = "open", "closed"
KEPT = timedelta(days=90)
"""How long a reservation that is over is kept, counted from when its owner booked it."""
_Key: TypeAlias = tuple[str, int, str, str, str]
"""Line, item, place, when it was booked, and the place the channel committed it at."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Units of one stock item held for one line at one place; an empty place is anywhere in the pool.

    ``deducted`` of them are off the channel's own stock already (R5), at ``committed`` if that is another place (R6).
    """

    line_id: str
    item_id: int
    location: str
    units: int
    deducted: int = 0
    booked_at: str = ""
    committed: str = ""


def replace(connection: Connection, order_id: int, channel: str, holds: Sequence[Hold], now: str) -> set[int]:
    """Make these an order's reservations; tells the items whose reserved units changed.

    What was let go and forgotten is not made anew.
    """
    forgotten = _forgotten_before(now)
    old = {_key(row): row for row in connection.execute(_HELD_OF, {"order": order_id}).all()}
    new: dict[_Key, tuple[int, int]] = {}
    for hold in holds:
        key = (hold.line_id, hold.item_id, hold.location, hold.booked_at, hold.committed)
        units, deducted = new.get(key, (0, 0))
        new[key] = (units + hold.units, deducted + hold.deducted)
    kept = {key[:4] for key in old}
    new = {
        key: values
        for key, values in new.items()
        if values[0] > 0 and (not key[3] or key[3] >= forgotten or key[:4] in kept)
    }
    changed = {key for key in old.keys() & new.keys() if (old[key].units, old[key].deducted) != new[key]}
    for key in old.keys() - new.keys():
        connection.execute(delete(_HELD).where(_HELD.c.order_id == order_id, *_is(key)))
    for key in changed:
        units, deducted = new[key]
        connection.execute(
            update(_HELD).where(_HELD.c.order_id == order_id, *_is(key)).values(units=units, deducted=deducted)
        )
    # Where the channel keeps units says nothing of whether the owner's figure contains them.
    over = {key[:4] for key, row in old.items() if row.state == CLOSED}
    rows = [
        {**_row(order_id, channel, key, new[key], now), "state": CLOSED if key[:4] in over else OPEN}
        for key in sorted(new.keys() - old.keys())
    ]
    if rows:
        connection.execute(insert(_HELD), rows)
    return {key[1] for key in (old.keys() ^ new.keys()) | changed}


def _key(row: Row[Any]) -> _Key:
    return (row.line_id, row.item_id, row.location, row.booked_at, row.committed)


def _is(key: _Key) -> tuple[Any, ...]:
    line, item, location, booked, committed = key
    return (
        _HELD.c.line_id == line,
        _HELD.c.item_id == item,
        _HELD.c.location == location,
        _HELD.c.booked_at == booked,
        _HELD.c.committed == committed,
    )


def _row(order_id: int, channel: str, key: _Key, values: tuple[int, int], now: str) -> dict[str, Any]:
    line, item, location, booked, committed = key
    return {
        "order_id": order_id,
        "line_id": line,
        "item_id": item,
        "location": location,
        "booked_at": booked,
        "committed": committed,
        "channel": channel,
        "units": values[0],
        "deducted": values[1],
        "since": now,
    }


@dataclass(frozen=True, slots=True)
class Held:
    """One stored reservation; one that is ``over`` is in its figure, and says but where its channel keeps the units."""

    order_id: int
    line_id: str
    item_id: int
    location: str
    units: int
    deducted: int
    channel: str
    booked_at: str
    since: str
    committed: str = ""
    over: bool = False

    def promised_on(self, channel: str) -> int:
        """Units to take off what a channel lists: its own platform holds back what it has not deducted itself (R5)."""
        return self.deducted if channel == self.channel else self.units

    def place_on(self, channel: str) -> str:
        """Where a channel's figures miss these units: its own assignment stands until it says otherwise (R6)."""
        return self.committed if channel == self.channel and self.committed else self.location

    def moved_on(self, channel: str) -> bool:
        """Whether a channel keeps these units at another place than the one that is known to ship them."""
        return channel == self.channel and bool(self.committed and self.location)

    def counts_against(self, figures: Mapping[str, str], settle: timedelta) -> bool:
        """Whether figures, location to when they were read, do not provably contain these units yet."""
        if self.over or not self.booked_at:
            return not self.over
        read = [figures[self.location]] if self.location in figures else list(figures.values())
        if not read:
            return True
        return min(read) <= instant_text(parse_instant(self.booked_at) + settle)


def booked(connection: Connection, order_id: int) -> dict[int, int]:
    """Units of an order that the owners of their figures have booked, by item, contained in a figure or not."""
    found: dict[int, int] = {}
    rows = connection.execute(_BOOKED, {"order": order_id})
    for row in rows:
        found[row.item_id] = found.get(row.item_id, 0) + row.units
    return found


def load(connection: Connection, items: Iterable[int]) -> dict[int, list[Held]]:
    """The reservations of stock items that are not known to be over, or that their channel keeps at another place."""
    found: dict[int, list[Held]] = {}
    for part in chunks(sorted(set(items))):
        counts = or_(_HELD.c.state == OPEN, _HELD.c.committed != "")
        rows = connection.execute(select(_HELD).where(counts, among(connection, _HELD.c.item_id, part)))
        for row in rows:
            found.setdefault(row.item_id, []).append(_held(row))
    return found


def _held(row: Row[Any]) -> Held:
    return Held(
        order_id=row.order_id,
        line_id=row.line_id,
        item_id=row.item_id,
        location=row.location,
        units=row.units,
        deducted=row.deducted,
        channel=row.channel,
        booked_at=row.booked_at,
        since=row.since,
        committed=row.committed,
        over=row.state == CLOSED,
    )


def close(connection: Connection, over: Iterable[Held]) -> None:
    """Let go of reservations that their figure contains."""
    for one in over:
        key = (one.line_id, one.item_id, one.location, one.booked_at, one.committed)
        connection.execute(update(_HELD).where(_HELD.c.order_id == one.order_id, *_is(key)).values(state=CLOSED))


def forget(connection: Connection, now: str) -> int:
    """Delete what was let go long ago and is at no other place on its channel; tells how many rows."""
    over = (_HELD.c.state == CLOSED, _HELD.c.committed == "", _HELD.c.booked_at < _forgotten_before(now))
    return int(connection.execute(delete(_HELD).where(*over)).rowcount)


def _forgotten_before(now: str) -> str:
    return instant_text(parse_instant(now) - KEPT)


def latest(connection: Connection, item: int, limit: int) -> list[Held]:
    """The newest reservations of a stock item, over or not."""
    query = select(_HELD).where(_HELD.c.item_id == item).order_by(_HELD.c.since.desc(), _HELD.c.order_id.desc())
    return [_held(row) for row in connection.execute(query.limit(limit))]


def of_order(connection: Connection, order_id: int, *, over: bool = False) -> list[Held]:
    """An order's open reservations, or also those that are over."""
    states = (OPEN, CLOSED) if over else (OPEN,)
    rows = connection.execute(select(_HELD).where(_HELD.c.order_id == order_id, _HELD.c.state.in_(states)))
    return [_held(row) for row in rows]


def listing(connection: Connection, *, booked: bool = False) -> list[Held]:
    """Every reservation that is open, oldest first; or only those that the owner of their figure has booked."""
    query = select(_HELD).where(_HELD.c.state == OPEN)
    query = query.where(_HELD.c.booked_at != "") if booked else query
    rows = connection.execute(query.order_by(_HELD.c.since, _HELD.c.order_id))
    return [_held(row) for row in rows]
