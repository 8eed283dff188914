"""What the in-memory platform's API does with a call."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.memory.simulator.world import MemoryWorld


def send(world: MemoryWorld, call: Call) -> CallOutcome:
    """Carry a call out as the platform would, faults included."""
    world.writes.append((call.operation, len(call.rows)))
    if world.before_write:
        raise world.before_write.pop(0)
    rows: list[dict[str, Any]] = msgspec.json.decode(call.body)
    if world.hold_next_write:
        world.hold_next_write = False
        world.late.append(lambda: _write(world, call, rows))
        raise world.after_write.pop(0)
    outcome = _write(world, call, rows)
    if world.after_write:
        raise world.after_write.pop(0)
    return outcome


def _write(world: MemoryWorld, call: Call, rows: list[dict[str, Any]]) -> CallOutcome:
    return _set_levels(world, call, rows) if call.operation == "levels.set" else _update(world, call, rows)


def _update(world: MemoryWorld, call: Call, rows: list[dict[str, Any]]) -> CallOutcome:
    outcome: dict[int, RowOutcome] = {}
    for number, row in zip(call.rows, rows, strict=True):
        item = world.items.get(row["id"])
        if item is None or row["id"] in world.bad_ids:
            outcome[number] = RowOutcome(RowStatus.REJECTED, f"no item {row['id']}")
            continue
        world.write_fields(item, row["values"])
        outcome[number] = RowOutcome(RowStatus.APPLIED, record=msgspec.json.encode(item.record()))
    return outcome


def _set_levels(world: MemoryWorld, call: Call, rows: list[dict[str, Any]]) -> CallOutcome:
    refused: dict[int, RowOutcome] = {}
    for number, row in zip(call.rows, rows, strict=True):
        item = world.items.get(row["id"])
        if item is None or row["id"] in world.bad_ids:
            refused[number] = RowOutcome(RowStatus.REJECTED, f"no item {row['id']}")
        elif item.levels[row["location"]]["available"] != row["expected"]:
            refused[number] = RowOutcome(RowStatus.STALE, "changed meanwhile")
    if refused and world.reject_all_without_name:
        return {number: RowOutcome(RowStatus.UNTOUCHED, "some row is bad") for number in call.rows}
    if refused:
        return {number: refused.get(number, RowOutcome(RowStatus.UNTOUCHED)) for number in call.rows}
    for row in rows:
        world.write_level(world.items[row["id"]], row["location"], row["units"])
    return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}
