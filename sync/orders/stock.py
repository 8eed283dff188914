"""What orders do to stock, in the transaction that takes them in: deductions, reservations, marks (R3, R18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from canonical.clock import instant_text
from canonical.fields import ScopeKind
from canonical.inventory import Basis
from canonical.order import Order, OrderLine
from canonical.slot import Slot, parse_slot
from canonical.status import FulfillmentStatus
from sync import drops, ledger, marks
from sync.config import FlowKind, HubConfig
from sync.hub import Hub
from sync.orders import owns, renumbered, reservations, store
from sync.orders.holds import Asked, StockOwner, holds_of
from sync.orders.lines import Sellable, resolve_lines
from sync.orders.owns import Deduction
from sync.orders.routes import OrderFlow
from sync.orders.rules import deducted_units, reserves, wanted_units
from sync.updates import kit_items

UNEXPORTED = frozenset({"reference", "undeclared", "known"})
"""States of orders that the hub neither reserves for nor asks for: they were there before its orders went live."""


DROPPED = "dropped"
"""What a person lets pass who wants nothing more of an order."""


def needs(order: Order, flow: OrderFlow, now: datetime) -> dict[str, int]:
    """Units by line that an order is to get, nothing if it reserves nothing."""
    if not reserves(order, flow.reserve, now):
        return {}
    found: Counter[str] = Counter()
    for line in order.lines:  # two of one id are asked for by no one, but their units are sold all the same
        found[line.id] += wanted_units(order, line)
    return {line: units for line, units in found.items() if units}


def update(
    hub: Hub,
    connection: Connection,
    row: Row[Any],
    order: Order,
    sellables: Mapping[str, Sellable],
    as_of: str,
) -> None:
    """Bring reservations and deductions to what an order and its requests say now, and mark what that moves."""
    flow, now = hub.config.orders[row.connection], hub.stamp()
    off = _deductions(hub.config, row.connection, order, sellables)
    placed_at = instant_text(order.placed_at)
    counted, parts = row.state in UNEXPORTED, {line: one.parts for line, one in sellables.items()}
    touched = owns.store(connection, row.id, row.connection, off, placed_at, as_of, counted=counted, parts=parts)
    holds = []
    if row.state not in UNEXPORTED:
        deducted: dict[str, int] = {}
        for one in off:
            deducted[one.line_id] = deducted.get(one.line_id, 0) + max(0, one.units)
        asked = renumbered.asked_as(store.asked_of(connection, row.id), _skus(order, sellables))
        sellables = {**_gone(hub, connection, row, order, asked), **sellables}
        owner_of = _Owners(hub.config, row.connection)
        wanted = {} if DROPPED in row.waived.split() else needs(order, flow, hub.now())
        kept = _committed(order, off)
        holds = holds_of(order, wanted, deducted, sellables, asked, owner_of, kept, row.settled_at)
    before = reservations.booked(connection, row.id)
    touched |= reservations.replace(connection, row.id, row.connection, holds, now)
    for item, units in reservations.booked(connection, row.id).items():
        if units > before.get(item, 0):
            for pool in hub.config.pools:
                ledger.expect(connection, item, pool, units - before.get(item, 0), now)
    mark_items(hub, connection, touched)


def _skus(order: Order, sellables: Mapping[str, Sellable]) -> dict[str, str]:
    return {line.id: sellables[line.id].sku if line.id in sellables else line.sku for line in order.lines}


def _gone(hub: Hub, connection: Connection, row: Row[Any], order: Order, asked: Sequence[Asked]) -> dict[str, Sellable]:
    """What was asked for as lines that are no more: until it is called off it may leave, and stays reserved (R1)."""
    now = {line.id for line in order.lines}
    was = {line: sku for one in asked for line, sku in one.skus.items() if line not in now}
    lines = [OrderLine(id=line, quantity=0, amount=Decimal(0), sku=sku) for line, sku in was.items()]
    return resolve_lines(hub.config, connection, row.connection, lines) if lines else {}


def claim_seen(
    hub: Hub, connection: Connection, row: Row[Any], order: Order, sellables: Mapping[str, Sellable]
) -> None:
    """An order that is asked for after all explains units that were seen to leave its channel before (R3, R12)."""
    for one in _deductions(hub.config, row.connection, order, sellables):
        drops.claim(connection, row.connection, one.parts, one.slot, one.units, instant_text(order.placed_at))


def mark_items(hub: Hub, connection: Connection, items: set[int]) -> None:
    """Look at these items again on every channel that lists them, and at the kits they are in."""
    if not items:
        return
    related = items | set(kit_items(hub.config, connection, sorted(items)))
    wanted = [
        marks.Mark(target, flow.name, item)
        for flow in hub.config.flows.values()
        if flow.kind is FlowKind.INVENTORY
        for target in flow.targets
        for item in related
    ]
    marks.mark(connection, wanted, hub.stamp())


def _deductions(config: HubConfig, channel: str, order: Order, sellables: Mapping[str, Sellable]) -> list[Deduction]:
    """What the channel holds off its own figures for an order, by the places it assigned (R5, R6)."""
    mapping = config.connections[channel].mappings.get("inventory")
    rule = mapping.fields.get("stock") if mapping else None
    if rule is None or rule.stock is None:
        return []
    found: list[Deduction] = []
    for line in order.lines:
        sellable = sellables.get(line.id)
        units = deducted_units(order, line, rule.stock.deducts) if sellable else 0
        if sellable is None or not units:
            continue
        if rule.scope is not ScopeKind.LOCATION:
            found.append(Deduction(line.id, sellable.item_id, "stock", units, sellable.parts))
            continue
        for one in order.assignments:
            taken = min(units, one.quantity) if one.line_id == line.id and one.location else 0
            if taken > 0:
                slot = str(Slot("stock", one.location))
                found.append(Deduction(line.id, sellable.item_id, slot, taken, sellable.parts))
                units -= taken
    return _added(found)


def _committed(order: Order, deductions: list[Deduction]) -> dict[str, dict[str, int]]:
    """Units by line and place that the channel still has to ship from there, as far as it tells (R6).

    What it shows as fulfilled has left its figures for good: from then on only the owner's figures say where it was.
    """
    found: dict[str, dict[str, int]] = {}
    for one in deductions:
        place = parse_slot(one.slot).scope
        if place:
            found.setdefault(one.line_id, {})[place] = one.units
    for shipment in order.fulfillments:
        for part in shipment.lines if shipment.status is not FulfillmentStatus.CANCELED else ():
            _leave(found.get(part.line_id, {}), shipment.location, part.quantity)
    return found


def _leave(kept: dict[str, int], location: str, units: int) -> None:
    """Units left: from the place that is named first, else from any."""
    for place in sorted(kept, key=lambda one: one != location):
        taken = min(units, kept[place])
        kept[place] -= taken
        units -= taken


def _added(deductions: list[Deduction]) -> list[Deduction]:
    found: dict[tuple[str, str], Deduction] = {}
    for one in deductions:
        key = (one.line_id, one.slot)
        old = found.get(key)
        found[key] = Deduction(one.line_id, one.item_id, one.slot, one.units + (old.units if old else 0), one.parts)
    return list(found.values())


class _Owners:
    """Who counts a place, by our code; for no place, who counts the first place of the channel's pool."""

    def __init__(self, config: HubConfig, channel: str) -> None:
        self._config = config
        self._channel = channel

    def __call__(self, location: str) -> StockOwner | None:
        code = location or self._first_place()
        name = self._config.ownership.owner_of("inventory", Slot("stock", code)) if code else None
        connection = self._config.connections.get(name) if name else None
        if name is None or connection is None:
            return None
        mapping = connection.mappings.get("inventory")
        rule = mapping.fields.get("stock") if mapping else None
        return StockOwner(name, rule.stock.basis if rule and rule.stock else Basis.NONE)

    def _first_place(self) -> str:
        for flow in self._config.flows.values():
            rule = flow.rules.get(self._channel)
            if rule is not None and self._config.pools[rule.pool].locations:
                return self._config.pools[rule.pool].locations[0]
        return ""
