"""What follows from the configuration: which entities a connection serves, and who must look when a slot moves."""

from __future__ import annotations

from collections.abc import Iterable

from canonical.slot import parse_slot
from mappings.compiled import CompiledMapping
from sync.config import FlowConfig, FlowKind, HubConfig


def entities_of(config: HubConfig, connection: str) -> frozenset[str]:
    """Entities read from a connection: those its flows move and those it owns fields of."""
    moved = {flow.entity for flow in config.flows.values() if connection == flow.source or connection in flow.targets}
    owned = {rule.entity for rule in config.ownership.rules if rule.owner == connection}
    # An order's lines are told by the channel's own variants, and asked for by those of whoever ships them.
    named = {"variant"} if connection in traders(config) and connection not in config.processors else set()
    return frozenset(moved | owned | named)


def traders(config: HubConfig) -> list[str]:
    """Connections that take part in orders: who gets requests, who keeps the money, then the channels."""
    asked = [target for flow in config.orders.values() for target in flow.targets]
    asked += [route.to for route in config.routes]
    return list(dict.fromkeys([*asked, *config.processors, *config.orders]))


def mappings_by_resource(config: HubConfig, connection: str) -> dict[str, list[CompiledMapping]]:
    """The mappings a connection's reads feed, by the platform's resource."""
    grouped: dict[str, list[CompiledMapping]] = {}
    chosen = config.connections[connection]
    for entity in sorted(entities_of(config, connection)):
        mapping = chosen.mappings.get(entity)
        if mapping is not None:
            grouped.setdefault(mapping.resource, []).append(mapping)
    return grouped


def read_paths(mappings: Iterable[CompiledMapping]) -> tuple[str, ...]:
    """Every platform path these mappings want, once."""
    return tuple(dict.fromkeys(path for mapping in mappings for path in mapping.read_paths))


def identity_owner(config: HubConfig) -> str | None:
    """The connection whose records make canonical items: the owner of ``variant.sku``."""
    return config.ownership.owner_of("variant", parse_slot("sku"))


def owns(config: HubConfig, connection: str, entity: str, slot: str) -> bool:
    """Whether a connection decides a slot."""
    return config.ownership.owner_of(entity, parse_slot(slot)) == connection


def moves(flow: FlowConfig, entity: str, slot: str) -> bool:
    """Whether a canonical slot is an input of a flow."""
    if flow.kind is FlowKind.INVENTORY and entity == "variant":
        return slot == "sellable"
    return entity == flow.entity and parse_slot(slot).field in flow.fields


def kits_using(config: HubConfig, sku: str) -> list[str]:
    """SKUs of the kits that need a stock item."""
    return [kit for kit, parts in config.kits.items() if any(part.sku == sku for part in parts)]


def channels_of_pool(config: HubConfig, pool: str) -> list[str]:
    """The connections that sell from a pool."""
    return sorted(
        {
            target
            for flow in config.flows.values()
            if flow.kind is FlowKind.INVENTORY
            for target, rule in flow.rules.items()
            if rule.pool == pool
        }
    )
