"""A hub over in-memory platforms: an ERP that owns stock and prices, and shops that sell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from canonical.inventory import ChannelRule, Pool
from canonical.ownership import Ownership, OwnershipRule
from connectors.base import Connector, Environment
from connectors.manifest import load_manifest
from connectors.memory.connector import connect
from connectors.memory.simulator.world import WORLDS, MemoryWorld, world
from connectors.simulation import Ticker
from mappings.compiled import CompiledMapping
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext
from mappings.spec import MappingSpec
from sync import adopt
from sync.config import Baseline, ConnectionConfig, FlowConfig, FlowKind, GuardConfig, HubConfig, Policy
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import look
from sync.store.database import open_database


@dataclass
class Shops:
    """A hub and the platforms it speaks to."""

    hub: Hub
    erp: MemoryWorld
    worlds: dict[str, MemoryWorld]
    clock: Ticker

    @property
    def shop(self) -> MemoryWorld:
        """The first shop."""
        return self.worlds["shop"]

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def adopt(self, baseline: Baseline = Baseline.OWNER) -> None:
        """Read everything, link it and make every flow live."""
        look(self.hub, ReadMode.FULL)
        for flow in self.hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(self.hub, flow, target, baseline)
        self.tick()


def memory_mappings(locations: Mapping[str, str], *, only_left: bool = False) -> dict[str, CompiledMapping]:
    """How an in-memory world maps, with its location ids by code; perhaps just what is left of its stock."""
    context = MappingContext(currency="EUR", locations={external: code for code, external in locations.items()})
    specs = load_mappings("memory", None)
    if only_left:
        specs = [_only_left(spec) if spec.entity == "inventory" else spec for spec in specs]
    return {spec.entity: compile_mapping(spec, context) for spec in specs}


def _only_left(spec: MappingSpec) -> MappingSpec:
    fields = {"stock": spec.body.fields["stock"]}
    return replace(spec, body=msgspec.structs.replace(spec.body, fields=fields))


def memory_connection(name: str, platform_world: str, locations: Mapping[str, str]) -> ConnectionConfig:
    """A connection to an in-memory world; its own location ids are ``name:code``."""

    def build(environment: Environment) -> Connector:
        return connect({"world": platform_world}, environment)

    return ConnectionConfig(
        name=name,
        platform="memory",
        manifest=load_manifest("connectors.memory"),
        mappings=memory_mappings(locations),
        build=build,
        locations=dict(locations),
        currency="EUR",
    )


def hub_config(shops: tuple[str, ...], prefix: str, **more: Any) -> HubConfig:
    """An ERP with two warehouses, and shops that list both."""
    policy = more.pop("policy", Policy.HOLD)
    rules = more.pop("rules", {})
    places = {"WH1": "WH1", "WH2": "WH2"}
    connections = {name: memory_connection(name, f"{prefix}{name}", places) for name in ("erp", *shops)}
    owned = [
        ("variant", "sku", ""),
        ("variant", "price", "EUR"),
        ("inventory", "stock", "*"),
        ("variant", "tags", ""),
        ("variant", "description", ""),
    ]
    channel = {name: rules.get(name, ChannelRule(name, "main")) for name in shops}
    flows = {
        "inventory": FlowConfig(
            "inventory", FlowKind.INVENTORY, "inventory", ("stock",), "erp", shops, policy, rules=channel
        ),
        "prices": FlowConfig(
            "prices", FlowKind.STATE, "variant", ("price", "tags", "description"), "erp", shops, policy
        ),
    }
    settings: dict[str, Any] = {
        "version": "v1",
        "connections": connections,
        "ownership": Ownership([OwnershipRule(entity, field, scope, "erp") for entity, field, scope in owned]),
        "flows": flows,
        "pools": {"main": Pool("main", ("WH1", "WH2"))},
        "guards": GuardConfig(),
    }
    return HubConfig(**{**settings, **more})


def open_shops(url: str, *, shops: tuple[str, ...] = ("shop",), prefix: str = "", items: int = 3, **more: Any) -> Shops:
    """A fresh hub over fresh worlds, with ``items`` equal things on every platform."""
    clock = Ticker()
    for name in ("erp", *shops):
        WORLDS[f"{prefix}{name}"] = MemoryWorld()
    hub = Hub(hub_config(shops, prefix, **more), open_database(url), clock)
    found = Shops(hub, world(f"{prefix}erp"), {name: world(f"{prefix}{name}") for name in shops}, clock)
    for number in range(1, items + 1):
        for platform in (found.erp, *found.worlds.values()):
            platform.add(f"SKU-{number}", price="10.00", stock={"WH1": 10, "WH2": 5})
    return found
