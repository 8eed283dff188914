"""After a crash or a lost answer: find out what became of each call, by the class of its write (R17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from canonical.clock import instant_text, parse_instant
from canonical.value import Value
from connectors.base import RowStatus
from connectors.http.retry import hurried
from connectors.manifest import CompareAndSet, WriteClass, WriteSpec
from sync import journal, observeset, shadow
from sync.batch import ChangeLine
from sync.contain import contained, trouble_with_records
from sync.hub import Hub
from sync.landed import Landing, Orders, landed, orders_of, safest
from sync.observe import reread
from sync.orders import owns
from sync.orders.evidence import Evidence, evidence
from sync.orders.fresh import read_orders
from sync.rereading import answers
from sync.settlement import absorb_own, applied, close_written
from sync.shadow import ShadowView, settle
from sync.topology import mappings_by_resource

_PATIENCE_SECONDS = 120.0
"""So long a write that has settled stays in doubt, while what would tell about it cannot be read."""
_UNREAD_BEFORE = timedelta(hours=1)
"""An order that cannot be read and came so long before a write may still be one that its base does not have."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A call of unknown outcome: whether it can take effect no more, and whether nothing more is waited for."""

    call: Row[Any]
    spec: WriteSpec
    shown_from: datetime
    """From then on a read shows what it did."""
    settled: bool
    at_last: bool
    evidence: Evidence | None = None


def recover(hub: Hub, name: str) -> Counter[str]:
    """Resolve a connection's calls of unknown outcome, never by a blind second write; counts how they ended."""
    ended: Counter[str] = Counter()
    unread: dict[str, str] = {}
    with hub.database.begin() as connection:
        calls = journal.open_calls(connection, name)
    for call in calls:
        with hub.database.read() as connection:
            if not journal.is_open(connection, call.id):
                continue
        ended[_resolve(hub, name, call, unread)] += 1
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


def _resolve(hub: Hub, name: str, call: Row[Any], unread: dict[str, str]) -> str:
    spec = hub.config.connections[name].manifest.writes.get(call.operation)
    if spec is None:
        return _unknown(hub, call, f"its connector has no {call.operation} any more")
    age = (hub.now() - parse_instant(call.sent_at)).total_seconds()
    settled = age >= settle_seconds(hub, name, spec)
    if spec.write_class is WriteClass.UNKNOWABLE:
        return _unknown(hub, call, "its outcome cannot be found out")
    if spec.write_class is WriteClass.SET:
        if age < _lag(hub, name):
            return "waiting"  # a read would show what was there before, and that is no evidence (R9)
        at_last = bool(call.done_at) and hub.now() - parse_instant(call.done_at) >= timedelta(seconds=_PATIENCE_SECONDS)
        shown_from = parse_instant(call.sent_at) + timedelta(seconds=_lag(hub, name))
        return _resolve_set(hub, name, _Doubt(call, spec, shown_from, settled, at_last), unread)
    return _resolve_asked(hub, name, call, settled=settled)


def _unknown(hub: Hub, call: Row[Any], detail: str) -> str:
    with hub.database.begin() as connection:
        journal.finish(connection, call.id, "unknown", hub.stamp(), detail)
    return "unknown"


def _resolve_set(hub: Hub, name: str, doubt: _Doubt, unread: dict[str, str]) -> str:
    """Read the records again: what shows the new value landed; what does not, once settled, is planned anew."""
    call = doubt.call
    with hub.database.begin() as connection:
        lines = journal.unsettled(connection, call.id)
    read = {mapping.entity for mapping in mappings_by_resource(hub.config, name).get(call.resource, ())}
    if not {line.entity for line in lines} <= read:
        return "waiting"  # for a configuration that reads it again; what else there is of the connection goes on
    # Whoever overtakes meanwhile would look at the records later than at the orders that explain them.
    with hub.leave_alone(name):
        # Orders before the look too, so that few are left of which nobody can say whether it shows them.
        _read_orders(hub, name, unread)
        _look(hub, name, call.resource, sorted({line.external_id for line in lines}))
        _read_orders(hub, name, unread)
    with hub.database.begin() as connection:
        open_lines = 0
        since = instant_text(parse_instant(call.sent_at) - _UNREAD_BEFORE)
        doubt = replace(doubt, evidence=evidence(hub, connection, name, since))
        # What was told meanwhile may have overtaken this: what that settled, and wrote since, is not judged again.
        for line in journal.unsettled(connection, call.id):
            open_lines += not _judge(hub, connection, name, doubt, line)
        if not open_lines:
            journal.finish(connection, call.id, "done", hub.stamp(), "resolved by reading again")
        elif doubt.settled:
            journal.in_doubt(connection, call.id, hub.stamp())
        hub.checkpoint("resolution not committed")
    return "waiting" if open_lines else "resolved"


