"""The engine gets exactly what the operator wrote, and secrets only when a connector is built."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from canonical.errors import ConfigError
from connectors.base import Environment
from connectors.manifest import Setting
from connectors.simulation import Ticker
from crossdock.health import MemoryState
from crossdock.settings.hub import database_url, hub_config, resolved
from crossdock.settings.lint import checked
from crossdock.settings.model import Settings
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync.config import Baseline, FlowKind, HubConfig, Policy

CONFIG = """\
database: sqlite:///state/hub.sqlite
connections:
  erp: {connector: memory, settings: {world: "${env:ERP_WORLD}"}, currency: EUR, read_only: true}
  shop: {connector: memory, settings: {world: hub-test-shop}, currency: EUR, write_settle_seconds: 5}
locations:
  WH1: {erp: W1, shop: S1}
ownership:
  variant.sku: erp
  variant.price[EUR]: erp
  inventory.stock[*]: erp
pools:
  main: {locations: [WH1], safety_stock: 3}
flows:
  stock: {kind: inventory, source: erp, targets: {shop: {pool: main, max_listed: 9}}}
  prices:
    {kind: state, source: erp, entity: variant, fields: [price], targets: {shop: },
     on_conflict: restore, baseline: theirs, sweep_every_minutes: 30}
guards: {zero_percent: 5, window_hours: 12}
"""


def _settings(tmp_path: Path, text: str = CONFIG) -> Settings:
    path = tmp_path / "crossdock.yaml"
    path.write_text(text, encoding="utf-8")
    return checked(path, InstalledPlatforms())


def _hub(tmp_path: Path, environ: dict[str, str] | None = None) -> HubConfig:
    return hub_config(_settings(tmp_path), Resolver(environ or {}, tmp_path))


def test_flows_rules_and_guards_arrive_as_written(tmp_path: Path) -> None:
    hub = _hub(tmp_path)
    stock, prices = hub.flows["stock"], hub.flows["prices"]
    assert (stock.kind, stock.entity, stock.fields, stock.targets) == (
        FlowKind.INVENTORY,
        "inventory",
        ("stock",),
        ("shop",),
    )
    assert (stock.rules["shop"].max_listed, stock.rules["shop"].locations) == (9, ("WH1",))
    assert (prices.on_conflict, prices.baseline, prices.sweep_every) == (
        Policy.RESTORE,
        Baseline.THEIRS,
        timedelta(minutes=30),
    )
    assert (hub.guards.zero_percent, hub.guards.changed_percent, hub.guards.window) == (5, 30, timedelta(hours=12))
    assert hub.pools["main"].safety_stock == 3
    assert hub.connections["shop"].write_settle_seconds == 5
    assert hub.version == _settings(tmp_path).version


def test_mappings_are_compiled_with_the_connections_own_locations_and_currency(tmp_path: Path) -> None:
    mapping = _hub(tmp_path).connections["erp"].mappings["inventory"]
    raw = b'{"id": "1", "sku": "A", "levels": [{"location": "W1", "available": 7}], "kind": "item", "version": "1"}'
    record = mapping.decode(raw)
    assert record is not None
    assert record.slots["stock[WH1]"] == 7


def test_no_secret_is_read_before_a_connector_is_built(tmp_path: Path, clock: Ticker) -> None:
    connection = _hub(tmp_path).connections["erp"]
    with pytest.raises(ConfigError, match="connection erp, setting world: the environment variable ERP_WORLD"):
        connection.build(Environment("erp", clock, MemoryState()))


def test_a_read_only_connection_never_gets_a_connector_that_writes(tmp_path: Path, clock: Ticker) -> None:
    hub = _hub(tmp_path, {"ERP_WORLD": "hub-test-erp"})
    given: list[bool] = []
    for name in ("erp", "shop"):
        connector = hub.connections[name].build(Environment(name, clock, MemoryState()))
        given.append(connector.environment.read_only)  # type: ignore[attr-defined]
    assert given == [True, False]


def test_a_sqlite_file_lies_beside_the_configuration_wherever_the_command_runs(tmp_path: Path) -> None:
    url = database_url(_settings(tmp_path), Resolver({}, tmp_path))
    assert url == f"sqlite:///{tmp_path}/state/hub.sqlite"


def test_a_database_url_may_come_from_the_environment_but_must_be_one(tmp_path: Path) -> None:
    settings = replace(_settings(tmp_path), database="${env:DATABASE_URL}")
    good = "postgresql://me:pw@localhost/hub"
    assert database_url(settings, Resolver({"DATABASE_URL": good}, tmp_path)) == good
    with pytest.raises(ConfigError, match="not a database URL") as caught:
        database_url(settings, Resolver({"DATABASE_URL": "mysql://me:hunter2@localhost/hub"}, tmp_path))
    assert "hunter2" not in str(caught.value)


def test_a_referred_value_is_read_as_the_kind_its_setting_has(tmp_path: Path) -> None:
    erp = _settings(tmp_path).connections["erp"]
    kinds = {"a": "integer", "b": "number", "c": "flag", "d": "text"}
    manifest_settings = {key: Setting(about="", kind=kind) for key, kind in kinds.items()}
    manifest = type(erp.manifest)(name="x", title="X", docs="", settings=manifest_settings, resources={}, writes={})
    connection = replace(erp, manifest=manifest, settings={key: f"${{env:{key.upper()}}}" for key in kinds})
    environ = {"A": "5", "B": "1.5", "C": "yes", "D": "5"}
    assert resolved(connection, Resolver(environ, tmp_path)) == {"a": 5, "b": 1.5, "c": True, "d": "5"}
    with pytest.raises(ConfigError) as caught:
        resolved(connection, Resolver({"A": "sesame", "B": "?", "C": "maybe", "D": "x"}, tmp_path))
    assert len(caught.value.problems) == 3
    assert "sesame" not in str(caught.value)
