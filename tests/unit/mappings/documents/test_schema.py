"""The JSON Schema of document mappings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mappings.documents.schema import document_schema, schema_text
from mappings.loader import SHIPPED
from mappings.source import load_yaml, parse_yaml

ROOT = Path(__file__).resolve().parents[4]


def errors(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(document_schema()).iter_errors(data)]


@pytest.mark.parametrize("folder", ["crossdock/schemas", "config/schemas"])
def test_the_shipped_schema_is_the_generated_one(folder: str) -> None:
    assert (ROOT / folder / "document.schema.json").read_text("utf-8") == schema_text()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize(
    "path", sorted(SHIPPED.glob("*/documents/*.yaml")), ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def test_shipped_documents_fit_the_schema(path: Path) -> None:
    assert errors(load_yaml(path).data) == []


@pytest.mark.parametrize(
    "text",
    [
        "fields: {total: null}\n",
        "fields: {total: {path: null, sum: [a, b]}}\n",
        "fields: {note: {default: x, when: {a: {in: [1, b]}}}}\n",
        "lists: {lines: [{each: a, fields: {id: b}, lists: {taxes: [{each: c}]}}]}\n",
    ],
)
def test_single_changes_of_an_operator_fit_the_schema(text: str) -> None:
    assert errors(parse_yaml(text).data) == []


@pytest.mark.parametrize(
    "text",
    [
        "document: ordr\n",
        "field: {}\n",
        "fields: {total: {pth: a}}\n",
        "fields: {total: {sum: a}}\n",
        "fields: {total: {strict: maybe}}\n",
        "lists: {lines: {each: a}}\n",
        "lists: {lines: [{eech: a}]}\n",
    ],
)
def test_typos_do_not_fit_the_schema(text: str) -> None:
    assert errors(parse_yaml(text).data)
