"""Canonical slots: what their owners say, with who said it and as of when (R14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from canonical.value import Value
from sync import ledger
from sync.ledger import Booking, Return
from sync.store import body, tables
from sync.store.database import among, chunks, upsert

_FACT = tables.table(tables.Fact)


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One canonical slot: its value, the connection that said it, and when it was read."""

    value: Value
    owner: str
    as_of: str


_DECODER = msgspec.json.Decoder(dict[str, Said])


@dataclass(frozen=True, slots=True)
class FactChange:
    """What a read of the owner says of one item's entity; ``gone`` are slots it no longer says anything of."""

    item_id: int
    entity: str
    owner: str
    as_of: str
    values: Mapping[str, Value]
    gone: frozenset[str] = frozenset()
    pools: tuple[tuple[str, tuple[str, ...]], ...] = ()


def load(connection: Connection, items: Iterable[int]) -> dict[tuple[int, str], dict[str, Said]]:
    """The canonical slots of items, by item and entity."""
    found: dict[tuple[int, str], dict[str, Said]] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(select(_FACT).where(among(connection, _FACT.c.item_id, part)))
        found.update({(row.item_id, row.entity): _DECODER.decode(row.body) for row in rows.all()})
    return found


def store(connection: Connection, changes: Sequence[FactChange]) -> dict[int, set[tuple[str, str]]]:
    """Accept what owners say; tells which (entity, slot) of which item really changed."""
    before = load(connection, (change.item_id for change in changes))
    moved: dict[int, set[tuple[str, str]]] = {}
    rows: dict[tuple[int, str], dict[str, Said]] = {}
    bookings: list[Booking | Return] = []
    for change in changes:
        key = (change.item_id, change.entity)
        old = rows.get(key, before.get(key, {}))
        new = _merged(old, change)
        slots = {(change.entity, slot) for slot in old.keys() | new.keys() if _differs(old.get(slot), new.get(slot))}
        if slots:
            moved.setdefault(change.item_id, set()).update(slots)
        if new != old:
            rows[key] = new
            bookings += _bookings(change, old, new)
    ledger.booked(connection, [one for one in bookings if isinstance(one, Booking)])
    ledger.returned(connection, [one for one in bookings if isinstance(one, Return)])
    upsert(
        connection,
        _FACT,
        [{"item_id": item, "entity": entity, "body": body.encode(said)} for (item, entity), said in rows.items()],
    )
    return moved


def _merged(old: Mapping[str, Said], change: FactChange) -> dict[str, Said]:
    kept = {slot: said for slot, said in old.items() if slot not in change.gone or said.owner != change.owner}
    return kept | {slot: Said(value, change.owner, change.as_of) for slot, value in change.values.items()}


def _differs(old: Said | None, new: Said | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.value != new.value or old.owner != new.owner


def _bookings(change: FactChange, old: Mapping[str, Said], new: Mapping[str, Said]) -> Iterator[Booking | Return]:
    """A fall of the owner's figures over a whole pool is what it has booked; moves between its locations are not."""
    if change.entity != "inventory":
        return
    for pool, locations in change.pools:
        slots = [f"stock[{location}]" for location in locations]
        fallen = sum(_fall(old.get(slot), new.get(slot)) for slot in slots)
        if fallen > 0:
            yield Booking(change.item_id, pool, fallen, change.as_of, _total(old, slots))
        elif fallen < 0:
            yield Return(change.item_id, pool, _total(new, slots), change.as_of)


def _total(said: Mapping[str, Said], slots: Sequence[str]) -> int:
    """What the owner has in a whole pool."""
    values = [said[slot].value for slot in slots if slot in said]
    return sum(value for value in values if isinstance(value, int))


def _fall(old: Said | None, new: Said | None) -> int:
    """Units by which one figure fell; figures of two owners do not compare."""
    if old is None or new is None or old.owner != new.owner:
        return 0
    if not isinstance(old.value, int) or not isinstance(new.value, int):
        return 0
    return old.value - new.value
