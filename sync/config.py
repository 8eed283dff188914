"""The configuration as the engine sees it: frozen, checked, free of files and secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path

from canonical.inventory import ChannelRule, Component, Pool
from canonical.ownership import Ownership
from connectors.base import Connector, Environment
from connectors.manifest import Manifest
from mappings.compiled import CompiledMapping
from mappings.documents import DocumentMapping
from sync.orders.routes import OrderFlow, Route
from sync.payments.refunds import RefundsBy


class FlowKind(Enum):
    """What a flow moves: plain owned fields, or stock, which is a counter."""

    STATE = "state"
    INVENTORY = "inventory"


class Policy(Enum):
    """What happens to a value that someone changed who does not own it."""

    HOLD = "hold"
    RESTORE = "restore"
    ADOPT = "adopt"


class Baseline(Enum):
    """Whose value counts where the two sides differ at the first sync (R12)."""

    OWNER = "owner"
    THEIRS = "theirs"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One configured account: how to build its connector, and its mappings by entity.

    ``locations`` maps each location code of ours to the platform's own id of that place; ``documents`` the mapping of
    each kind of document that is read from there or sent there.
    """

    name: str
    platform: str
    manifest: Manifest
    mappings: Mapping[str, CompiledMapping]
    build: Callable[[Environment], Connector]
    documents: Mapping[str, DocumentMapping] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    write_settle_seconds: float | None = None

    @property
    def lag(self) -> timedelta:
        """How long its reads may show what was there before a write."""
        return timedelta(seconds=self.manifest.read_after_write_seconds)


@dataclass(frozen=True, slots=True)
class FlowConfig:
    """One entity's fields, from their owner to its targets.

    ``rules`` holds the channel rule of each target of an inventory flow; it is empty for a state flow.
    """

    name: str
    kind: FlowKind
    entity: str
    fields: tuple[str, ...]
    source: str
    targets: tuple[str, ...]
    on_conflict: Policy = Policy.HOLD
    baseline: Baseline = Baseline.OWNER
    rules: Mapping[str, ChannelRule] = field(default_factory=dict)
    sweep_every: timedelta = timedelta(hours=24)

    def scope(self, target: str, pools: Mapping[str, Pool]) -> str:
        """The fields that the flow moves to a target and the places they come from, as one text."""
        rule = self.rules.get(target)
        places = (*pools[rule.pool].locations, *rule.locations) if rule and rule.pool in pools else ()
        return ",".join(sorted({*self.fields, *places}))


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """When to stop and ask; percentages are 0 to 100 and judge sets of ``min_population`` and more."""

    changed_percent: float = 30.0
    zero_percent: float = 20.0
    source_min_percent: float = 80.0
    price_move_percent: float = 30.0
    min_population: int = 10
    window: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over is kept; None is for ever. What is open is never deleted, however old it is."""

    payloads: timedelta | None = timedelta(days=30)
    journal: timedelta | None = timedelta(days=180)
    runs: timedelta | None = timedelta(days=90)
    personal_data: timedelta | None = timedelta(days=180)
    closed: timedelta | None = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Processor:
    """A payment processor: the channels it is paid for, and what these call it; no names mean every gateway.

    ``refunds`` is who commands that money paid through it is given back.
    """

    channels: tuple[str, ...]
    gateways: frozenset[str] = frozenset()
    refunds: RefundsBy = RefundsBy.MANUAL


@dataclass(frozen=True, slots=True)
class HubConfig:
    """Everything the engine is told by the operator.

    ``version`` names this exact configuration: a plan and a run carry it. ``orders`` are the order flows by channel,
    ``processors`` who tells what became of each channel's money. ``erasures_file`` keeps once more who was forgotten.
    """

    version: str
    connections: Mapping[str, ConnectionConfig]
    ownership: Ownership
    flows: Mapping[str, FlowConfig]
    pools: Mapping[str, Pool] = field(default_factory=dict)
    kits: Mapping[str, tuple[Component, ...]] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    guards: GuardConfig = GuardConfig()
    plan_max_age: timedelta = timedelta(hours=24)
    orders: Mapping[str, OrderFlow] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    processors: Mapping[str, Processor] = field(default_factory=dict)
    retention: Retention = Retention()
    erasures_file: Path | None = None

    def flows_of(self, target: str) -> list[FlowConfig]:
        """The flows that write to a connection."""
        return [flow for flow in self.flows.values() if target in flow.targets]