def _read_orders(hub: Hub, name: str, unread: dict[str, str]) -> None:
    """Read what changed of the orders, unless that failed for another call: each may take its platform minutes."""
    # Where they cannot be read now, whoever reads all of the connection right after this tells so.
    if not unread:
        with contained(name, unread):
            read_orders(hub, name)


def _look(hub: Hub, name: str, resource: str, ids: Sequence[str]) -> None:
    """Read the records; those that cannot be read keep nothing else of the connection from being read."""

    def read() -> None:
        # A call of unknown outcome may have written back what the write before it had replaced: that is no late copy.
        reread(hub, name, resource, ids, late_copies=False)

    if not ids:
        return
    with hurried():
        error = trouble_with_records(name, read)
    if error is None:
        return
    if not answers(hub, name):
        raise error
    # Which of them is the bad one is found where marks are read; the others are judged by that look.
    with hub.database.begin() as connection:
        observeset.mark(connection, name, resource, ids, hub.stamp())


def _judge(hub: Hub, connection: Connection, name: str, doubt: _Doubt, line: Row[Any]) -> bool:
    """Whether a line's outcome could be told; noted if so."""
    view = shadow.views(connection, name, line.entity, [line.item_id]).get(line.item_id)
    now, change = hub.stamp(), _change(line)
    told = _verdict(hub, connection, name, doubt, view, change)
    # Of a record that is gone nothing more will tell.
    at_last = doubt.at_last or (doubt.settled and view is not None and view.gone)
    found = safest(change) if told is Landing.UNTOLD and at_last else told
    if view is not None and found is Landing.LANDED:
        done = applied(view, change, {}, now)
        observed = view.observed.get(line.slot)
        base, before, after = view.got.get(line.slot), change.before, change.after
        if line.entity == "inventory" and isinstance(base, int) and isinstance(before, int) and isinstance(after, int):
            # The base moves as the write moved the figure: what it was decided with stays to be seen, as it is by now.
            moved: dict[str, Value] = {line.slot: base + after - before}
        else:
            own = absorb_own(connection, name, view, change, doubt.call.sent_at)
            moved = {line.slot: done.got[line.slot], **own}
        settle(
            connection,
            [shadow.Settled(done.shadow_id, done.sent, moved, {line.slot: observed}, done.writes, view.as_of)],
        )
        close_written(connection, name, change, now)
        why = "seen on the platform" if told is found else "perhaps: what is there leaves this open"
        journal.outcome_line(connection, line, "applied", why, now)
    elif found is Landing.LOST:
        why = "it never took effect" if told is found else "perhaps it took effect: what is there leaves this open"
        journal.outcome_line(connection, line, "lost", why, now)
    return found is not Landing.UNTOLD


def _verdict(
    hub: Hub, connection: Connection, name: str, doubt: _Doubt, view: ShadowView | None, change: ChangeLine
) -> Landing:
    if view is None:
        return Landing.LOST
    if view.gone or view.written_since(view.as_of) or parse_instant(view.as_of) < doubt.shown_from:
        found = Landing.UNTOLD  # it was not shown since: what is known is from before the write
    else:
        mapping = hub.config.connections[name].mappings[change.entity]
        found = landed(mapping, view, change, _orders(hub, connection, name, doubt, view, change.slot))
    return Landing.UNTOLD if found is Landing.LOST and not doubt.settled else found


def _orders(hub: Hub, connection: Connection, name: str, doubt: _Doubt, view: ShadowView, slot: str) -> Orders | None:
    if doubt.evidence is None:
        return None
    waiting = owns.load(connection, name, [view.item_id]).get((view.item_id, slot), ())
    shown_until = instant_text(parse_instant(view.as_of) - timedelta(seconds=_lag(hub, name)))
    erases = doubt.spec.compare_and_set is CompareAndSet.NONE
    found = orders_of(waiting, shown_until, all_read=doubt.evidence.tells_all(view.as_of), erases=erases)
    return replace(found, changed=owns.any_over(connection, name, view.item_id, slot, shown_until))


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


def due(connection: Connection, now: datetime) -> set[str]:
    """The connections with a call that was in doubt for as long as one may be."""
    until = instant_text(now - timedelta(seconds=_PATIENCE_SECONDS))
    return journal.doubted(connection, until)


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
