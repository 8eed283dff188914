"""The JSON Schema of mapping files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mappings.loader import SHIPPED
from mappings.schema import mapping_schema, schema_text
from mappings.source import load_yaml, parse_yaml

ROOT = Path(__file__).resolve().parents[3]


def errors(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(mapping_schema()).iter_errors(data)]


def test_the_shipped_schema_is_the_generated_one() -> None:
    assert (ROOT / "crossdock" / "schemas" / "mapping.schema.json").read_text("utf-8") == schema_text()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_mappings_fit_the_schema(path: Path) -> None:
    assert errors(load_yaml(path).data) == []


@pytest.mark.parametrize(
    "text",
    [
        "fields: {price: null}\n",
        "fields: {title: {write: {path: name}}}\n",
        "when: {type: {equals: simple}}\n",
        "fields: {stock: {scope: {location: place.id}, stock: {deducts: [paid]}}}\n",
        "parent: null\n",
    ],
)
def test_single_changes_of_an_operator_fit_the_schema(text: str) -> None:
    assert errors(parse_yaml(text).data) == []


@pytest.mark.parametrize(
    "text",
    [
        "fields: {titel: {path: a}}\n",
        "fields: {title: {pth: a}}\n",
        "entity: variants\n",
        "wehn: {}\n",
        "fields: {title: {clear: maybe}}\n",
        "fields: {stock: {stock: {basis: shiped}}}\n",
        "match: {ean: a}\n",
    ],
)
def test_typos_do_not_fit_the_schema(text: str) -> None:
    assert errors(parse_yaml(text).data)
