"""The call journal: every write is written here before it is sent (R16, R17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from canonical.value import Value
from connectors.base import Call
from sync.store import body, tables
from sync.store.database import among, chunks, insert_returning_id

_CALL = tables.table(tables.CallRow)
_LINE = tables.table(tables.CallLine)
OPEN = ("in_flight", "unknown")


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot that a call writes: the plan's line, and the value before and after."""

    number: int
    slot: str
    plan_id: int
    change_number: int
    flow: str
    entity: str
    item_id: int
    external_id: str
    before: Value
    after: Value
    exempt: bool = False


def begin(connection: Connection, name: str, plan_id: int, call: Call, entries: Iterable[Entry], now: str) -> int:
    """Journal a call that is about to be sent; tells its id."""
    call_id = insert_returning_id(
        connection,
        _CALL,
        {
            "plan_id": plan_id,
            "connection": name,
            "operation": call.operation,
            "resource": call.resource,
            "target": call.target,
            "key": call.key,
            "body": call.body,
            "state": "in_flight",
            "created_at": now,
            "sent_at": now,
            "done_at": "",
            "detail": "",
        },
    )
    connection.execute(insert(_LINE), [_line(call_id, entry) for entry in entries])
    return call_id


def _line(call_id: int, entry: Entry) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "number": entry.number,
        "slot": entry.slot,
        "plan_id": entry.plan_id,
        "change_number": entry.change_number,
        "flow": entry.flow,
        "entity": entry.entity,
        "item_id": entry.item_id,
        "external_id": entry.external_id,
        "before": body.encode(entry.before),
        "after": body.encode(entry.after),
        "exempt": entry.exempt,
        "outcome": "",
        "detail": "",
        "done_at": "",
    }


def finish(connection: Connection, call_id: int, state: str, now: str, detail: str = "") -> None:
    """Close a call: ``done`` with an outcome for each row, or ``unknown`` when a person must look."""
    connection.execute(update(_CALL).where(_CALL.c.id == call_id).values(state=state, done_at=now, detail=detail[:500]))


def in_doubt(connection: Connection, call_id: int, now: str) -> None:
    """Note since when a call could have been told about, and could not; the first word stands."""
    connection.execute(update(_CALL).where(_CALL.c.id == call_id, _CALL.c.done_at == "").values(done_at=now))


def doubted(connection: Connection, until: str) -> set[str]:
    """The connections with an open call that has been in doubt since then or longer."""
    here = (_CALL.c.state == "in_flight", _CALL.c.done_at > "", _CALL.c.done_at <= until)
    return set(connection.execute(select(_CALL.c.connection).where(*here).distinct()).scalars())


def outcome(connection: Connection, call_id: int, results: Mapping[int, tuple[str, str]], now: str) -> None:
    """Note what became of a call's rows: row number to outcome and message."""
    rows = [{"n": number, "o": what, "d": detail[:500]} for number, (what, detail) in results.items()]
    if rows:
        connection.execute(
            update(_LINE)
            .where(_LINE.c.call_id == call_id, _LINE.c.number == bindparam("n"))
            .values(outcome=bindparam("o"), detail=bindparam("d"), done_at=now),
            rows,
        )


def open_calls(connection: Connection, name: str) -> list[Row[Any]]:
    """Calls of a connection that were sent and whose outcome is not known."""
    return list(
        connection.execute(
            select(_CALL).where(_CALL.c.connection == name, _CALL.c.state == "in_flight").order_by(_CALL.c.id)
        )
    )


def is_open(connection: Connection, call_id: int) -> bool:
    """Whether the outcome of a call is still not known."""
    here = select(_CALL.c.id).where(_CALL.c.id == call_id, _CALL.c.state == "in_flight")
    return connection.execute(here).first() is not None


def unsettled(connection: Connection, call_id: int) -> list[Row[Any]]:
    """The slots of a call whose outcome is not known."""
    return [line for line in lines(connection, call_id) if not line.outcome]


def lines(connection: Connection, call_id: int) -> list[Row[Any]]:
    """The slots a call writes."""
    return list(connection.execute(select(_LINE).where(_LINE.c.call_id == call_id).order_by(_LINE.c.number)))


def pending_slots(connection: Connection, name: str, entity: str, items: Sequence[int]) -> frozenset[tuple[int, str]]:
    """Slots of items with a write of unknown outcome: nothing is planned for them."""
    return frozenset((row.item_id, row.slot) for row in _pending(connection, name, entity, items, OPEN))


def doubtful(
    connection: Connection, name: str, entity: str, items: Sequence[int]
) -> dict[int, dict[str, tuple[Value, Value]]]:
    """Slots by item with a write of which it will be told whether it took effect: what it changed, and to what."""
    found: dict[int, dict[str, tuple[Value, Value]]] = {}
    for row in _pending(connection, name, entity, items, ("in_flight",)):
        found.setdefault(row.item_id, {})[row.slot] = (value(row.before), value(row.after))
    return found


def _pending(
    connection: Connection, name: str, entity: str, items: Sequence[int], states: Sequence[str]
) -> Iterator[Any]:
    here = (_CALL.c.connection == name, _CALL.c.state.in_(states))
    if connection.execute(select(_CALL.c.id).where(*here)).first() is None:
        return
    columns = (_LINE.c.item_id, _LINE.c.slot, _LINE.c.before, _LINE.c.after)
    open_here = (*here, _LINE.c.entity == entity, _LINE.c.outcome == "")
    for part in chunks(sorted(set(items))):
        query = select(*columns).join(_CALL, _CALL.c.id == _LINE.c.call_id)
        yield from connection.execute(query.where(*open_here, among(connection, _LINE.c.item_id, part))).all()


def count_open(connection: Connection) -> dict[tuple[str, str], int]:
    """Calls of unknown outcome, by connection and state."""
    counted: dict[tuple[str, str], int] = {}
    for row in connection.execute(select(_CALL.c.connection, _CALL.c.state).where(_CALL.c.state.in_(OPEN))):
        counted[row[0], row[1]] = counted.get((row[0], row[1]), 0) + 1
    return counted


def as_call(row: Row[Any], rows: Iterable[int]) -> Call:
    """The journalled call, exactly as it was packed."""
    return Call(
        operation=row.operation,
        body=bytes(row.body),
        rows=tuple(sorted(set(rows))),
        resource=row.resource,
        target=row.target,
        key=row.key,
    )


def outcome_line(connection: Connection, line: Row[Any], what: str, detail: str, now: str) -> None:
    """Note what became of one slot of a call."""
    connection.execute(
        update(_LINE)
        .where(_LINE.c.call_id == line.call_id, _LINE.c.number == line.number, _LINE.c.slot == line.slot)
        .values(outcome=what, detail=detail[:500], done_at=now)
    )


def value(stored: bytes | None) -> Value:
    """A value as the journal keeps it."""
    return body.decode(stored)
