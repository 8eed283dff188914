"""The connectors by what they declare: read without loading any connector's code or its HTTP client."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import connectors
from canonical.errors import ConfigError, Problem
from connectors.manifest import FieldCatalog, Manifest, load_fields, load_manifest

GROUP = "crossdock.connectors"
"""Entry-point group of plug-ins: connector name to connector package."""


class Platforms(Protocol):
    """The connectors there are, by name."""

    def names(self) -> list[str]:
        """Every connector's name."""
        ...

    def manifest_of(self, name: str) -> Manifest:
        """What a connector declares about its platform."""
        ...

    def fields_of(self, name: str) -> FieldCatalog:
        """The readable and writable paths of a connector."""
        ...


class InstalledPlatforms:
    """The connectors of this installation: those that ship with it, and plug-ins."""

    def names(self) -> list[str]:
        """Every connector's name, built-in ones first."""
        return list(_packages())

    def built_in(self) -> list[str]:
        """The names of the connectors that ship with Crossdock."""
        return _built_in()

    def manifest_of(self, name: str) -> Manifest:
        """What a connector declares about its platform."""
        return load_manifest(_importable(name))

    def fields_of(self, name: str) -> FieldCatalog:
        """The readable and writable paths of a connector."""
        return load_fields(_importable(name))


def _built_in() -> list[str]:
    folders = [Path(folder) for folder in connectors.__path__]
    return sorted(path.parent.name for folder in folders for path in folder.glob("*/manifest.yaml"))


@cache
def _packages() -> dict[str, str]:
    own = {name: f"connectors.{name}" for name in _built_in()}
    plugins = {point.name: point.value for point in entry_points(group=GROUP)}
    return own | {name: package for name, package in sorted(plugins.items()) if name not in own}


def _importable(name: str) -> str:
    package = _packages()[name]
    try:
        import_module(package)
    except ImportError as error:
        problem = Problem(f"the connector {name} cannot be loaded: {error}", hint=f"install {package}, or remove it")
        raise ConfigError([problem]) from error
    return package
