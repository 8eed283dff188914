"""The shadow: what each external record was last seen to hold; old observations are not news (R9)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from canonical.slot import Slot, parse_slot
from canonical.value import Value
from mappings.model import Mapped
from sync.store import body, tables
from sync.store.database import among, chunks

SHADOW = tables.table(tables.Shadow)
UNMARKED = bytes(16)
"""The first half of a digest, where the stored content is not just what some bytes say."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that differs from what was known: the slots that moved, and its link if it has one."""

    mapped: Mapped
    item_id: int | None
    moved: frozenset[str]
    is_new: bool
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing some records found: which shadow rows were seen, what changed, how many were too old."""

    seen: list[int]
    changed: list[Changed]
    outdated: int


def store(
    connection: Connection,
    name: str,
    entity: str,
    records: Sequence[Mapped],
    as_of: str,
    *,
    proven: str = "",
    lagging: str = "",
    touch: bool = False,
    sighted: Sighted | None = None,
) -> Stored:
    """Store records of one entity read at ``as_of``; unchanged ones cost no write, unless they are to be touched.

    ``sighted`` are records of the same read whose bytes were told apart before they were mapped.
    ``proven`` is the start of a later read that returned everything: what was read before it is no news either (R9).
    A slot written after ``lagging`` that still shows the value we overwrote is the platform's late copy, no news.
    ``touch`` notes that unchanged records were looked at, which a raise may be waiting for (R2).
    """
    by_id = {record.external_id: record for record in records}
    sighted = sighted or Sighted({}, {}, None)
    known = _known(connection, name, entity, [one for one in by_id if sighted.may_know(one)])
    seen, changed, inserts, updates, looked, remarked, outdated = [], [], [], [], [], [], 0
    for row_id, seen_at in ((row.id, row.as_of) for row in sighted.unchanged.values()):
        seen.append(row_id)
        if as_of < seen_at or as_of < proven:
            outdated += 1
        elif touch:
            looked.append({"row_id": row_id, "as_of": as_of})
    for external_id, record in by_id.items():
        row = known.get(external_id)
        if row is not None:
            seen.append(row.id)
            if as_of < max(row.as_of, proven):
                outdated += 1
                continue
        mark = sighted.marks.get(external_id, UNMARKED)
        columns = _columns(record, mark)
        if row is not None and row.writes and lagging and not _same_content(row, columns):
            adjusted = _without_late_copies(row, record, lagging)
            record, columns = adjusted, _columns(adjusted, mark if adjusted is record else UNMARKED)
        if row is None:
            inserts.append({**columns, "connection": name, "entity": entity, "as_of": as_of, "gone_since": ""})
            changed.append(Changed(record, None, frozenset(record.slots), is_new=True))
        elif not _same_content(row, columns) or row.gone_since:
            updates.append({**columns, "row_id": row.id, "as_of": as_of, "gone_since": ""})
            back = bool(row.gone_since)
            changed.append(Changed(record, row.item_id, _moved(row, record), is_new=False, returned=back))
        else:
            remarked.append({"row_id": row.id, "digest": columns["digest"]})
            looked += [{"row_id": row.id, "as_of": as_of}] if touch else []
    _write(connection, inserts, updates)
    _write(connection, [], looked)
    _write(connection, [], [one for one in remarked if sighted.marks])
    return Stored(seen, changed, outdated)


@dataclass(frozen=True, slots=True)
class Sighted:
    """Records of a page told apart by their bytes: what is unchanged, and the marks of the rest by external id.

    ``known`` are the ids that have a shadow row; None where that was not looked up.
    """

    unchanged: Mapping[str, Row[Any]]
    marks: Mapping[str, bytes]
    known: Container[str] | None

    def may_know(self, external_id: str) -> bool:
        """Whether there may be a shadow row of an id."""
        return self.known is None or external_id in self.known


def spot(connection: Connection, name: str, entity: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """The shadow rows of external ids, by id, with no more than telling unchanged records apart needs."""
    found: dict[str, Row[Any]] = {}
    columns = (SHADOW.c.id, SHADOW.c.external_id, SHADOW.c.as_of, SHADOW.c.digest, SHADOW.c.gone_since)
    for part in chunks(ids):
        query = select(*columns).where(
            SHADOW.c.connection == name, SHADOW.c.entity == entity, among(connection, SHADOW.c.external_id, part)
        )
        found.update({row[1]: row for row in connection.execute(query).all()})
    return found


def _known(connection: Connection, name: str, entity: str, ids: list[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    columns = (SHADOW.c.id, SHADOW.c.external_id, SHADOW.c.as_of, SHADOW.c.digest, SHADOW.c.gone_since)
    for part in chunks(ids):
        rows = connection.execute(
            select(*columns, SHADOW.c.item_id, SHADOW.c.observed, SHADOW.c.writes).where(
                SHADOW.c.connection == name, SHADOW.c.entity == entity, among(connection, SHADOW.c.external_id, part)
            )
        )
        found.update({row.external_id: row for row in rows})
    return found


def _same_content(row: Row[Any], columns: Mapping[str, Any]) -> bool:
    """Whether the mapped content is the stored one, however its bytes were written."""
    return bool(row.digest[len(UNMARKED) :] == columns["digest"][len(UNMARKED) :])


def _columns(record: Mapped, mark: bytes) -> dict[str, Any]:
    observed = body.encode(record.slots)
    scopes = body.encode(record.scopes)
    keys = (record.kind, record.parent_id, record.sku, record.gtin, record.version)
    issues = [(issue.slot, issue.reason, issue.detail) for issue in record.issues]
    return {
        "external_id": record.external_id,
        "kind": record.kind,
        "parent_id": record.parent_id,
        "sku": record.sku,
        "gtin": record.gtin,
        "version": record.version,
        "observed": observed,
        "scopes": scopes,
        "digest": mark + body.digest(observed, scopes, body.encode((keys, issues))),
    }


def _without_late_copies(row: Row[Any], record: Mapped, lagging: str) -> Mapped:
    written = body.decode_slots(row.writes)
    known = body.decode_slots(row.observed)
    late = {
        name: known[name]
        for slot, one in written.items()
        if isinstance(one, list) and slot in known and slot in record.slots
        if one[2] > lagging and len(one) > 3 and record.slots[slot] == one[3] and not _sold(slot, known, record)
        for name in _beside(slot)
        if name in known and name in record.slots
    }
    return replace(record, slots={**record.slots, **late}) if late else record


def _beside(slot: str) -> tuple[str, ...]:
    """What an old copy shows as it was together with a slot."""
    place = parse_slot(slot)
    if place.field != "stock":
        return (slot,)
    return (slot, str(Slot("committed", place.scope)), str(Slot("on_hand", place.scope)))


def _sold(slot: str, known: Mapping[str, Value], record: Mapped) -> bool:
    """Whether commitments grew beside a stock figure: then it is a sale down to the old value, not the old value."""
    place = parse_slot(slot)
    committed = str(Slot("committed", place.scope))
    then, now = known.get(committed), record.slots.get(committed)
    return place.field == "stock" and isinstance(then, int) and isinstance(now, int) and now > then


def _moved(row: Row[Any], record: Mapped) -> frozenset[str]:
    old = body.decode_slots(row.observed)
    return frozenset(
        slot for slot in old.keys() | record.slots.keys() if old.get(slot, ...) != record.slots.get(slot, ...)
    )


def _write(connection: Connection, inserts: list[dict[str, Any]], updates: list[dict[str, Any]]) -> None:
    if inserts:
        connection.execute(insert(SHADOW), inserts)
    if updates:
        values: dict[str, Any] = {key: bindparam(key) for key in updates[0] if key != "row_id"}
        connection.execute(update(SHADOW).where(SHADOW.c.id == bindparam("row_id")).values(**values), updates)


@dataclass(frozen=True, slots=True)
class ShadowView:
    """One linked record on a target, decoded for the planner."""

    id: int
    connection: str
    entity: str
    external_id: str
    kind: str
    parent_id: str
    item_id: int
    version: str
    as_of: str
    gone: bool
    observed: Mapping[str, Value]
    scopes: Mapping[str, Value]
    sent: Mapping[str, Value]
    got: Mapping[str, Value]
    writes: Mapping[str, Value]

    def written_since(self, instant: str) -> bool:
        """Whether we wrote a figure of it then or later: a write dates the whole record, and is no look at the rest."""
        return any(isinstance(one, list) and str(one[2]) >= instant for one in self.writes.values())


def views(connection: Connection, name: str, entity: str, items: Iterable[int]) -> dict[int, ShadowView]:
    """The linked records of items on a connection, by item."""
    found: dict[int, ShadowView] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(SHADOW).where(
                SHADOW.c.connection == name, SHADOW.c.entity == entity, among(connection, SHADOW.c.item_id, part)
            )
        )
        found.update({row.item_id: _view(row) for row in rows.all()})
    return found


def _view(row: Row[Any]) -> ShadowView:
    return ShadowView(
        id=row.id,
        connection=row.connection,
        entity=row.entity,
        external_id=row.external_id,
        kind=row.kind,
        parent_id=row.parent_id,
        item_id=row.item_id,
        version=row.version,
        as_of=row.as_of,
        gone=bool(row.gone_since),
        observed=body.decode_slots(row.observed),
        scopes=body.decode_slots(row.scopes),
        sent=body.decode_slots(row.sent),
        got=body.decode_slots(row.got),
        writes=body.decode_slots(row.writes),
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """New sent and got values of some slots of one shadow row; ``observed`` where a write told us what is there.

    ``forget`` names slots whose ``sent`` no longer counts, so that the owner's value is written again.
    """

    shadow_id: int
    sent: Mapping[str, Value]
    got: Mapping[str, Value]
    observed: Mapping[str, Value] | None = None
    writes: Mapping[str, Value] | None = None
    as_of: str = ""
    forget: frozenset[str] = frozenset()


def settle(connection: Connection, changes: Sequence[Settled]) -> None:
    """Move sent, got (and observed after a write) of shadow rows; changes of one row are merged in order."""
    for part in chunks(changes):
        ids = sorted({change.shadow_id for change in part})
        rows = {
            row.id: row for row in connection.execute(select(SHADOW).where(among(connection, SHADOW.c.id, ids))).all()
        }
        state = {key: _mutable(row) for key, row in rows.items()}
        for change in part:
            if change.shadow_id in state:
                _apply(state[change.shadow_id], change)
        updates = [
            {
                "row_id": key,
                "sent": body.encode(one["sent"]) if one["sent"] else None,
                "got": body.encode(one["got"]),
                "writes": body.encode(one["writes"]),
                "observed": body.encode(one["observed"]),
                "as_of": one["as_of"],
                "digest": one["digest"],
            }
            for key, one in state.items()
        ]
        _write(connection, [], updates)


def _mutable(row: Row[Any]) -> dict[str, Any]:
    return {
        "sent": body.decode_slots(row.sent),
        "got": body.decode_slots(row.got),
        "writes": body.decode_slots(row.writes),
        "observed": body.decode_slots(row.observed),
        "as_of": row.as_of,
        "digest": row.digest,
    }


def _apply(state: dict[str, Any], change: Settled) -> None:
    state["sent"].update(change.sent)
    for slot in change.forget:
        state["sent"].pop(slot, None)
    state["got"].update(change.got)
    if change.writes is not None:
        state["writes"].update(change.writes)
    if change.observed is not None:
        state["observed"].update(change.observed)
        state["as_of"] = max(state["as_of"], change.as_of)
        # The stored bytes are no longer those of a read: the next read must be compared in full.
        state["digest"] = b"written"


def unlink(connection: Connection, name: str, entity: str, external_id: str) -> None:
    """End the link of one external record."""
    connection.execute(
        update(SHADOW)
        .where(SHADOW.c.connection == name, SHADOW.c.entity == entity, SHADOW.c.external_id == external_id)
        .values(item_id=None)
    )


def linked_items(connection: Connection, name: str, entity: str, after: int, limit: int = 500) -> list[int]:
    """The next items by id that have a record on a connection."""
    rows = connection.execute(
        select(SHADOW.c.item_id)
        .where(
            SHADOW.c.connection == name,
            SHADOW.c.entity == entity,
            SHADOW.c.item_id > after,
            SHADOW.c.gone_since == "",
        )
        .order_by(SHADOW.c.item_id)
        .limit(limit)
    ).scalars()
    return [row for row in rows if row is not None]


def gone_items(connection: Connection, name: str, entity: str, items: Sequence[int]) -> set[int]:
    """Those of some items whose record on a connection is gone."""
    found: set[int] = set()
    for part in chunks(items):
        rows = connection.execute(
            select(SHADOW.c.item_id).where(
                SHADOW.c.connection == name,
                SHADOW.c.entity == entity,
                among(connection, SHADOW.c.item_id, part),
                SHADOW.c.gone_since != "",
            )
        ).scalars()
        found.update(one for one in rows if one is not None)
    return found


def seen_since(
    connection: Connection, name: str, entities: Iterable[str], ids: Sequence[str], since: str
) -> set[tuple[str, str]]:
    """Which (entity, external id) were read at or after an instant."""
    found: set[tuple[str, str]] = set()
    for part in chunks(ids):
        rows = connection.execute(
            select(SHADOW.c.entity, SHADOW.c.external_id).where(
                SHADOW.c.connection == name,
                SHADOW.c.entity.in_(sorted(entities)),
                among(connection, SHADOW.c.external_id, part),
                SHADOW.c.as_of >= since,
            )
        )
        found.update((row[0], row[1]) for row in rows)
    return found
