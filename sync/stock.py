"""Deciding stock: the owner's figures projected onto a channel's slots, against what the channel counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from canonical.clock import instant_text, parse_instant
from canonical.fields import ScopeKind
from canonical.slot import Slot, parse_slot
from canonical.value import Value
from connectors.manifest import CompareAndSet
from mappings.compiled import CompiledMapping
from sync.config import FlowConfig, HubConfig
from sync.counter import FALLS, CounterView, Level, decide_counter
from sync.decision import Decision, Verdict
from sync.known import Known
from sync.orders.owns import Pending, pending
from sync.orders.reservations import Held
from sync.project import StockRequest, Supply, project_stock
from sync.shadow import ShadowView
from sync.topology import channels_of_pool, kits_using


@dataclass(frozen=True, slots=True)
class StockInputs:
    """One item on one channel, with everything known of it."""

    hub: HubConfig
    flow: FlowConfig
    target: str
    view: ShadowView
    mapping: CompiledMapping
    known: Known


def decide_stock(inputs: StockInputs) -> dict[str, Decision]:
    """Decide every stock slot of an item on a channel; pure."""
    view = inputs.view
    slots = _slots(inputs)
    if view.observed.get("tracked") is False:
        verdict = Verdict.NOTHING if _sellable(inputs) else Verdict.WAIT
        return {str(slot): Decision(verdict, reason="untracked") for slot in slots}
    request, missing = _request(inputs)
    if request is None:
        # Where it was listed before, its figure can no longer be told: that must be seen, not passed over.
        verdict = Verdict.WAIT if any(str(slot) in view.sent for slot in slots) else Verdict.NOTHING
        return {str(slot): Decision(verdict, reason=missing) for slot in slots}
    booked = project_stock(request)
    alone = project_stock(_without_drops(request)) if _has_drops(request) else booked
    figure_as_of = max(_figure_times(inputs), default="")
    blocked = _blocked(inputs, figure_as_of)
    return _together({str(slot): _decide_slot(inputs, slot, booked, alone, blocked) for slot in slots})


def _together(decided: dict[str, Decision]) -> dict[str, Decision]:
    """An unknown fall at one place is a sale of the pool: until it is booked nothing is raised at another place."""
    if not any(event.kind in FALLS for one in decided.values() for event in one.events):
        return decided
    return {
        name: replace(one, verdict=Verdict.WAIT, reason="unaccounted_drop") if _raises(one) else one
        for name, one in decided.items()
    }


def _raises(decision: Decision) -> bool:
    desired, base = decision.desired, decision.base
    return decision.verdict is Verdict.WRITE and isinstance(desired, int) and isinstance(base, int) and desired > base


def _slots(inputs: StockInputs) -> list[Slot]:
    rule = inputs.mapping.fields["stock"]
    if rule.scope is not ScopeKind.LOCATION:
        return [Slot("stock")]
    return [Slot("stock", location) for location in _locations(inputs)]


def _locations(inputs: StockInputs) -> tuple[str, ...]:
    channel = inputs.flow.rules[inputs.target]
    pool = inputs.hub.pools[channel.pool]
    configured = inputs.hub.connections[inputs.target].locations
    return tuple(one for one in (channel.locations or pool.locations) if one in configured)


def _request(inputs: StockInputs) -> tuple[StockRequest | None, str]:
    known, item = inputs.known, inputs.view.item_id
    sku = known.skus.get(item, "")
    kit = inputs.hub.kits.get(sku, ())
    supply = _supply(inputs, item)
    parts = {part.sku: _supply(inputs, known.ids[part.sku]) for part in kit if part.sku in known.ids}
    if kit and any(parts.get(part.sku) is None for part in kit):
        return None, "kit_component_missing"
    if not kit and supply is None:
        return None, "owner_not_read"
    channel = inputs.flow.rules[inputs.target]
    scoped = inputs.mapping.fields["stock"].scope is ScopeKind.LOCATION
    return (
        StockRequest(
            pool=inputs.hub.pools[channel.pool],
            rule=channel,
            supply=supply or Supply({}),
            sellable=_sellable(inputs),
            factor=inputs.hub.units.get(sku, 1),
            kit=kit,
            component_supplies={name: one for name, one in parts.items() if one is not None},
            locations=_locations(inputs) if scoped else (),
        ),
        "",
    )


def _sellable(inputs: StockInputs) -> bool:
    """Whether the owner lets the item be sold; it does unless it says otherwise."""
    said = inputs.known.facts.get((inputs.view.item_id, "variant"), {}).get("sellable")
    return said is None or said.value is not False


def _supply(inputs: StockInputs, item: int) -> Supply | None:
    """The owner's figures of an item; None when the present owner was not read or says nothing readable."""
    said = inputs.known.facts.get((item, "inventory"), {})
    figures = {
        parse_slot(slot).scope: one.value
        for slot, one in said.items()
        if parse_slot(slot).field == "stock" and one.owner == inputs.flow.source and isinstance(one.value, int)
    }
    return Supply(figures, _unbooked(inputs, item)) if figures else None


