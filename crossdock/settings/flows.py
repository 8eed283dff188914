"""Check each flow: its ends exist, its fields can flow, and its source owns every slot it writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from canonical.fields import ENTITIES, FIELDS, FieldKind, FieldType, ScopeKind
from canonical.inventory import ChannelRule, Pool
from canonical.ownership import Ownership
from canonical.slot import Slot
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.shape import ConnectionShape, FlowShape, TargetShape
from crossdock.settings.stock import read_rule
from crossdock.settings.suggest import did_you_mean

_STOCK = FIELDS["inventory", "stock"]


@dataclass(frozen=True, slots=True)
class World:
    """What flows refer to; ``names`` and ``slots`` also hold what is declared but wrong, to spare the operator echoes."""

    names: Collection[str]
    slots: Collection[str]
    connections: Mapping[str, ConnectionShape]
    locations: Mapping[str, Mapping[str, str]]
    pools: Mapping[str, Pool]
    ownership: Ownership


def fields_of(flow: FlowShape) -> tuple[str, tuple[str, ...]]:
    """The entity and fields a flow moves; an inventory flow always moves the stock figure."""
    return ("inventory", ("stock",)) if flow.kind == "inventory" else (flow.entity, tuple(flow.fields))


def check_flows(
    flows: Mapping[str, FlowShape], world: World, findings: Findings
) -> dict[str, dict[str, ChannelRule]]:
    """The channel rules of each inventory flow by target; every problem goes to the findings."""
    rules: dict[str, dict[str, ChannelRule]] = {}
    writers: dict[tuple[str, str, str], str] = {}
    for name, flow in flows.items():
        path: Path = ("flows", name)
        if flow.source not in world.names:
            hint = did_you_mean(flow.source, world.names)
            findings.error((*path, "source"), f"there is no connection {flow.source}", hint)
        types = _field_types(flow, path, findings)
        rules[name] = {}
        for target, shape in flow.targets.items():
            place: Path = (*path, "targets", target)
            if not _is_target(target, flow, world, place, findings):
                continue
            _check_unique(name, target, types, writers, place, findings)
            rule = _channel(target, flow, shape or TargetShape(), world, place, findings)
            if rule is not None:
                rules[name][target] = rule
            _check_owner(flow, target, types, rule, world, place, findings)
        _check_source_locations(flow, rules[name], world, path, findings)
    return rules


def _field_types(flow: FlowShape, path: Path, findings: Findings) -> list[FieldType]:
    if flow.kind == "inventory":
        if flow.entity not in ("", "inventory"):
            findings.error((*path, "entity"), "an inventory flow moves the entity inventory", "remove this line")
        if flow.fields not in ([], ["stock"]):
            findings.error((*path, "fields"), "an inventory flow moves the stock figure only", "remove this line")
        return [_STOCK]
    if flow.entity not in ENTITIES:
        message = f"there is no entity {flow.entity}" if flow.entity else "a state flow needs an entity"
        findings.error((*path, "entity"), message, did_you_mean(flow.entity, ENTITIES))
        return []
    if not flow.fields:
        findings.error(path, "a state flow needs its fields", "as in fields: [price]")
    return [
        field
        for number, name in enumerate(flow.fields)
        if (field := _state_field(flow.entity, name, (*path, "fields", number), findings))
    ]


def _state_field(entity: str, name: str, path: Path, findings: Findings) -> FieldType | None:
    field = FIELDS.get((entity, name))
    if field is None:
        known = [known for owner, known in FIELDS if owner == entity]
        findings.error(path, f"{entity} has no field {name}", did_you_mean(name, known))
    elif field.kind is not FieldKind.PLAIN:
        advice = {
            FieldKind.COUNTER: "use a flow of kind inventory",
            FieldKind.EVIDENCE: "it is only read",
            FieldKind.IDENTITY: "records are recognized by it; it is not moved",
        }
        findings.error(path, f"a state flow cannot move {entity}.{name}", advice[field.kind])
    else:
        return field
    return None


def _is_target(target: str, flow: FlowShape, world: World, path: Path, findings: Findings) -> bool:
    if target not in world.names:
        findings.error(path, f"there is no connection {target}", did_you_mean(target, world.names))
    elif target == flow.source:
        findings.error(path, f"{target} is the source of this flow", "a flow goes from its source to others")
    elif target in world.connections and world.connections[target].read_only:
        findings.error(path, f"{target} is read_only", "remove it here, or read_only from the connection")
    else:
        return True
    return False


def _check_unique(
    name: str,
    target: str,
    types: list[FieldType],
    writers: dict[tuple[str, str, str], str],
    path: Path,
    findings: Findings,
) -> None:
    for field in types:
        first = writers.setdefault((target, field.entity, field.name), name)
        if first != name:
            message = f"{field.entity}.{field.name} on {target} is already written by the flow {first}"
            findings.error(path, message, "let one flow write it")


def _channel(
    target: str, flow: FlowShape, shape: TargetShape, world: World, path: Path, findings: Findings
) -> ChannelRule | None:
    if flow.kind == "inventory":
        return read_rule(target, shape, world.pools, world.locations, path, findings)
    for key in shape.__struct_fields__:
        if getattr(shape, key) != getattr(TargetShape(), key):
            findings.error((*path, key), f"{key} belongs to inventory flows", "remove it here")
    return None


def _check_owner(
    flow: FlowShape,
    target: str,
    types: list[FieldType],
    rule: ChannelRule | None,
    world: World,
    path: Path,
    findings: Findings,
) -> None:
    for field in types:
        for scope in _scopes(field, flow, target, rule, world, path, findings):
            text = f"{field.entity}.{Slot(field.name, scope)}"
            owner = world.ownership.rule_of(field.entity, Slot(field.name, scope))
            if owner is None and not _declared(field, scope, world.slots):
                findings.error(path, f"nobody owns {text}, which this flow writes", f"add {text}: {flow.source} to ownership")
            elif owner is not None and owner.owner != flow.source and owner.owner in world.names:
                message = f"{text} belongs to {owner.owner} (line {owner.line}), but this flow takes it from {flow.source}"
                findings.error(path, message, "a flow's source owns what the flow moves")


def _declared(field: FieldType, scope: str, slots: Collection[str]) -> bool:
    """Whether the table has a line for the slot that is wrong in another way, which was told already."""
    return bool({f"{field.entity}.{Slot(field.name, text)}" for text in (scope, "*", "")} & set(slots))


def _scopes(
    field: FieldType,
    flow: FlowShape,
    target: str,
    rule: ChannelRule | None,
    world: World,
    path: Path,
    findings: Findings,
) -> tuple[str, ...]:
    if field.scope is ScopeKind.LOCATION:
        return world.pools[rule.pool].locations if rule else ()
    if field.scope is ScopeKind.LOCALE:
        return ("*",)
    if field.scope is ScopeKind.NONE:
        return ("",)
    if target not in world.connections or flow.source not in world.connections:
        return ()
    theirs, ours = world.connections[target].currency, world.connections[flow.source].currency
    for connection, currency in ((target, theirs), (flow.source, ours)):
        if not currency:
            findings.error(("connections", connection), f"{connection} needs a currency for {field.name}", "as in currency: EUR")
    if theirs and ours and theirs != ours:
        message = f"{flow.source} keeps {ours} and {target} keeps {theirs}: no {field.name} can flow"
        findings.error(path, message, "amounts are never converted; use accounts of one currency")
    return (theirs,) if theirs else ()


def _check_source_locations(
    flow: FlowShape, rules: Mapping[str, ChannelRule], world: World, path: Path, findings: Findings
) -> None:
    """A source that counts by location must have an id for every location of the pools it fills."""
    if not any(flow.source in ids for ids in world.locations.values()):
        return
    for code in dict.fromkeys(code for rule in rules.values() for code in world.pools[rule.pool].locations):
        if code in world.locations and flow.source not in world.locations[code]:
            hint = f"add {flow.source}: \"…\" there; `crossdock doctor` lists the ids"
            findings.error(("locations", code), f"{code} has no id on {flow.source}, the source of its stock", hint)
