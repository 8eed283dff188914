"""What the in-memory platform's API does with a call."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.memory.simulator.trade import MemoryTrade
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
        elif world.compares and item.levels[row["location"]]["available"] != row["expected"]:
            refused[number] = RowOutcome(RowStatus.STALE, "changed meanwhile")
    if refused and world.reject_all_without_name:
        return {number: RowOutcome(RowStatus.UNTOUCHED, "some row is bad") for number in call.rows}
    if refused:
        return {number: refused.get(number, RowOutcome(RowStatus.UNTOUCHED)) for number in call.rows}
    for row in rows:
        world.write_level(world.items[row["id"]], row["location"], row["units"])
    return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}


def do(world: MemoryWorld, trade: MemoryTrade, call: Call) -> CallOutcome:
    """Do something once, as the platform would, faults included."""
    world.writes.append((call.operation, 1))
    if world.before_write:
        raise world.before_write.pop(0)
    asked = msgspec.json.decode(call.body)
    if world.hold_next_write:
        world.hold_next_write = False
        world.late.append(lambda: _done(trade, call, asked))
        raise world.after_write.pop(0)
    outcome = _done(trade, call, asked)
    if world.after_write:
        raise world.after_write.pop(0)
    return {0: outcome}


def _done(trade: MemoryTrade, call: Call, asked: dict[str, Any]) -> RowOutcome:
    document = asked["document"]
    if call.operation in trade.refuses:
        return RowOutcome(RowStatus.REJECTED, "this platform does not take it", reason=trade.refuses[call.operation])
    if call.operation == "shipments.tell":
        trade.hear(document)
        return RowOutcome(RowStatus.APPLIED)
    if call.operation == "refunds.tell":
        trade.note_refund(document)
        return RowOutcome(RowStatus.APPLIED)
    if call.operation == "refunds.pay":
        paid = trade.pay_back(document)
        if paid is None:
            return RowOutcome(RowStatus.REJECTED, "there is not so much to pay back", reason="refund_above_total")
        return RowOutcome(RowStatus.APPLIED, record=_shown(paid))
    if call.operation == "requests.cancel":
        if not trade.call_off(call.target):
            return RowOutcome(RowStatus.REJECTED, "the goods have left", reason="too_late")
        return RowOutcome(RowStatus.APPLIED, record=_shown(trade.requests[call.target]))
    return RowOutcome(RowStatus.APPLIED, record=_shown(trade.ask(document)))


def find(trade: MemoryTrade, call: Call) -> CallOutcome:
    """What became of an effect whose answer was lost."""
    untouched = {0: RowOutcome(RowStatus.UNTOUCHED, "nothing of that reference is there")}
    if call.operation == "shipments.tell":
        asked = msgspec.json.decode(call.body)["document"]
        told = any(one["reference"] == asked["reference"] and _says(one, asked) for one in trade.notices)
        return {0: RowOutcome(RowStatus.APPLIED)} if told else untouched
    if call.operation == "refunds.tell":
        noted = call.target in trade.noted
        return {0: RowOutcome(RowStatus.APPLIED)} if noted else untouched
    if call.operation == "refunds.pay":
        paid = trade.paybacks.get(call.target)
        return {0: RowOutcome(RowStatus.APPLIED, record=_shown(paid))} if paid else untouched
    request = trade.requests.get(call.target)
    if request is None or (call.operation == "requests.cancel" and request["status"] != "canceled"):
        return untouched
    return {0: RowOutcome(RowStatus.APPLIED, record=_shown(request))}


def _says(notice: dict[str, Any], asked: dict[str, Any]) -> bool:
    return not asked.get("amends") or notice.get("tracking") == asked.get("tracking")


def _shown(record: dict[str, Any]) -> bytes:
    return msgspec.json.encode({key: value for key, value in record.items() if key != "changed"})