def _unbooked(inputs: StockInputs, item: int) -> Mapping[str, int]:
    """Units by place that the figures still hold but that are sold: to orders, or by falls no order explains."""
    found = dict(inputs.known.open_drops.get(item, {}))
    counted = standing(inputs.hub, inputs.flow, inputs.known, item)
    for held in counted:
        place = held.place_on(inputs.target)
        found[place] = found.get(place, 0) + held.promised_on(inputs.target)
    for held in inputs.known.reserved.get(item, ()):
        if held.moved_on(inputs.target) and held not in counted:
            # In the figure of the place it is asked from, but the channel keeps it at its own until it ships there.
            found[held.committed] = found.get(held.committed, 0) + held.deducted
            found[held.location] = found.get(held.location, 0) - held.deducted
    return found


def standing(hub: HubConfig, flow: FlowConfig, known: Known, item: int) -> list[Held]:
    """The reservations of a stock item that its owner's figures do not provably contain (R1)."""
    held = known.reserved.get(item, ())
    if not held:
        return []
    said = known.facts.get((item, "inventory"), {})
    read = {parse_slot(slot).scope: one.as_of for slot, one in said.items() if parse_slot(slot).field == "stock"}
    settle = settle_of(hub, flow)
    return [one for one in held if one.counts_against(read, settle)]


def settle_of(hub: HubConfig, flow: FlowConfig) -> timedelta:
    """How long after an event the owner's figures may still lack it."""
    mapping = hub.connections[flow.source].mappings.get("inventory")
    meaning = mapping.fields["stock"].stock if mapping and "stock" in mapping.fields else None
    return meaning.settle if meaning else timedelta(0)


def _has_drops(request: StockRequest) -> bool:
    return any(one.unbooked for one in (request.supply, *request.component_supplies.values()))


def _without_drops(request: StockRequest) -> StockRequest:
    supplies = {name: Supply(one.figures) for name, one in request.component_supplies.items()}
    return StockRequest(
        pool=request.pool,
        rule=request.rule,
        supply=Supply(request.supply.figures),
        sellable=request.sellable,
        factor=request.factor,
        kit=request.kit,
        component_supplies=supplies,
        locations=request.locations,
    )


def _blocked(inputs: StockInputs, figure_as_of: str) -> str:
    """Why no raise may go out: a channel of the pool, or its orders, were not read since the owner's figure (R2)."""
    pool, related = inputs.flow.rules[inputs.target].pool, _related(inputs)
    for channel in channels_of_pool(inputs.hub, pool):
        orders = inputs.known.order_reads.get(channel)
        if orders is not None and orders.read_at < figure_as_of:
            return f"orders_unread:{channel}"
        if channel != inputs.target and any(_hides_a_fall(inputs.known, channel, item) for item in related):
            return f"stock_in_doubt:{channel}"
        views, reads = inputs.known.views.get(channel, {}), inputs.known.reads.get(channel)
        for item in related:
            view = views.get(item)
            if view is not None and max(view.as_of, reads.read_at if reads else "") < figure_as_of:
                return f"stock_unread:{channel}"
    return ""


def _hides_a_fall(known: Known, channel: str, item: int) -> bool:
    """Whether a channel with a write in doubt shows less than it may, and not what a whole story has: a sale (R3)."""
    view = known.views.get(channel, {}).get(item)
    if view is None:
        return False
    for slot, (before, after) in known.doubtful.get(channel, {}).get(item, {}).items():
        base, observed = view.got.get(slot), view.observed.get(slot)
        if isinstance(base, int) and isinstance(observed, int) and isinstance(before, int) and isinstance(after, int):
            lost = base - sum(units for _, units in known.own.get(channel, {}).get((item, slot), ()))
            landed = lost + after - before
            if observed < max(lost, landed) and observed not in (lost, landed):
                return True
    return False


