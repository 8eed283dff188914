"""Everything that can be said against a configuration without asking a platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import UNSET, to_builtins

from canonical.errors import ConfigError, Problem
from canonical.inventory import ChannelRule
from crossdock.settings.flows import fields_of
from crossdock.settings.load import examine
from crossdock.settings.maps import stray_files
from crossdock.settings.model import Settings
from crossdock.settings.platforms import Platforms
from mappings.documents import DocumentSpec, read_documents
from mappings.documents.lint import Offer, lint_documents
from mappings.lint import OwnedField, lint
from mappings.lint_catalog import plain_catalog
from mappings.loader import read_mappings
from mappings.source import Place
from mappings.spec import LocationScope, MappingSpec


def find_problems(path: Path, platforms: Platforms) -> list[Problem]:
    """Every problem of crossdock.yaml and of the mappings of its connectors, warnings included."""
    settings, problems = examine(path, platforms)
    problems += stray_files(platforms.names(), path.parent / "mappings")
    if settings is not None:
        problems += mapping_problems(settings, platforms)
    return list(dict.fromkeys(problems))


def checked(path: Path, platforms: Platforms) -> Settings:
    """The settings of a configuration without errors; ConfigError with all of them otherwise."""
    settings, errors = askable(path, platforms)
    if errors:
        raise ConfigError(errors)
    return settings


def askable(path: Path, platforms: Platforms) -> tuple[Settings, list[Problem]]:
    """The settings of a configuration whose accounts can be asked, and its errors; ConfigError when they cannot.

    What is missing elsewhere is often an id that only the account can tell.
    """
    settings, problems = examine(path, platforms)
    if settings is not None:
        problems += mapping_problems(settings, platforms)
    errors = [problem for problem in problems if problem.severity == "error"]
    if settings is None or not settings.askable:
        raise ConfigError(errors)
    return settings, errors


def mapping_problems(settings: Settings, platforms: Platforms) -> list[Problem]:
    """Problems of the mappings, and of what the flows want of them."""
    problems: list[Problem] = []
    specs: list[MappingSpec] = []
    used = list(dict.fromkeys(connection.connector for connection in settings.connections.values()))
    for connector in used:
        read, found = read_mappings(connector, settings.mappings_dir)
        specs += read
        problems += found
    catalogs = {name: plain_catalog(to_builtins(platforms.fields_of(name))) for name in used}
    broken = {problem.file for problem in problems if problem.severity == "error"}
    problems += lint(specs, catalogs, () if broken else _owned(settings))
    problems += _location_problems(settings, {spec.platform: spec for spec in specs if spec.entity == "inventory"})
    return problems + document_problems(used, settings, platforms)


def document_problems(used: Iterable[str], settings: Settings, platforms: Platforms) -> list[Problem]:
    """Problems of the document mappings of these connectors."""
    problems: list[Problem] = []
    specs: list[DocumentSpec] = []
    offers: dict[str, Offer] = {}
    for name in used:
        read, found = read_documents(name, settings.mappings_dir)
        specs += read
        problems += found
        manifest = platforms.manifest_of(name)
        offers[name] = Offer(
            platforms.fields_of(name).resources,
            {resource: spec.documents for resource, spec in manifest.resources.items()},
            {operation: effect.document for operation, effect in manifest.effects.items()},
        )
    return list(dict.fromkeys(problems + lint_documents(specs, offers)))


def _owned(settings: Settings) -> Iterator[OwnedField]:
    """Every line of the ownership table by platform, with the platforms its flows write to."""
    for rule in settings.ownership.rules:
        owner = settings.connections.get(rule.owner)
        if owner is None:
            continue
        targets = [
            settings.connections[target].connector
            for flow in settings.flows.values()
            if flow.source == rule.owner and (rule.entity == fields_of(flow)[0] and rule.field in fields_of(flow)[1])
            for target in flow.targets
            if target in settings.connections
        ]
        place = Place(rule.file, *settings.locate(("ownership", str(rule))))
        yield OwnedField(rule.entity, rule.field, owner.connector, tuple(dict.fromkeys(targets)), place)


def _location_problems(settings: Settings, inventory: Mapping[str, MappingSpec]) -> Iterator[Problem]:
    """Whether each end of an inventory flow is told its locations exactly when its platform counts by location."""
    for name, rules in settings.rules.items():
        flow = settings.flows[name]
        if rules and _by_location(settings, flow.source, inventory) is True:
            codes = dict.fromkeys(code for rule in rules.values() for code in settings.pools[rule.pool].locations)
            for code in codes:
                if flow.source not in settings.locations.get(code, {}):
                    yield _missing_id(settings, code, flow.source)
        for target, rule in rules.items():
            yield from _target_problems(
                settings, name, target, rule, by_location=_by_location(settings, target, inventory)
            )


def _target_problems(
    settings: Settings, flow: str, target: str, rule: ChannelRule, *, by_location: bool | None
) -> Iterator[Problem]:
    path = ("flows", flow, "targets", target)
    if by_location is True and not rule.locations:
        hint = f"give locations of the pool {rule.pool} an id on {target}; `crossdock doctor` lists the ids"
        yield settings.problem(path, f"{target} counts stock by location, but has no location here", hint)
    if by_location is False and rule.locations:
        hint = f"remove locations here, and {target} from the block locations"
        yield settings.problem(path, f"{target} keeps one figure for the whole account, not one per location", hint)


def _missing_id(settings: Settings, code: str, connection: str) -> Problem:
    hint = f'add {connection}: "…" there; `crossdock doctor` lists the ids'
    return settings.problem(("locations", code), f"{code} has no id on {connection}, the source of its stock", hint)


def _by_location(settings: Settings, connection: str, inventory: Mapping[str, MappingSpec]) -> bool | None:
    """Whether a connection's stock has a figure per location; None when its mapping does not say."""
    chosen = settings.connections.get(connection)
    spec = inventory.get(chosen.connector) if chosen else None
    stock = spec.body.fields.get("stock") if spec else None
    if stock is None or stock.path == "":
        return None
    return stock.scope is not UNSET and isinstance(stock.scope, LocationScope)
