"""JSON Schemas of the configuration files, made from the structs that read them.

``python -m crossdock.settings.schema`` writes them anew into ``crossdock/schemas``.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from connectors.manifest import FieldCatalog, Manifest, Setting
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.shape import ConfigShape

CONFIG = "crossdock.schema.json"
_SOURCES: dict[str, tuple[type[msgspec.Struct], str]] = {
    CONFIG: (ConfigShape, "Crossdock configuration: crossdock.yaml"),
    "manifest.schema.json": (Manifest, "Crossdock connector manifest: manifest.yaml"),
    "fields.schema.json": (FieldCatalog, "Crossdock field catalog of a connector: fields.yaml"),
}
FILES: tuple[str, ...] = tuple(_SOURCES)
_REFERENCE = {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}
_TYPES = {"integer": "integer", "number": "number", "flag": "boolean", "boolean": "boolean"}


def shape_of(name: str) -> dict[str, Any]:
    """The schema of one kind of file by its struct alone."""
    kind, title = _SOURCES[name]
    schema = msgspec.json.schema(kind)
    definitions = schema.pop("$defs")
    top = definitions.pop(kind.__name__)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "title": title, "$defs": definitions}


def build(name: str) -> dict[str, Any]:
    """The schema of one kind of file as it ships: for crossdock.yaml also with each built-in connector's settings."""
    schema = shape_of(name)
    if name == CONFIG:
        platforms = InstalledPlatforms()
        manifests = [platforms.manifest_of(one) for one in platforms.built_in()]
        connection = schema["$defs"]["ConnectionShape"]
        about = connection["properties"]["connector"]["description"]
        choices = [{"enum": [manifest.name for manifest in manifests]}, {"type": "string"}]
        connection["properties"]["connector"] = {"description": about, "anyOf": choices}
        connection["allOf"] = [_settings_of(manifest) for manifest in manifests]
    return schema


def _settings_of(manifest: Manifest) -> dict[str, Any]:
    """When a connection is of this connector, its settings are the manifest's."""
    settings = {
        "properties": {key: _setting(setting) for key, setting in manifest.settings.items()},
        "required": [key for key, one in manifest.settings.items() if one.required and one.default is None],
        "additionalProperties": False,
    }
    needed = ["settings"] if settings["required"] else []
    return {
        "if": {"properties": {"connector": {"const": manifest.name}}, "required": ["connector"]},
        "then": {"properties": {"settings": settings}, "required": needed},
    }


def _setting(setting: Setting) -> dict[str, Any]:
    known = {"description": setting.about}
    if setting.default is not None:
        known |= {"default": setting.default}  # type: ignore[dict-item]
    if setting.secret:
        return {**known, **_REFERENCE}
    if setting.choices:
        return {**known, "anyOf": [{"enum": list(setting.choices)}, _REFERENCE]}
    kind = _TYPES.get(setting.kind, "string")
    return {**known, "type": "string"} if kind == "string" else {**known, "anyOf": [{"type": kind}, _REFERENCE]}


def text_of(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False, default=str) + "\n"


def shipped(name: str) -> dict[str, Any]:
    """Read one of the shipped schemas."""
    text = resources.files("crossdock.schemas").joinpath(name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


if __name__ == "__main__":
    for file in FILES:
        folder = Path(__file__).resolve().parents[1] / "schemas"
        (folder / file).write_text(text_of(build(file)), encoding="utf-8")