def _related(inputs: StockInputs) -> set[int]:
    """The item, its components if it is a kit, and every kit that sells one of them too."""
    found = {inputs.view.item_id, *_component_ids(inputs)}
    skus = {sku for sku, item in inputs.known.ids.items() if item in found}
    skus.add(inputs.known.skus.get(inputs.view.item_id, ""))
    kits = {kit for sku in skus for kit in kits_using(inputs.hub, sku)}
    return found | {inputs.known.ids[kit] for kit in kits if kit in inputs.known.ids}


def _unmoved_since(inputs: StockInputs, slot: str) -> str:
    """When the channel was last seen at its base: in the read before the one that saw it moved, or at our own write."""
    view, reads = inputs.view, inputs.known.reads.get(inputs.target)
    unmoved = ""
    if reads is not None:
        unmoved = reads.read_at if view.as_of > reads.read_until else reads.read_before
    written = view.writes.get(slot)
    if isinstance(written, list) and str(written[2]) < view.as_of:
        unmoved = max(unmoved, str(written[2]))
    return unmoved


def _figure_times(inputs: StockInputs) -> Iterable[str]:
    for item in (inputs.view.item_id, *_component_ids(inputs)):
        said = inputs.known.facts.get((item, "inventory"), {})
        yield from (one.as_of for slot, one in said.items() if parse_slot(slot).field == "stock")


def _decide_slot(
    inputs: StockInputs,
    slot: Slot,
    booked: dict[str, int],
    alone: dict[str, int],
    blocked: str,
) -> Decision:
    view, name = inputs.view, str(slot)
    observed = _level(view.observed, slot)
    if observed is None:
        return Decision(Verdict.NOTHING, reason="not_read")
    own = _own(inputs, name)
    counter = CounterView(
        desired=booked.get(slot.scope, 0),
        allowed=alone.get(slot.scope, 0),
        observed=observed,
        base=_level(view.got, slot),
        override=inputs.known.overrides[inputs.target].get((view.item_id, name)),
        open_drops=any(inputs.known.open_drops.get(item) for item in (view.item_id, *_component_ids(inputs))),
        unmoved_since=_unmoved_since(inputs, name),
        blocked=blocked,
        own=own,
        compares=_compares(inputs),
        fallen_here=inputs.known.fallen.get(inputs.target, {}).get((view.item_id, name), 0),
    )
    return replace(decide_counter(counter, inputs.flow.on_conflict), alone=counter.allowed)


def _compares(inputs: StockInputs) -> bool:
    """Whether the channel compares a figure before it sets it."""
    writes = inputs.hub.connections[inputs.target].manifest.writes
    operation = inputs.mapping.fields["stock"].operation(inputs.view.kind)
    return operation not in writes or writes[operation].compare_and_set is not CompareAndSet.NONE


def _own(inputs: StockInputs, slot: str) -> Pending:
    """The channel's own orders that its counter has not absorbed; a read just after a sale may not show it yet.

    A read of the whole channel that found the record as it was is a look at it as well.
    """
    waiting = inputs.known.own.get(inputs.target, {}).get((inputs.view.item_id, slot), ())
    if not waiting:
        return Pending()
    view, reads = inputs.view, inputs.known.reads.get(inputs.target)
    seen_at = max(view.as_of, reads.read_at if reads else "")
    if view.written_since(seen_at):
        return pending(waiting, "")  # not read since a write of ours: what is known of this figure may be older
    lag = timedelta(seconds=inputs.hub.connections[inputs.target].manifest.read_after_write_seconds)
    return pending(waiting, instant_text(parse_instant(seen_at) - lag))


def _component_ids(inputs: StockInputs) -> list[int]:
    kit = inputs.hub.kits.get(inputs.known.skus.get(inputs.view.item_id, ""), ())
    return [inputs.known.ids[part.sku] for part in kit if part.sku in inputs.known.ids]


def _level(values: Mapping[str, Value], slot: Slot) -> Level | None:
    available = values.get(str(slot))
    if not isinstance(available, int):
        return None
    return Level(available, _count(values, "committed", slot), _count(values, "on_hand", slot))


def _count(values: Mapping[str, Value], name: str, slot: Slot) -> int | None:
    value = values.get(str(Slot(name, slot.scope)))
    return value if isinstance(value, int) else None
