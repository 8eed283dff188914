"""What a run wrote, as the journal has it: each slot with the value before the run's first write and after its last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from canonical.errors import DataError
from canonical.value import Value
from sync import items
from sync.journal import value
from sync.orders.store import EFFECT, ORDER
from sync.store import tables

_RUN, _CALL, _LINE = tables.table(tables.Run), tables.table(tables.CallRow), tables.table(tables.CallLine)

_SENT = ("done", "in_flight", "unknown")


@dataclass(frozen=True, slots=True)
class Written:
    """One slot that a run wrote; ``outcome`` is that of its last write, empty while it is not known."""

    connection: str
    flow: str
    entity: str
    item_id: int
    external_id: str
    slot: str
    sku: str
    before: Value
    after: Value
    outcome: str


def by_run(connection: Connection, run_id: int) -> list[Written]:
    """Every slot that a run wrote, in the order of its first writes; DataError when there is no such run."""
    begun, ended = _span(connection, run_id)
    query = (
        select(_LINE, _CALL.c.connection)
        .join(_CALL, _CALL.c.id == _LINE.c.call_id)
        .where(_CALL.c.created_at >= begun, _CALL.c.created_at < ended, _LINE.c.outcome.in_(("applied", "")))
        .order_by(_LINE.c.call_id, _LINE.c.number)
    )
    first: dict[tuple[str, str, int, str], Row[Any]] = {}
    last: dict[tuple[str, str, int, str], Row[Any]] = {}
    for row in connection.execute(query):
        key = (row.connection, row.entity, row.item_id, row.slot)
        first.setdefault(key, row)
        last[key] = row
    skus = items.skus(connection, [key[2] for key in first])
    return [
        Written(
            *(key[0], row.flow, key[1], key[2]),
            external_id=last[key].external_id,
            slot=key[3],
            sku=skus.get(key[2], ""),
            before=value(row.before),
            after=value(last[key].after),
            outcome=last[key].outcome,
        )
        for key, row in first.items()
    ]


def effects_by_run(connection: Connection, run_id: int) -> list[Row[Any]]:
    """What a run had done once: its kind, where, under which reference, and the order's number."""
    begun, ended = _span(connection, run_id)
    query = (
        select(EFFECT.c.kind, EFFECT.c.connection, EFFECT.c.reference, EFFECT.c.external_id, ORDER.c.number)
        .join(ORDER, ORDER.c.id == EFFECT.c.order_id)
        .where(EFFECT.c.sent_at >= begun, EFFECT.c.sent_at < ended, EFFECT.c.state.in_(_SENT))
        .order_by(EFFECT.c.id)
    )
    return list(connection.execute(query))


def _span(connection: Connection, run_id: int) -> tuple[str, str]:
    """From its start until that of the next one: there is one run at a time, and only runs write."""
    begun = connection.execute(select(_RUN.c.started_at).where(_RUN.c.id == run_id)).scalar()
    if begun is None:
        raise DataError(f"there is no run {run_id}", hint="`crossdock runs` lists them")
    following = connection.execute(select(func.min(_RUN.c.started_at)).where(_RUN.c.id > run_id)).scalar()
    return begun, following or "9999"
