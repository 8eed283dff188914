"""Which connectors there are: names to packages, loaded only when used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TypeAlias, cast

from canonical.errors import ConfigError, Problem
from canonical.hints import did_you_mean
from connectors.base import Connector, Environment
from connectors.manifest import FieldCatalog, Manifest, Setting, load_fields, load_manifest
from connectors.webhooks import Webhooks

GROUP = "crossdock.connectors"
"""Entry-point group of plug-ins: connector name to connector package."""

BUILT_IN: Mapping[str, str] = {
    "shopify": "connectors.shopify",
    "woocommerce": "connectors.woocommerce",
    "tryton": "connectors.tryton",
    "memory": "connectors.memory",
    "stripe": "connectors.stripe",
    "shipbob": "connectors.shipbob",
    "shiphero": "connectors.shiphero",
}

SettingValue: TypeAlias = str | int | float | bool
Settings: TypeAlias = Mapping[str, SettingValue]
Connect: TypeAlias = Callable[[Settings, Environment], Connector]

_KINDS: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "flag": (bool,),
    "boolean": (bool,),
}


def names() -> list[str]:
    """Every connector that can be used here, built-in ones first."""
    return list(_packages())


def package_of(name: str) -> str:
    """The package of a connector; ConfigError with a guess when there is none of that name."""
    packages = _packages()
    if name not in packages:
        raise ConfigError([Problem(f"unknown connector {name!r}", hint=did_you_mean(name, packages))])
    return packages[name]


@cache
def manifest_of(name: str) -> Manifest:
    """What a connector declares about its platform."""
    return load_manifest(_installed(name))


@cache
def fields_of(name: str) -> FieldCatalog:
    """The readable and writable paths of a connector."""
    return load_fields(_installed(name))


@cache
def webhooks_of(name: str) -> Webhooks | None:
    """How a connector's webhooks are verified and read; None where its platform sends none."""
    if manifest_of(name).webhooks is None:
        return None
    return cast("Webhooks", import_module(f"{package_of(name)}.webhooks"))


def settings_problems(name: str, settings: Mapping[str, object]) -> list[str]:
    """Everything wrong with a connection's settings: missing, unknown, of the wrong kind or choice."""
    declared = manifest_of(name).settings
    missing = [key for key, spec in declared.items() if _missing(spec, key, settings)]
    found = [f"setting {key!r} is missing: {declared[key].about}" for key in missing]
    for key, value in settings.items():
        if key in declared:
            found += _value_problems(key, value, declared[key])
        else:
            found.append(f"unknown setting {key!r}; {did_you_mean(key, declared)}")
    return found


def create(name: str, settings: Settings, environment: Environment) -> Connector:
    """A connector for one configured account; ConfigError that names every wrong setting."""
    problems = settings_problems(name, settings)
    if problems:
        raise ConfigError([Problem(f"connection {environment.connection}: {problem}") for problem in problems])
    defaults = {key: spec.default for key, spec in manifest_of(name).settings.items() if spec.default is not None}
    connect = cast("Connect", import_module(f"{package_of(name)}.connector").connect)
    return connect({**defaults, **settings}, environment)


@cache
def _packages() -> Mapping[str, str]:
    plugins = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**BUILT_IN, **{name: package for name, package in sorted(plugins.items()) if name not in BUILT_IN}}


def _installed(name: str) -> str:
    package = package_of(name)
    try:
        present = find_spec(package) is not None
    except ModuleNotFoundError:
        present = False
    if not present:
        raise ConfigError([Problem(f"connector {name!r}: its package {package} cannot be imported")])
    return package


def _missing(spec: Setting, key: str, settings: Mapping[str, object]) -> bool:
    return spec.required and spec.default is None and settings.get(key) in (None, "")


def _value_problems(key: str, value: object, spec: Setting) -> list[str]:
    kinds = _KINDS.get(spec.kind, (str, int, float, bool))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        shown = "a secret" if spec.secret else repr(value)
        quotes = "; put it in quotes" if spec.kind == "text" else ""
        return [f"setting {key!r} must be {_article(spec.kind)}, not {shown}{quotes}"]
    if spec.choices and str(value) not in spec.choices:
        return [f"setting {key!r} cannot be {value!r}; {did_you_mean(str(value), spec.choices)}"]
    return []


def _article(kind: str) -> str:
    if kind == "text":
        return kind
    return f"an {kind}" if kind[:1] in "aeiou" else f"a {kind}"
