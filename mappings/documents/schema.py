"""The JSON Schema of document mappings, generated from their structs: ``python -m mappings.documents.schema``.

Like that of the other mappings it describes the operator's files, where every key may be left out or be ``null``.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from mappings.documents.kinds import DOCUMENTS
from mappings.documents.spec import DocumentBody
from mappings.documents.transforms import READING, WRITING, Takes, Transform
from mappings.schema import relaxed

_SHAPES = {Takes.CURRENCY: "({0})", Takes.TEXT: "(…)", Takes.PLACES: "(2)", Takes.NOTHING: ""}


def document_schema() -> dict[str, Any]:
    """The schema, as plain data."""
    _, parts = msgspec.json.schema_components([DocumentBody])
    definitions = {name: relaxed(part) for name, part in parts.items()}
    body = definitions.pop("DocumentBody")
    body["properties"]["document"]["enum"] = list(DOCUMENTS)
    definitions["SourceSpec"]["properties"]["read"]["examples"] = _examples()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crossdock document mapping",
        **{key: value for key, value in body.items() if key != "title"},
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as the file that ships holds it."""
    return msgspec.json.format(msgspec.json.encode(document_schema(), order="sorted"), indent=2).decode() + "\n"


def _examples() -> list[str]:
    return [_example(one) for one in {**READING, **WRITING}.values()]


def _example(transform: Transform) -> str:
    return transform.name + _SHAPES[transform.takes].format("currency")


if __name__ == "__main__":
    sys.stdout.write(schema_text())
