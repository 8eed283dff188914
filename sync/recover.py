"""After a crash or a lost answer: find out what became of each call, by the class of its write (R17)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, Row

from canonical.clock import parse_instant
from connectors.base import RowStatus
from connectors.manifest import WriteClass, WriteSpec
from sync import journal, shadow
from sync.batch import ChangeLine
from sync.hub import Hub
from sync.landed import Orders, landed, orders_of
from sync.observe import reread
from sync.orders import owns
from sync.orders.fresh import read_orders
from sync.settlement import absorb_own, applied, close_written
from sync.shadow import ShadowView, settle
from sync.topology import mappings_by_resource


def recover(hub: Hub, name: str) -> Counter[str]:
    """Resolve a connection's calls of unknown outcome, never by a blind second write; counts how they ended."""
    ended: Counter[str] = Counter()
    with hub.database.begin() as connection:
        calls = journal.open_calls(connection, name)
    for call in calls:
        with hub.database.read() as connection:
            if not journal.is_open(connection, call.id):
                continue
        ended[_resolve(hub, name, call)] += 1
        hub.checkpoint("call resolved")
    return ended


def settle_seconds(hub: Hub, name: str, spec: WriteSpec) -> float:
    """How long a write of unknown outcome may still take effect, or not be shown by a read.

    A configured time says when a write can no longer take effect; reads may lag behind it all the same.
    """
    configured = hub.config.connections[name].write_settle_seconds
    return (spec.settle_seconds if configured is None else configured) + _lag(hub, name)


def _lag(hub: Hub, name: str) -> float:
    return hub.config.connections[name].manifest.read_after_write_seconds


def _resolve(hub: Hub, name: str, call: Row[Any]) -> str:
    spec = hub.config.connections[name].manifest.writes.get(call.operation)
    if spec is None:
        return _unknown(hub, call, f"its connector has no {call.operation} any more")
    age = (hub.now() - parse_instant(call.sent_at)).total_seconds()
    settled = age >= settle_seconds(hub, name, spec)
    if spec.write_class is WriteClass.UNKNOWABLE:
        return _unknown(hub, call, "its outcome cannot be found out")
    if spec.write_class is WriteClass.SET:
        if name in hub.unready and name in hub.config.orders:
            return "waiting"  # its orders are not read now, and without them nothing tells sales from a lost write
        if age < _lag(hub, name):
            return "waiting"  # a read would show what was there before, and that is no evidence (R9)
        return _resolve_set(hub, name, call, settled=settled)
    return _resolve_asked(hub, name, call, settled=settled)


def _unknown(hub: Hub, call: Row[Any], detail: str) -> str:
    with hub.database.begin() as connection:
        journal.finish(connection, call.id, "unknown", hub.stamp(), detail)
    return "unknown"


def _resolve_set(hub: Hub, name: str, call: Row[Any], *, settled: bool) -> str:
    """Read the records again: what shows the new value landed; what does not, once settled, is planned anew."""
    with hub.database.begin() as connection:
        lines = journal.unsettled(connection, call.id)
    read = {mapping.entity for mapping in mappings_by_resource(hub.config, name).get(call.resource, ())}
    if not {line.entity for line in lines} <= read:
        return "waiting"  # for a configuration that reads it again; what else there is of the connection goes on
    # A call of unknown outcome may have written back what the write before it had replaced: that is no late copy.
    if lines:
        reread(hub, name, call.resource, sorted({line.external_id for line in lines}), late_copies=False)
    read_orders(hub, name)
    with hub.database.begin() as connection:
        open_lines = 0
        # What was told meanwhile may have overtaken this: what that settled, and wrote since, is not judged again.
        for line in journal.unsettled(connection, call.id):
            open_lines += not _judge(hub, connection, name, call, line, settled=settled)
        if not open_lines:
            journal.finish(connection, call.id, "done", hub.stamp(), "resolved by reading again")
        hub.checkpoint("resolution not committed")
    return "waiting" if open_lines else "resolved"


def _judge(hub: Hub, connection: Connection, name: str, call: Row[Any], line: Row[Any], *, settled: bool) -> bool:
    """Whether a line's outcome could be told; noted if so."""
    view = shadow.views(connection, name, line.entity, [line.item_id]).get(line.item_id)
    now = hub.stamp()
    change = _change(line)
    mapping = hub.config.connections[name].mappings[line.entity]
    if view is not None and landed(mapping, view, change, _orders(hub, connection, name, view, line.slot)):
        done = applied(view, change, {}, now)
        observed = view.observed.get(line.slot)
        own = absorb_own(connection, name, view, change, call.sent_at)
        got = {line.slot: done.got[line.slot], **own}
        settle(
            connection,
            [shadow.Settled(done.shadow_id, done.sent, got, {line.slot: observed}, done.writes, view.as_of)],
        )
        close_written(connection, name, change, now)
        journal.outcome_line(connection, line, "applied", "seen on the platform", now)
        return True
    if settled or view is None:
        journal.outcome_line(connection, line, "lost", "it never took effect", now)
        return True
    return False


def _orders(hub: Hub, connection: Connection, name: str, view: ShadowView, slot: str) -> Orders:
    waiting = owns.load(connection, name, [view.item_id]).get((view.item_id, slot), ())
    return orders_of(waiting, view.as_of, all_read=name in hub.config.orders)


def _change(line: Row[Any]) -> ChangeLine:
    return ChangeLine(
        number=line.change_number,
        flow=line.flow,
        entity=line.entity,
        item_id=line.item_id,
        external_id=line.external_id,
        slot=line.slot,
        before=journal.value(line.before),
        after=journal.value(line.after),
        exempt=bool(line.exempt),
        fingerprint="",
    )


def _resolve_asked(hub: Hub, name: str, call: Row[Any], *, settled: bool) -> str:
    """Ask the connector: it repeats a keyed call with its key, or looks a searchable one up."""
    if hub.read_only:
        return "waiting"  # finding out may mean to repeat a call, or to finish a document
    with hub.database.begin() as connection:
        lines = journal.lines(connection, call.id)
    outcome = hub.connector(name).resolve(journal.as_call(call, (line.number for line in lines)))
    if outcome is None:
        return "waiting"
    if not settled and any(row.status is RowStatus.UNTOUCHED for row in outcome.values()):
        return "waiting"
    with hub.database.begin() as connection:
        now = hub.stamp()
        for line in lines:
            answer = outcome.get(line.number)
            took = answer is not None and answer.status is RowStatus.APPLIED
            journal.outcome_line(connection, line, "applied" if took else "lost", answer.message if answer else "", now)
            view = shadow.views(connection, name, line.entity, [line.item_id]).get(line.item_id)
            if took and view is not None:
                settle(connection, [applied(view, _change(line), {}, now)])
                close_written(connection, name, _change(line), now)
                absorb_own(connection, name, view, _change(line), call.sent_at)
        journal.finish(connection, call.id, "done", now, "resolved by asking the platform")
    return "resolved"


def longest_wait(hub: Hub, name: str) -> float | None:
    """Seconds until every open call of a connection has settled; None when there is no open call."""
    with hub.database.begin() as connection:
        calls = journal.open_calls(connection, name)
    if not calls:
        return None
    manifest = hub.config.connections[name].manifest
    waits = [
        settle_seconds(hub, name, manifest.writes[call.operation])
        - (hub.now() - parse_instant(call.sent_at)).total_seconds()
        for call in calls
        if call.operation in manifest.writes
    ]
    return max([0.0, *waits])
