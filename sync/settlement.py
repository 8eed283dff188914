"""Storing what became of a call's rows: journal, shadow, and quarantine of what the platform refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from canonical.errors import SkippableError
from canonical.slot import Slot, parse_slot
from canonical.value import Value
from connectors.base import CallOutcome, RowOutcome, RowStatus
from sync import conflicts, journal, overrides, quarantine
from sync.batch import Batch, ChangeLine
from sync.evaluate import REJECTED
from sync.hub import Hub
from sync.orders import owns
from sync.quarantine import Entry
from sync.shadow import Settled, ShadowView, settle


def store_outcome(
    hub: Hub, connection: Connection, target: str, call_id: int, part: Batch, answers: CallOutcome
) -> None:
    """Store each row's outcome in the transaction that closes the call."""
    now = hub.stamp()
    results = {number: (row.status.value, row.message) for number, row in answers.items()}
    journal.outcome(connection, call_id, results, now)
    journal.finish(connection, call_id, "done", now)
    settled: list[Settled] = []
    written: list[ChangeLine] = []
    for number, answer in answers.items():
        if answer.status is RowStatus.APPLIED:
            for line in part.lines[number]:
                view = part.views[number, line.entity]
                done = applied(view, line, reread_slots(hub, target, view, answer), now)
                settled.append(with_own(done, absorb_own(connection, target, view, line)))
            written += part.lines[number]
        elif answer.status is RowStatus.REJECTED:
            settled += [_refused(part.views[number, line.entity], line, now) for line in part.lines[number]]
            entries = [
                Entry(target, line.entity, line.external_id, line.slot, answer.reason, answer.message[:500], line.sku)
                for line in part.lines[number]
            ]
            quarantine.put(connection, entries, now)
    close_all_written(connection, target, written, now)
    settle(connection, settled)


def absorb_own(
    connection: Connection, target: str, view: ShadowView, line: ChangeLine, until: str = ""
) -> dict[str, Value]:
    """A figure that was written is the counter's new base: it was written over what own orders had left there (R3).

    Tells what is promised there by now as far as it is known, for the base to go with it.
    """
    if line.entity != "inventory":
        return {}
    moved = owns.absorb_all(connection, target, line.item_id, line.slot, until)
    promised = str(Slot("committed", parse_slot(line.slot).scope))
    before = view.got.get(promised)
    return {promised: before + moved} if moved and isinstance(before, int) else {}


def with_own(done: Settled, promised: Mapping[str, Value]) -> Settled:
    """A written slot with what is promised beside it, which the write proved (R3)."""
    return replace(done, got={**done.got, **promised}, observed={**(done.observed or {}), **promised})


def close_written(connection: Connection, target: str, line: ChangeLine, now: str) -> None:
    """The owner's value was written: the slot's conflict and quarantine are over."""
    close_all_written(connection, target, [line], now)


def close_all_written(connection: Connection, target: str, lines: Sequence[ChangeLine], now: str) -> None:
    """The owner's values were written: conflict and quarantine of each slot are over."""
    closings = [conflicts.Closing(one.entity, one.item_id, one.slot, f"written: {one.after}") for one in lines]
    conflicts.close_slots(connection, target, closings, now)
    overrides.end_written(connection, target, ((one.entity, one.item_id, one.slot, one.after) for one in lines))
    quarantine.release_each(connection, target, ((one.entity, one.external_id, one.slot) for one in lines))


def reread_slots(hub: Hub, target: str, view: ShadowView, answer: RowOutcome) -> Mapping[str, Value]:
    """The slots of the record that the platform's answer shows, if it shows one."""
    if answer.record is None:
        return {}
    mapping = hub.config.connections[target].mappings[view.entity]
    try:
        mapped = mapping.decode(answer.record)
    except SkippableError:
        return {}
    return mapped.slots if mapped is not None and mapped.external_id == view.external_id else {}


def applied(view: ShadowView, line: ChangeLine, seen: Mapping[str, Value], now: str) -> Settled:
    """A slot that was written: sent is what we wanted, got what the platform made of it."""
    made = seen.get(line.slot, line.after)
    beside = _on_hand(view, line)
    return Settled(
        shadow_id=view.id,
        sent={line.slot: line.after},
        got={line.slot: made, **beside},
        observed={line.slot: made, **beside},
        writes={line.slot: [line.after, _count(view, line) + 1, now, line.before]},  # type: ignore[list-item]
        as_of=now,
    )


def _on_hand(view: ShadowView, line: ChangeLine) -> dict[str, Value]:
    """The building's count moves with what can be sold of it, where the platform shows one."""
    name = str(Slot("on_hand", parse_slot(line.slot).scope))
    count = view.observed.get(name)
    if line.entity != "inventory" or not (isinstance(line.after, int) and isinstance(line.before, int)):
        return {}
    return {name: count + line.after - line.before} if isinstance(count, int) else {}


def _refused(view: ShadowView, line: ChangeLine, now: str) -> Settled:
    return Settled(view.id, {}, {}, writes={line.slot: [line.after, REJECTED, now]})  # type: ignore[list-item]


def _count(view: ShadowView, line: ChangeLine) -> int:
    written = view.writes.get(line.slot)
    return int(written[1]) if isinstance(written, list) and written[0] == line.after else 0
