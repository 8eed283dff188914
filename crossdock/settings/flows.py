"""Check each flow: its ends exist, its fields can flow, and its source owns every slot it writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from canonical.fields import ENTITIES, FIELDS, FieldKind, FieldType, ScopeKind
from canonical.hints import did_you_mean
from canonical.inventory import ChannelRule, Pool
from canonical.ownership import Ownership
from canonical.slot import Slot
from crossdock.settings.check import Path
from crossdock.settings.findings import Findings
from crossdock.settings.shape import ConnectionShape, FlowShape, TargetShape
from crossdock.settings.stock import read_rule

_STOCK = FIELDS["inventory", "stock"]
_WHY_NOT = {
    FieldKind.COUNTER: "use a flow of kind inventory",
    FieldKind.EVIDENCE: "it is only read",
    FieldKind.IDENTITY: "records are recognized by it; it is not moved",
}


@dataclass(frozen=True, slots=True)
class World:
    """What flows refer to; ``names`` and ``slots`` also hold what is declared but wrong, which was told already."""

    names: Collection[str]
    slots: Collection[str]
    connections: Mapping[str, ConnectionShape]
    locations: Mapping[str, Mapping[str, str]]
    pools: Mapping[str, Pool]
    ownership: Ownership


def fields_of(flow: FlowShape) -> tuple[str, tuple[str, ...]]:
    """The entity and fields a flow moves; an inventory flow always moves the stock figure."""
    return ("inventory", ("stock",)) if flow.kind == "inventory" else (flow.entity, tuple(flow.fields))


def check_flows(flows: Mapping[str, FlowShape], world: World, findings: Findings) -> dict[str, dict[str, ChannelRule]]:
    """The channel rules of each inventory flow by target; every problem goes to the findings."""
    writers: dict[tuple[str, str, str], str] = {}
    return {name: _Flow(name, flow, world, findings).check(writers) for name, flow in flows.items()}


class _Flow:
    """Checks one flow."""

    def __init__(self, name: str, flow: FlowShape, world: World, findings: Findings) -> None:
        self.name = name
        self.flow = flow
        self.world = world
        self.findings = findings
        self.path: Path = ("flows", name)

    def check(self, writers: dict[tuple[str, str, str], str]) -> dict[str, ChannelRule]:
        """The channel rule of each target; ``writers`` remembers which flow writes what."""
        source = self.flow.source
        if source not in self.world.names:
            hint = did_you_mean(source, self.world.names)
            self.findings.error((*self.path, "source"), f"there is no connection {source}", hint)
        types = self.field_types()
        rules: dict[str, ChannelRule] = {}
        for target, shape in self.flow.targets.items():
            if not self.is_target(target):
                continue
            self.check_unique(target, types, writers)
            rule = self.channel(target, shape or TargetShape())
            if rule is not None:
                rules[target] = rule
            for field in types:
                self.check_owner(target, field, rule)
        return rules

    def place(self, target: str) -> Path:
        return (*self.path, "targets", target)

    def field_types(self) -> list[FieldType]:
        flow, error = self.flow, self.findings.error
        if flow.kind == "inventory":
            if flow.entity not in {"", "inventory"}:
                error((*self.path, "entity"), "an inventory flow moves the entity inventory", "remove this line")
            if flow.fields not in ([], ["stock"]):
                error((*self.path, "fields"), "an inventory flow moves the stock figure only", "remove this line")
            return [_STOCK]
        if flow.entity not in ENTITIES:
            message = f"there is no entity {flow.entity}" if flow.entity else "a state flow needs an entity"
            error((*self.path, "entity"), message, did_you_mean(flow.entity, ENTITIES))
            return []
        if not flow.fields:
            error(self.path, "a state flow needs its fields", "as in fields: [price]")
        fields = [self.state_field(number, name) for number, name in enumerate(flow.fields)]
        return [field for field in fields if field is not None]

    def state_field(self, number: int, name: str) -> FieldType | None:
        entity, path = self.flow.entity, (*self.path, "fields", number)
        field = FIELDS.get((entity, name))
        if field is None:
            known = [known for owner, known in FIELDS if owner == entity]
            self.findings.error(path, f"{entity} has no field {name}", did_you_mean(name, known))
            return None
        if field.kind is not FieldKind.PLAIN:
            self.findings.error(path, f"a state flow cannot move {entity}.{name}", _WHY_NOT[field.kind])
            return None
        return field

    def is_target(self, target: str) -> bool:
        world, error, path = self.world, self.findings.error, self.place(target)
        if target not in world.names:
            error(path, f"there is no connection {target}", did_you_mean(target, world.names))
        elif target == self.flow.source:
            error(path, f"{target} is the source of this flow", "a flow goes from its source to others")
        elif target in world.connections and world.connections[target].read_only:
            error(path, f"{target} is read_only", "remove it here, or read_only from the connection")
        else:
            return True
        return False

    def check_unique(self, target: str, types: list[FieldType], writers: dict[tuple[str, str, str], str]) -> None:
        for field in types:
            first = writers.setdefault((target, field.entity, field.name), self.name)
            if first != self.name:
                message = f"{field.entity}.{field.name} on {target} is already written by the flow {first}"
                self.findings.error(self.place(target), message, "let one flow write it")

    def channel(self, target: str, shape: TargetShape) -> ChannelRule | None:
        path = self.place(target)
        if self.flow.kind == "inventory":
            return read_rule(target, shape, self.world.pools, self.world.locations, path, self.findings)
        for key in shape.__struct_fields__:
            if getattr(shape, key) != getattr(TargetShape(), key):
                self.findings.error((*path, key), f"{key} belongs to inventory flows", "remove it here")
        return None

    def check_owner(self, target: str, field: FieldType, rule: ChannelRule | None) -> None:
        source, path = self.flow.source, self.place(target)
        for scope in self.scopes(target, field, rule):
            text = f"{field.entity}.{Slot(field.name, scope)}"
            owner = self.world.ownership.rule_of(field.entity, Slot(field.name, scope))
            if owner is None and not self.is_declared(field, scope):
                message = f"nobody owns {text}, which this flow writes"
                self.findings.error(path, message, f"add {text}: {source} to ownership")
            elif owner is not None and owner.owner != source and owner.owner in self.world.names:
                message = f"{text} belongs to {owner.owner} (line {owner.line}), but this flow takes it from {source}"
                self.findings.error(path, message, "a flow's source owns what the flow moves")

    def is_declared(self, field: FieldType, scope: str) -> bool:
        """Whether the table has a line for the slot that is wrong in another way, which was told already."""
        return any(f"{field.entity}.{Slot(field.name, text)}" in self.world.slots for text in (scope, "*", ""))

    def scopes(self, target: str, field: FieldType, rule: ChannelRule | None) -> tuple[str, ...]:
        if field.scope is ScopeKind.LOCATION:
            return self.world.pools[rule.pool].locations if rule else ()
        if field.scope is ScopeKind.CURRENCY:
            return self.currency(target, field)
        return ("*",) if field.scope is ScopeKind.LOCALE else ("",)

    def currency(self, target: str, field: FieldType) -> tuple[str, ...]:
        both = {name: self.world.connections.get(name) for name in (target, self.flow.source)}
        for name, connection in both.items():
            if connection is not None and not connection.currency:
                message = f"{name} needs a currency for {field.name}"
                self.findings.error(("connections", name), message, "as in currency: EUR")
        theirs, ours = (connection.currency if connection else "" for connection in both.values())
        if theirs and ours and theirs != ours:
            message = f"{self.flow.source} keeps {ours} and {target} keeps {theirs}: no {field.name} can flow"
            hint = "amounts are never converted; use accounts of one currency"
            self.findings.error(self.place(target), message, hint)
        return (theirs,) if theirs else ()
