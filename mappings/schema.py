"""The JSON Schema of mapping files, generated from their structs: ``python -m mappings.schema`` prints it.

It describes the operator's files, where every key may be left out (the shipped file says it) and ``null`` takes away
what the shipped file says; the shipped files fit it as well.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from canonical.fields import ENTITIES, FIELDS
from mappings.compare import NAMES
from mappings.spec import MappingBody
from mappings.transforms import TRANSFORMS

_TRANSFORMED = (("FieldSpec", "read", "reader"), ("KeySpec", "read", "reader"), ("WriteSpec", "transform", "writer"))


def mapping_schema() -> dict[str, Any]:
    """The schema, as plain data."""
    _, parts = msgspec.json.schema_components([MappingBody])
    definitions = {name: relaxed(part) for name, part in parts.items()}
    body = definitions.pop("MappingBody")
    body["properties"]["entity"]["enum"] = list(ENTITIES)
    fields = body["properties"]["fields"]["anyOf"][0]
    fields["propertyNames"] = {"enum": list(dict.fromkeys(name for _, name in FIELDS))}
    body["properties"]["match"]["anyOf"][0]["propertyNames"] = {"enum": ["sku", "gtin"]}
    definitions["FieldSpec"]["properties"]["compare"]["examples"] = list(NAMES)
    for part, key, way in _TRANSFORMED:
        definitions[part]["properties"][key]["examples"] = _examples(way)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crossdock mapping",
        **{key: value for key, value in body.items() if key != "title"},
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as the file that ships holds it."""
    return msgspec.json.format(msgspec.json.encode(mapping_schema(), order="sorted"), indent=2).decode() + "\n"


def _examples(way: str) -> list[str]:
    return [name for name, transform in TRANSFORMS.items() if getattr(transform, way) is not None]


def relaxed(part: dict[str, Any]) -> dict[str, Any]:
    """A definition with every key optional and removable."""
    properties = {name: _or_null(one) for name, one in part.get("properties", {}).items()}
    kept = {key: value for key, value in part.items() if key not in ("required", "properties")}
    return {**kept, "properties": properties}


def _or_null(one: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {key: one[key] for key in ("description", "default") if key in one}
    inner = {key: value for key, value in one.items() if key not in described}
    if isinstance(inner.get("additionalProperties"), dict):
        inner = {**inner, "additionalProperties": {"anyOf": [inner["additionalProperties"], {"type": "null"}]}}
    return {**described, "anyOf": [inner, {"type": "null"}]}


if __name__ == "__main__":
    sys.stdout.write(schema_text())
