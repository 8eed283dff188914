"""Evaluating items: load what is known of them, decide every slot of every target.

The planner, the check right before a call, and ``explain`` all come through here, so that a dry run and a real run
cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from canonical.clock import instant_text, parse_instant
from canonical.slot import parse_slot
from mappings.compiled import CompiledMapping
from sync import cursors, drops, facts, journal, overrides, shadow
from sync.config import FlowConfig, FlowKind
from sync.cursors import CursorState
from sync.decision import UNCONFIRMED, Decision, Verdict
from sync.diff import MAX_ATTEMPTS, UNSET, SlotOverride, SlotView, decide_state
from sync.facts import Said
from sync.hub import Hub
from sync.known import Known, Line
from sync.orders import owns, reservations
from sync.part import Part
from sync.shadow import ShadowView
from sync.stock import StockInputs, decide_stock
from sync.store import tables
from sync.store.database import among, chunks
from sync.topology import channels_of_pool, kits_using

_ITEM = tables.table(tables.Item)
REJECTED = 99
"""The count of attempts that marks a value the platform refused."""
_RETRY_REFUSED = timedelta(minutes=15)


def evaluate(
    hub: Hub, connection: Connection, flow: FlowConfig, items: Sequence[int], *, targets: Sequence[str] | None = None
) -> list[Line]:
    """Decide every slot that the flow moves, of these items, on every target (or these) that has them linked."""
    known = gather(hub, connection, flow, items)
    lines: list[Line] = []
    for target in flow.targets if targets is None else targets:
        for item in items:
            view = known.views[target].get(item)
            if view is not None and not view.gone:
                lines += _decide(hub, flow, target, view, known)
    return lines


def gather(hub: Hub, connection: Connection, flow: FlowConfig, items: Sequence[int]) -> Known:
    """Load what deciding needs, in a handful of queries whatever the number of items."""
    skus = _skus(connection, items)
    parts = _component_ids(hub, connection, flow, skus.values())
    channels = channels_of(hub, flow)
    return Known(
        skus=skus,
        ids=parts,
        facts=facts.load(connection, [*items, *parts.values()]),
        views={name: shadow.views(connection, name, flow.entity, [*items, *parts.values()]) for name in channels},
        overrides={name: overrides.load(connection, name, flow.entity, items) for name in flow.targets},
        pending={name: journal.pending_slots(connection, name, flow.entity, items) for name in flow.targets},
        doubtful={
            name: journal.doubtful(connection, name, flow.entity, [*items, *parts.values()])
            for name in (channels if _counts(flow) else ())
        },
        open_drops=drops.open_units(connection, [*items, *parts.values()]) if parts or _counts(flow) else {},
        reads={name: channel_read(hub, connection, name, flow) for name in {*channels, flow.source}},
        **_orders(hub, connection, flow, [*items, *parts.values()], channels),
    )


def _orders(
    hub: Hub, connection: Connection, flow: FlowConfig, items: Sequence[int], channels: Sequence[str]
) -> dict[str, Any]:
    """What orders say of stock; nothing where no channel of the flow has its orders read."""
    selling = [name for name in channels if name in hub.config.orders]
    if not _counts(flow) or not hub.config.orders:
        return {}
    return {
        "reserved": reservations.load(connection, items),
        "own": {name: owns.load(connection, name, items) for name in selling},
        "order_reads": {name: order_read(hub, connection, name) for name in selling},
        "fallen": {name: drops.awaiting(connection, name, items) for name in selling},
    }


def _counts(flow: FlowConfig) -> bool:
    return flow.kind is FlowKind.INVENTORY


def channels_of(hub: Hub, flow: FlowConfig) -> list[str]:
    """The targets of a flow, and whoever else sells from their pools."""
    pools = {rule.pool for rule in flow.rules.values()}
    others = {name for pool in pools for name in channels_of_pool(hub.config, pool)}
    return sorted({*flow.targets, *others})


def _skus(connection: Connection, items: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.id, part)))
        found.update({row[0]: row[1] for row in rows})
    return found


def _component_ids(hub: Hub, connection: Connection, flow: FlowConfig, skus: Iterable[str]) -> dict[str, int]:
    if not _counts(flow) or not hub.config.kits:
        return {}
    own = set(skus)
    wanted = {part.sku for sku in own for part in hub.config.kits.get(sku, ())}
    # A raise also waits for the channels that sell kits of these items (R2, R7).
    wanted |= {kit for sku in own | wanted for kit in kits_using(hub.config, sku)}
    found: dict[str, int] = {}
    for chunk in chunks(sorted(wanted)):
        rows = connection.execute(select(_ITEM.c.sku, _ITEM.c.id).where(among(connection, _ITEM.c.sku, chunk)))
        found.update({row[0]: row[1] for row in rows})
    return found


def channel_read(hub: Hub, connection: Connection, name: str, flow: FlowConfig) -> CursorState:
    """How far the records that a flow moves have been read from a connection."""
    mapping = hub.config.connections[name].mappings.get(flow.entity)
    return cursors.load(connection, name, mapping.resource) if mapping else CursorState(name, "")


def order_read(hub: Hub, connection: Connection, name: str) -> CursorState:
    """How far a channel's orders have been read."""
    mapping = hub.config.connections[name].documents.get("order")
    return cursors.load(connection, name, mapping.resource) if mapping else CursorState(name, "")


