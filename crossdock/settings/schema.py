"""JSON Schemas of the configuration files, made from the structs that read them."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import msgspec

from connectors.manifest import FieldCatalog, Manifest
from crossdock.settings.shape import ConfigShape

_SOURCES: dict[str, tuple[type[msgspec.Struct], str]] = {
    "crossdock.schema.json": (ConfigShape, "Crossdock configuration: crossdock.yaml"),
    "manifest.schema.json": (Manifest, "Crossdock connector manifest: manifest.yaml"),
    "fields.schema.json": (FieldCatalog, "Crossdock field catalog of a connector: fields.yaml"),
}
FILES: tuple[str, ...] = tuple(_SOURCES)


def build(name: str) -> dict[str, Any]:
    """Make one of the schemas from its struct."""
    kind, title = _SOURCES[name]
    schema = msgspec.json.schema(kind)
    definitions = schema.pop("$defs")
    top = definitions.pop(kind.__name__)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "title": title, "$defs": definitions}


def text_of(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def shipped(name: str) -> dict[str, Any]:
    """Read one of the shipped schemas."""
    text = resources.files("crossdock.schemas").joinpath(name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
