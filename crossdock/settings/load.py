"""Read crossdock.yaml: all its problems at once, or the checked settings."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from canonical.errors import ConfigError, Problem
from connectors.manifest import Manifest
from crossdock.settings.accounts import check_accounts
from crossdock.settings.alerts import check_alerts
from crossdock.settings.check import check_shape
from crossdock.settings.database import database_problem
from crossdock.settings.findings import Findings
from crossdock.settings.flows import World, check_flows
from crossdock.settings.maps import mapping_files
from crossdock.settings.metrics import check_metrics, check_secret
from crossdock.settings.model import ConnectionSettings, Settings
from crossdock.settings.orders import check_booked, check_ready, read_orders, read_processors, read_routes
from crossdock.settings.owners import read_ownership
from crossdock.settings.platforms import Platforms
from crossdock.settings.retention import read_retention
from crossdock.settings.schedules import read_schedules
from crossdock.settings.schema import CONFIG, shape_of
from crossdock.settings.secrets import is_reference, malformed
from crossdock.settings.shape import ConfigShape
from crossdock.settings.stock import check_shares, read_kits, read_locations, read_pools
from crossdock.settings.telemetry import check_telemetry
from crossdock.settings.version import config_version
from crossdock.settings.webhooks import check_webhooks
from mappings.source import Document, load_yaml

DEFAULT_FILES = (Path("config/crossdock.yaml"), Path("crossdock.yaml"))
_TWICE = re.compile(r"the key '(?P<slot>[a-z_]+\.[a-z_]+(\[[^\]]*\])?)' is there twice")


def find_config(given: Path | None) -> Path:
    """The configuration file to use; ConfigError when there is none."""
    for path in (given,) if given else DEFAULT_FILES:
        if path.is_file():
            return path
    looked = given or " or ".join(str(path) for path in DEFAULT_FILES)
    hint = "run `crossdock init`, or name the file with --config"
    raise ConfigError([Problem(f"there is no configuration file {looked}", hint=hint)])


def load_settings(path: Path, platforms: Platforms) -> Settings:
    """Read and check a configuration file; ConfigError with every error found."""
    settings, problems = examine(path, platforms)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or settings is None:
        raise ConfigError(errors)
    return settings


def examine(path: Path, platforms: Platforms) -> tuple[Settings | None, list[Problem]]:
    """The settings as far as they are right, and every problem, warnings included."""
    try:
        document = load_yaml(path)
    except ConfigError as error:
        return None, [_two_owners(problem) for problem in error.problems]
    findings = Findings(document.file, document.position)
    faults, sound = check_shape({} if document.data is None else document.data, shape_of(CONFIG))
    for fault in faults:
        findings.error(fault.path, fault.message, fault.hint)
    if not isinstance(sound, dict) or "connections" not in sound:
        return None, findings.problems
    shape = msgspec.convert(sound, ConfigShape)
    used = {connection.connector for connection in shape.connections.values()}
    version = config_version(document.data, mapping_files(used, path.parent / "mappings"))
    settings = _settle(path, document, shape, version, platforms, findings)
    return settings, findings.problems


def _settle(
    path: Path, document: Document, shape: ConfigShape, version: str, platforms: Platforms, findings: Findings
) -> Settings:
    names = _declared(document.data, "connections")
    codes = _declared(document.data, "locations")
    for message, hint in malformed(shape.database):
        findings.error(("database",), message, hint)
    problem = None if is_reference(shape.database) else database_problem(shape.database)
    if problem is not None:
        findings.error(("database",), problem.message, problem.hint)
    manifests = check_accounts(shape.connections, platforms, findings)
    check_webhooks(shape.webhooks, shape.connections, manifests, findings)
    check_metrics(shape.metrics, findings)
    check_alerts(shape.alerts, shape.connections, findings)
    check_telemetry(shape.telemetry, findings)
    check_secret(shape.token_key, ("token_key",), findings)
    askable = not findings.wrong("connections", "database")
    ownership = read_ownership(shape.ownership, names, codes, document.file, findings)
    locations = read_locations(shape.locations, names, findings)
    pools = read_pools(shape.pools, codes, findings)
    world = World(names, _declared(document.data, "ownership"), shape.connections, locations, pools, ownership)
    if shape.flows and "variant.sku" not in _declared(document.data, "ownership"):
        hint = "add variant.sku with the connection whose records are the catalog"
        findings.error(("ownership",), "nobody owns variant.sku, by which records are recognized", hint)
    rules = check_flows(shape.flows, world, findings)
    check_shares(pools, rules, findings)
    check_booked(shape.orders, shape.routing, shape.flows, findings)
    check_ready(shape.orders, shape.routing, shape.connections, manifests, findings)
    return Settings(
        file=path,
        database=shape.database,
        connections=_connections(shape, manifests, locations),
        locations=locations,
        ownership=ownership,
        pools=pools,
        flows=shape.flows,
        rules=rules,
        kits=read_kits(shape.kits, findings),
        units=shape.units,
        guards=shape.guards,
        plan_max_age=timedelta(hours=shape.plan.max_age_hours),
        version=version,
        document=document,
        orders=read_orders(shape.orders, manifests, names, findings),
        routes=read_routes(shape.routing, manifests, names, locations, shape.orders, findings),
        processors=read_processors(shape.payments, manifests, names, shape.orders, findings),
        webhooks=shape.webhooks,
        retention=read_retention(shape.retention),
        schedules=read_schedules(
            shape.schedules, _declared(document.data, "flows"), names, findings, _written(document.data, "schedules")
        ),
        metrics=shape.metrics,
        alerts=shape.alerts,
        telemetry=shape.telemetry,
        privacy=shape.privacy,
        token_key=shape.token_key,
        askable=askable,
    )


def _declared(data: Any, block: str) -> list[str]:
    """The keys of a block as written, so that what is wrong inside one entry is not told again by those who name it."""
    return list(_written(data, block))


def _written(data: Any, block: str) -> dict[str, Any]:
    """A block as it stands in the file."""
    part = data.get(block)
    return part if isinstance(part, dict) else {}


def _connections(
    shape: ConfigShape, manifests: dict[str, Manifest], locations: dict[str, dict[str, str]]
) -> dict[str, ConnectionSettings]:
    return {
        name: ConnectionSettings(
            name=name,
            connector=shape.connections[name].connector,
            manifest=manifest,
            settings=shape.connections[name].settings,
            locations={code: ids[name] for code, ids in locations.items() if name in ids},
            currency=shape.connections[name].currency,
            read_only=shape.connections[name].read_only,
            allow_private_network=shape.connections[name].allow_private_network,
            write_settle_seconds=shape.connections[name].write_settle_seconds,
            webhook_secrets=tuple(shape.connections[name].webhook_secrets),
        )
        for name, manifest in manifests.items()
    }


def _two_owners(problem: Problem) -> Problem:
    """A slot written twice is a slot with two owners: say it in those words."""
    match = _TWICE.search(problem.message)
    if match is None:
        return problem
    return replace(problem, message=f"{match['slot']} is there twice: a slot has exactly one owner")
