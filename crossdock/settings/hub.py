"""Turn checked settings into what the engine runs on: mappings compiled, connectors ready to be built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from canonical.errors import ConfigError, Problem
from connectors import registry
from connectors.base import Connector, Environment
from connectors.manifest import Setting
from connectors.vault import SHORTEST_KEY, Vault
from crossdock.settings.database import absolute, database_problem
from crossdock.settings.flows import fields_of
from crossdock.settings.model import ConnectionSettings, Settings
from crossdock.settings.secrets import Resolver, is_reference
from crossdock.settings.shape import FlowShape, SettingValue
from mappings.compiled import CompiledMapping
from mappings.compiler import compile_mapping
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.loader import load_mappings
from mappings.model import MappingContext
from sync.config import Baseline, ConnectionConfig, FlowConfig, FlowKind, GuardConfig, HubConfig, Policy

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def hub_config(settings: Settings, resolver: Resolver) -> HubConfig:
    """Everything the engine is told; secrets are read when a connector is built, not before."""
    return HubConfig(
        version=settings.version,
        connections={
            name: _connection(connection, settings, resolver) for name, connection in settings.connections.items()
        },
        ownership=settings.ownership,
        flows={name: _flow(name, flow, settings) for name, flow in settings.flows.items()},
        pools=settings.pools,
        kits=settings.kits,
        units=settings.units,
        guards=_guards(settings),
        plan_max_age=settings.plan_max_age,
        orders=settings.orders,
        routes=settings.routes,
        processors=settings.processors,
        retention=settings.retention,
        erasures_file=erasures_file(settings),
    )


def erasures_file(settings: Settings) -> Path | None:
    """The file that is named for the list of erasures, or None."""
    named = settings.privacy.erasures_file
    return settings.config_dir / named if named else None


def database_url(settings: Settings, resolver: Resolver) -> str:
    """The database's URL with its references read, a SQLite path made absolute from the configuration's folder."""
    url = resolver.resolve(settings.database).reveal() if is_reference(settings.database) else settings.database
    problem = database_problem(url)
    if problem:
        raise ConfigError([replace(problem, file=str(settings.file), line=settings.locate(("database",))[0])])
    return absolute(url, settings.config_dir)


def resolved(connection: ConnectionSettings, resolver: Resolver) -> dict[str, SettingValue]:
    """The connector's own settings with every reference read; ConfigError naming what cannot be read."""
    values: dict[str, SettingValue] = {}
    problems: list[Problem] = []
    for key, value in connection.settings.items():
        try:
            read = resolver.resolve(value).reveal() if isinstance(value, str) and is_reference(value) else value
            values[key] = _of_kind(key, read, connection.manifest.settings[key])
        except ConfigError as error:
            place = f"connection {connection.name}, setting {key}"
            problems += [replace(problem, message=f"{place}: {problem.message}") for problem in error.problems]
    if problems:
        raise ConfigError(problems)
    if "currency" in connection.manifest.settings and connection.currency:
        values.setdefault("currency", connection.currency)
    return values


def token_key(reference: str, resolver: Resolver) -> str:
    """The key that tokens are kept with; ConfigError when it cannot be read or is too short to be one."""
    key = resolver.resolve(reference).reveal()
    if len(key) < SHORTEST_KEY:
        hint = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        raise ConfigError([Problem(f"token_key has fewer than {SHORTEST_KEY} characters", hint=hint)])
    return key


def _of_kind(key: str, value: SettingValue, setting: Setting) -> SettingValue:
    """What a reference gave is text; read it as the kind the manifest declares."""
    if not isinstance(value, str):
        return value
    try:
        if setting.kind == "integer":
            return int(value)
        if setting.kind == "number":
            return float(value)
        if setting.kind in {"flag", "boolean"}:
            return _FLAGS[value.strip().lower()]
    except (ValueError, KeyError) as error:
        raise ConfigError([Problem(f"the value of its reference is not of the kind {setting.kind}")]) from error
    return value


def _connection(connection: ConnectionSettings, settings: Settings, resolver: Resolver) -> ConnectionConfig:
    return ConnectionConfig(
        name=connection.name,
        platform=connection.connector,
        manifest=connection.manifest,
        mappings=_mappings(connection, settings),
        build=_builder(connection, resolver, settings.token_key),
        documents=_documents(connection, settings),
        locations=connection.locations,
        currency=connection.currency,
        write_settle_seconds=connection.write_settle_seconds,
    )


def _mappings(connection: ConnectionSettings, settings: Settings) -> Mapping[str, CompiledMapping]:
    codes = {external_id: code for code, external_id in connection.locations.items()}
    context = MappingContext(connection.currency, codes)
    specs = load_mappings(connection.connector, settings.mappings_dir)
    return {spec.entity: compile_mapping(spec, context) for spec in specs}


def _documents(connection: ConnectionSettings, settings: Settings) -> Mapping[str, DocumentMapping]:
    codes = {external_id: code for code, external_id in connection.locations.items()}
    context = MappingContext(connection.currency, codes)
    specs = load_documents(connection.connector, settings.mappings_dir)
    return {spec.document: compile_document(spec, context) for spec in specs}


def _builder(connection: ConnectionSettings, resolver: Resolver, key: str) -> Callable[[Environment], Connector]:
    def build(environment: Environment) -> Connector:
        if connection.read_only:
            environment = replace(environment, read_only=True)
        environment = replace(environment, allow_private_network=connection.allow_private_network)
        if key:
            environment = replace(environment, vault=Vault(environment.state, token_key(key, resolver)))
        return registry.create(connection.connector, resolved(connection, resolver), environment)

    return build


def _flow(name: str, flow: FlowShape, settings: Settings) -> FlowConfig:
    entity, fields = fields_of(flow)
    return FlowConfig(
        name=name,
        kind=FlowKind(flow.kind),
        entity=entity,
        fields=fields,
        source=flow.source,
        targets=tuple(flow.targets),
        on_conflict=Policy(flow.on_conflict),
        baseline=Baseline(flow.baseline),
        rules=settings.rules[name],
        sweep_every=timedelta(minutes=flow.sweep_every_minutes),
    )


def _guards(settings: Settings) -> GuardConfig:
    guards = settings.guards
    return GuardConfig(
        changed_percent=guards.changed_percent,
        zero_percent=guards.zero_percent,
        source_min_percent=guards.source_min_percent,
        price_move_percent=guards.price_move_percent,
        min_population=guards.min_population,
        window=timedelta(hours=guards.window_hours),
    )
