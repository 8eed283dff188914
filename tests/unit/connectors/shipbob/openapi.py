"""ShipBob's own description of its API, made fit for validation, and what a request or an answer breaks of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator

from connectors.simulation import SimRequest, SimResponse

Schema: TypeAlias = dict[str, Any]

OF_EVERY_PATH = frozenset({401, 403, 429})
"""Statuses that any path may answer, also where the description leaves them out: they come before what it does."""
IN_NEXT = frozenset({"Cursor"})
"""Parameters that the description leaves out: they come with the address of the next page."""
LISTS_WITH_NEXT = ("/product", "/inventory-level/locations")
EVERYWHERE = "shipbob_channel_id"
"""A header that the reference pages ask of every write, also where the description leaves it out."""


class Description:
    """The description of one version."""

    def __init__(self, path: Path) -> None:
        spec = json.loads(path.read_text(encoding="utf-8"))
        self.paths: dict[str, Any] = spec["paths"]
        self._schemas: dict[str, Schema] = spec["components"]["schemas"]
        self._ready: dict[str, Draft202012Validator] = {}

    def problems(self, request: SimRequest, response: SimResponse | None) -> Iterator[str]:
        """Everything that an exchange breaks."""
        place = f"{request.method} {request.path}"
        operation = self._operation(request)
        if operation is None:
            yield f"{place} is not described"
            return
        yield from (f"{place}: {text}" for text in self._request(request, operation))
        if response is not None:
            yield from (f"{place} {response.status}: {text}" for text in self._response(response, operation))

    def wrong(self, schema: Schema, value: Any) -> list[str]:
        """What a value breaks of a schema."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._ready:
            self._ready[key] = Draft202012Validator(self.fit(schema))
        return [f"{error.json_path}: {error.message[:200]}" for error in self._ready[key].iter_errors(value)]

    def fit(self, schema: Any) -> Any:
        """A schema as its author means it.

        References are written out. Parts of an ``allOf`` forbid each other's fields, so they are made one. A null may
        stand where it is nullable. Fields are only required where they exist: some are spelled in another way there.
        """
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self.fit(self._schemas[schema["$ref"].rsplit("/", 1)[1]])
        merged = self._merged(schema)
        found: Schema = {name: value for name, value in merged.items() if name not in _DROPPED}
        if "properties" in merged:
            found["properties"] = {name: self.fit(value) for name, value in merged["properties"].items()}
            found["required"] = [name for name in merged.get("required", ()) if name in merged["properties"]]
        for name in ("items", "additionalProperties"):
            if name in merged:
                found[name] = self.fit(merged[name])
        if "oneOf" in merged:
            found = {"anyOf": [self.fit(value) for value in merged["oneOf"]]}
        return {"anyOf": [{"type": "null"}, found]} if merged.get("nullable") else found

    def _merged(self, schema: Schema) -> Schema:
        found = dict(schema)
        for part in found.pop("allOf", ()):
            inner = self._merged(self._schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part)
            found["properties"] = {**inner.get("properties", {}), **found.get("properties", {})}
            found["required"] = [*inner.get("required", ()), *found.get("required", ())]
        return found

    def _operation(self, request: SimRequest) -> dict[str, Any] | None:
        for template in sorted(self.paths, key=lambda path: path.count("{")):
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", r"[^/:]+", re.escape(template)), request.path):
                found: dict[str, Any] | None = self.paths[template].get(request.method.lower())
                if found is not None:
                    return found
        return None

    def _request(self, request: SimRequest, operation: Mapping[str, Any]) -> Iterator[str]:
        known = {(one["in"], one["name"]): one for one in operation.get("parameters", ())}
        for name, value in request.query:
            described = known.get(("query", name))
            if described is None and not (name in IN_NEXT and request.path.endswith(LISTS_WITH_NEXT)):
                yield f"there is no parameter {name}"
            elif described is not None:
                yield from (f"{name}={value}: {text}" for text in _value_problems(described["schema"], value))
        for (place, name), one in known.items():
            if place == "header" and one.get("required") and not request.headers.get(name):
                yield f"the header {name} is missing"
        yield from self._channel(request)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            if request.body:
                yield "it takes no body"
        else:
            yield from self.wrong(body["schema"], json.loads(request.body))

    @staticmethod
    def _channel(request: SimRequest) -> Iterator[str]:
        named = request.headers.get(EVERYWHERE)
        if named is not None and not named.isdigit():
            yield f"the header {EVERYWHERE} is no number"

    def _response(self, response: SimResponse, operation: Mapping[str, Any]) -> Iterator[str]:
        described = operation["responses"].get(str(response.status))
        if described is None:
            if response.status not in OF_EVERY_PATH:
                yield "this status is not described"
            return
        content = described.get("content", {}).get("application/json")
        if content is None:
            if response.body:
                yield "this status has no body"
            return
        yield from self.wrong(content["schema"], json.loads(response.body))


_DROPPED = frozenset(
    {
        "properties",
        "required",
        "items",
        "additionalProperties",
        "oneOf",
        "nullable",
        "example",
        "format",
        "discriminator",
    }
)


def _value_problems(schema: Schema, value: str) -> Iterator[str]:
    kind = schema.get("type")
    if kind in ("number", "integer"):
        if not value.isdigit() or not schema.get("minimum", 0) <= int(value) <= schema.get("maximum", int(value)):
            yield "it is no number, or out of bounds"
    elif kind == "boolean" and value not in ("true", "false"):
        yield "it is neither true nor false"
    elif schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        yield "it is no instant with a zone"
    elif schema.get("items", {}).get("type") == "integer" and not all(part.isdigit() for part in value.split(",")):
        yield "it is no list of numbers"
