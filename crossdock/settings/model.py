"""The checked configuration as frozen values; secrets are still references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from canonical.errors import Problem
from canonical.inventory import ChannelRule, Component, Pool
from canonical.ownership import Ownership
from connectors.manifest import Manifest
from crossdock.settings.alerts import AlertsShape
from crossdock.settings.metrics import MetricsShape
from crossdock.settings.privacy import PrivacyShape
from crossdock.settings.shape import FlowShape, GuardsShape, SettingValue, WebhooksShape
from crossdock.settings.telemetry import TelemetryShape
from mappings.source import DataPath, Document
from sync.config import Processor, Retention
from sync.orders.routes import OrderFlow, Route
from sync.schedule import Schedule


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One account as the operator wrote it; ``locations`` maps its location codes to the platform's ids."""

    name: str
    connector: str
    manifest: Manifest
    settings: Mapping[str, SettingValue]
    locations: Mapping[str, str]
    currency: str = ""
    read_only: bool = False
    allow_private_network: bool = False
    write_settle_seconds: float | None = None
    webhook_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """All of crossdock.yaml, checked; ``rules`` holds the channel rules of each inventory flow by target."""

    file: Path
    database: str
    connections: Mapping[str, ConnectionSettings]
    locations: Mapping[str, Mapping[str, str]]
    ownership: Ownership = field(compare=False)
    """Not compared, since its rules know their lines: ``version`` is another one when they change."""
    pools: Mapping[str, Pool]
    flows: Mapping[str, FlowShape]
    rules: Mapping[str, Mapping[str, ChannelRule]]
    kits: Mapping[str, tuple[Component, ...]]
    units: Mapping[str, int]
    guards: GuardsShape
    plan_max_age: timedelta
    version: str
    document: Document = field(repr=False, compare=False)
    orders: Mapping[str, OrderFlow] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    processors: Mapping[str, Processor] = field(default_factory=dict)
    webhooks: WebhooksShape = field(default_factory=WebhooksShape)
    retention: Retention = field(default_factory=Retention)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    metrics: MetricsShape = field(default_factory=MetricsShape)
    alerts: AlertsShape = field(default_factory=AlertsShape)
    telemetry: TelemetryShape = field(default_factory=TelemetryShape)
    privacy: PrivacyShape = field(default_factory=PrivacyShape)
    token_key: str = ""
    askable: bool = True
    """Whether the accounts and the database are right as written, whatever is wrong in other blocks."""

    def locate(self, path: DataPath) -> tuple[int, int]:
        """Line and column of a place in the file."""
        return self.document.position(path)

    def problem(self, path: DataPath, message: str, hint: str = "") -> Problem:
        """A finding about a place in the file."""
        return self.document.problem(path, message, hint)

    @property
    def config_dir(self) -> Path:
        """The folder of crossdock.yaml; relative paths in it start here."""
        return self.file.parent

    @property
    def mappings_dir(self) -> Path:
        """The folder of the operator's mapping overrides."""
        return self.config_dir / "mappings"