def _decide(hub: Hub, flow: FlowConfig, target: str, view: ShadowView, known: Known) -> list[Line]:
    mapping = hub.config.connections[target].mappings[flow.entity]
    if _counts(flow):
        decided = _stock(hub, flow, target, view, known, mapping)
    else:
        decided = _state(hub, flow, view, known, mapping, known.overrides[target])
    waiting = known.pending[target]
    sku = known.skus.get(view.item_id, "")
    parts = tuple(Part(known.ids[one.sku], one.units) for one in hub.config.kits.get(sku, ()) if one.sku in known.ids)
    factor = hub.config.units.get(sku, 1)
    flowing = hub.config.orders.get(target)
    orders_since = instant_text(flowing.go_live) if flowing is not None else ""
    lines: list[Line] = []
    lost = any((view.item_id, slot) in waiting for slot in decided)
    for slot, found in decided.items():
        # Its figures belong together: nothing of an item is raised while a lowering beside it may not have arrived.
        if (view.item_id, slot) in waiting or (lost and _counts(flow) and _lowering(found) < 0):
            one = _waiting(found, UNCONFIRMED)
        elif found.writes and not _counts(flow) and not known.reads[flow.source].swept_at:
            # A part of what an owner says, and of a new one at that, is not what it says (R14).
            one = _waiting(found, "owner_not_read")
        else:
            one = _exhausted(view, slot, found, hub.now())
        after_drop = 0 < _lowering(one) <= known.unbooked_units(view.item_id, parts) and not _owner_fell(one)
        lines.append(Line(flow, target, view, sku, slot, flow.source, one, after_drop, parts, factor, orders_since))
    return lines


def _lowering(decision: Decision) -> int:
    """Units by which a stock line lowers what is listed."""
    if not (isinstance(decision.base, int) and isinstance(decision.desired, int)):
        return 0
    return decision.base - decision.desired


def _owner_fell(decision: Decision) -> bool:
    """Whether the owner's figure alone asks for less than is listed: then it is not the sales that lower it."""
    return isinstance(decision.alone, int) and isinstance(decision.base, int) and decision.alone < decision.base


def _retry_due(view: ShadowView, slot: str, now: datetime) -> bool:
    """Whether a refused value may be tried again: refusals can pass, and a lowering must go out."""
    written = view.writes.get(slot)
    return isinstance(written, list) and now - parse_instant(str(written[2])) >= _RETRY_REFUSED


def _exhausted(view: ShadowView, slot: str, decision: Decision, now: datetime) -> Decision:
    """A value that never stuck is not written again until the owner's value changes; a refused one rests a while."""
    if decision.verdict is not Verdict.WRITE:
        return decision
    count = attempts(view, slot, decision.desired)
    if count < MAX_ATTEMPTS or (count < REJECTED and _lowering(decision) > 0):
        return decision  # what is listed too high is lowered however often someone raises it (R4)
    if count >= REJECTED and _retry_due(view, slot, now):
        return decision
    if count >= REJECTED:
        return Decision(Verdict.WAIT, decision.desired, decision.base, "rejected", decision.events)
    return Decision(Verdict.HELD, decision.desired, decision.base, "not_converging", decision.events)


def _waiting(decision: Decision, reason: str) -> Decision:
    return Decision(Verdict.WAIT, decision.desired, decision.base, reason)


def _stock(
    hub: Hub, flow: FlowConfig, target: str, view: ShadowView, known: Known, mapping: CompiledMapping
) -> dict[str, Decision]:
    inputs = StockInputs(hub=hub.config, flow=flow, target=target, view=view, mapping=mapping, known=known)
    return decide_stock(inputs)


def _state(
    hub: Hub,
    flow: FlowConfig,
    view: ShadowView,
    known: Known,
    mapping: CompiledMapping,
    overridden: Mapping[tuple[int, str], SlotOverride],
) -> dict[str, Decision]:
    said = known.facts.get((view.item_id, flow.entity), {})
    decided: dict[str, Decision] = {}
    for slot in sorted(view.observed.keys() | said.keys()):
        name = parse_slot(slot).field
        rule = mapping.fields.get(name)
        owner = hub.config.ownership.owner_of(flow.entity, parse_slot(slot))
        if name not in flow.fields or rule is None or owner != flow.source:
            continue
        if slot not in view.observed and slot not in view.got:
            continue
        decided[slot] = _decide_slot(view, slot, said.get(slot), mapping, flow, overridden.get((view.item_id, slot)))
    return decided


def _decide_slot(
    view: ShadowView,
    slot: str,
    said: Said | None,
    mapping: CompiledMapping,
    flow: FlowConfig,
    override: SlotOverride | None,
) -> Decision:
    name = parse_slot(slot).field
    rule = mapping.fields[name]
    if not rule.operation(view.kind):
        return Decision(Verdict.NOTHING, reason="not_writable")
    # A value whose provenance is not the present owner projects nothing until that one was read (R14).
    desired = said.value if said is not None and said.owner == flow.source else UNSET
    slot_view = SlotView(
        desired=desired,
        observed=view.observed.get(slot, UNSET),
        sent=view.sent.get(slot, UNSET),
        got=view.got.get(slot, UNSET),
        override=override,
    )
    return decide_state(slot_view, lambda a, b: mapping.same(name, a, b), flow.on_conflict, may_clear=rule.clear)


def attempts(view: ShadowView, slot: str, desired: object) -> int:
    """How often this very value was written to a slot without being seen to stick."""
    written = view.writes.get(slot)
    if not isinstance(written, list) or written[0] != desired:
        return 0
    return int(written[1])
